"""Signals that wait until Qt has returned."""

from __future__ import annotations

# `signal` looks up every handler in an enumeration, which costs a step a tenth of its time.
import _signal  # type: ignore[import-not-found]  # undocumented
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

__all__ = ["Held"]

_Handler: TypeAlias = Callable[[int, FrameType | None], Any]

_HELD = (int(signal.SIGINT), int(signal.SIGTERM))


class Held:
    """Lets Ctrl-C and SIGTERM wait for the end of a ``with`` block, where they do what they would have done.

    An error that a handler raises while Qt calls Python ends the process: PySide 6.11 does not survive it everywhere.
    A second signal does not wait, so that an application that hangs can be interrupted.
    """

    # No generator, because every step enters several times.
    def __enter__(self) -> None:
        self._came: list[tuple[int, FrameType | None]] = []
        self._before: dict[int, _Handler] = {}
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _HELD:
            before = _signal.getsignal(number)
            if callable(before):
                self._before[number] = before
                _signal.signal(number, self._wait)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            _signal.signal(number, before)
        if len(self._came) == 1:
            number, frame = self._came[0]
            self._before[number](number, frame)

    def _wait(self, number: int, frame: FrameType | None) -> None:
        self._came.append((number, frame))
        if len(self._came) > 1:
            self._before[number](number, frame)
