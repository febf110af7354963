"""A question to the person at the terminal or the notebook, who may be away."""

from __future__ import annotations

import builtins
import os
import selectors
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from agentgym.errors import UsageError

__all__ = ["Ask", "ask", "ask_notebook", "ask_terminal", "can_answer"]

Ask: TypeAlias = Callable[[str, float | None], str]
"""Asks, and gives the line that is the answer; the number is of seconds, None for any.

Raises ``TimeoutError`` if none came in that time, ``EOFError`` if none can come.
"""

_PIECE = 4096


class _OutOfTime(BaseException):
    """Of the notebook's ``input``, which passes over every ``Exception``."""


def ask(question: str, patience_s: float | None = None) -> str:
    """Asks where the person is: in the notebook that this runs in, or else in the terminal."""
    return (ask_notebook if _in_notebook() else ask_terminal)(question, patience_s)


def ask_terminal(question: str, patience_s: float | None = None) -> str:
    """Writes the question to standard error and reads a line of standard input."""
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError) as error:
        raise EOFError("there is no standard input to answer on") from error
    return _lines.read(descriptor, patience_s)


def ask_notebook(question: str, patience_s: float | None = None) -> str:
    """Asks by the field that a notebook opens below the cell.

    Raises:
        UsageError: if there is a time-out and this is not the main thread, in which alone it can be ended.
    """
    if patience_s is None:
        return builtins.input(question)
    if threading.current_thread() is not threading.main_thread():
        raise UsageError("in a notebook a question with a time-out is asked from the main thread: leave patience_s out")
    with _alarm(patience_s):
        try:
            return builtins.input(question)
        except _OutOfTime:
            raise TimeoutError(f"no answer came within {patience_s:g} s") from None


def can_answer() -> bool:
    """Whether a question could be answered: in a notebook, at a terminal, by a pipe or by a file that has more."""
    if _in_notebook():
        return True
    try:
        descriptor = sys.stdin.fileno()
        kind = os.fstat(descriptor)
        if stat.S_ISREG(kind.st_mode):
            return os.lseek(descriptor, 0, os.SEEK_CUR) < kind.st_size
    except (AttributeError, OSError, ValueError):
        return False
    return not stat.S_ISCHR(kind.st_mode) or os.isatty(descriptor)


class _Lines:
    """Lines of a descriptor, read without Python's buffer, which would hide what has come from whoever waits."""

    def __init__(self) -> None:
        self._kept: dict[int, bytes] = {}
        self._lock = threading.Lock()

    def read(self, descriptor: int, patience_s: float | None) -> str:
        deadline = None if patience_s is None else time.monotonic() + patience_s
        # Not epoll, which refuses files.
        with self._lock, selectors.PollSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while b"\n" not in self._kept.get(descriptor, b""):
                left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not selector.select(left_s):
                    raise TimeoutError(f"no answer came within {patience_s:g} s")
                piece = os.read(descriptor, _PIECE)
                if not piece:
                    last = self._kept.pop(descriptor, b"")
                    if not last:
                        raise EOFError("standard input ended before the answer")
                    return last.decode(errors="replace")
                self._kept[descriptor] = self._kept.get(descriptor, b"") + piece
            line, _, self._kept[descriptor] = self._kept[descriptor].partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")


# Of the process, as standard input is.
_lines = _Lines()


@contextmanager
def _alarm(patience_s: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, patience_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None
