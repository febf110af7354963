"""Sides of a benchmark that need packages of their own: each in a process that answers a line with a line.

It is imported in their environments, too, and so imports nothing but Python's own.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["answer_lines", "python_with", "speaking_with"]


def python_with(packages: Sequence[str], folder: Path) -> Path:
    """Python with these packages, in an environment in the folder; the first call installs them."""
    folder.mkdir(parents=True, exist_ok=True)
    python, ready = folder / "venv" / "bin" / "python", folder / "ready"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != str(tuple(packages)):
            print(f"installing {' '.join(packages)} into {folder}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
            ready.write_text(str(tuple(packages)))
    return python


@contextmanager
def speaking_with(
    name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[Callable[[str], str]]:
    """A process that is open as long as the block lasts; gives what sends it a line and returns its answer.

    Args:
        name: of the side, for errors.
        command: it runs `answer_lines`.
        environment: variables beside this process's own.

    Raises:
        RuntimeError: if it ends by itself, when it is to answer.
    """
    variables = {**os.environ, "PYTHONWARNINGS": "ignore", **(environment or {})}
    variables.pop("PYTHONPATH", None)
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):

        def ask(line: str) -> str:
            print(line, file=process.stdin, flush=True)
            answer = process.stdout.readline() if process.stdout is not None else ""
            if not answer:
                process.wait()
                errors.seek(0)
                raise RuntimeError(f"{name} ended: {errors.read()[-2000:]}")
            return answer

        # Leaving closes its standard input, at which it ends.
        yield ask


@contextmanager
def answer_lines() -> Iterator[Callable[[Callable[[str], str]], None]]:
    """In the other process: gives what answers each line of standard input until that ends.

    What libraries print meanwhile, from the beginning of the block, does not come between.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)

        def serve(answer: Callable[[str], str]) -> None:
            for line in sys.stdin:
                print(answer(line), file=answers, flush=True)

        yield serve
