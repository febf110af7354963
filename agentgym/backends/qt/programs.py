"""The commands that a machine without a shell has all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agentgym.backends.base import Completed

__all__ = ["run_program"]


def run_program(argv: Sequence[str], read: Callable[[str], bytes]) -> Completed:
    """Runs ``echo`` or ``cat``.

    Args:
        read: gives the content of a file, or raises FileNotFoundError.

    Raises:
        FileNotFoundError: if it is another.
    """
    match argv[0]:
        case "echo":
            return Completed(0, (" ".join(argv[1:]) + "\n").encode())
        case "cat":
            try:
                return Completed(0, b"".join(map(read, argv[1:])))
            except FileNotFoundError as error:
                return Completed(1, b"", f"cat: {error}\n".encode())
    raise FileNotFoundError(f"no program {argv[0]!r}: the qt backend has echo and cat")
