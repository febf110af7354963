"""The machine as tools see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

__all__ = ["Ran", "Reply", "Workspace"]


class Reply(msgspec.Struct, frozen=True):
    """What a call in the machine gave.

    Args:
        ok: whether it did what it was asked for.
        output: its text, cut to what was allowed.
        value: plain JSON, where there is more than text.
    """

    ok: bool
    output: str
    value: Any = None


class Ran(Protocol):
    """What a finished command left: exit status and raw output."""

    @property
    def returncode(self) -> int: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...


@runtime_checkable
class Workspace(Protocol):
    """A machine with a shell, an interpreter and files, all of which last as long as the episode.

    A machine that broke is a `BackendError`, from any method.
    """

    def bash(self, command: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs a command in the shell of the episode."""

    def python(self, code: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs code in the interpreter of the episode."""

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        """Has the machine do what one of its functions is named: read, write, edit, list, grep, sql, http."""

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: if there is none.
        """

    def write(self, path: str, content: bytes) -> None:
        """Puts a file there, with the folders that lead to it."""

    def run(self, argv: Sequence[str], *, timeout_s: float = 120.0) -> Ran:
        """Runs a command of its own to its end.

        Raises:
            TimeoutError: if it did not end in time.
            FileNotFoundError: if there is no such program.
        """
