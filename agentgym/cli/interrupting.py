"""Ctrl-C and SIGTERM: both end what is running in the same way, and are told by the exit status."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["Interruption", "interruptible"]


class Interruption:
    """Whether there was one.

    Attributes:
        status: to exit with, 128 and the signal's number; None if nothing interrupted.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self._signal = signal.SIGINT

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Ends the block at an interrupt, and goes on behind it."""
        try:
            yield
        except KeyboardInterrupt:
            self.status = 128 + self._signal

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Exits at an interrupt, be it one more of somebody who cannot wait."""
        try:
            yield
        except KeyboardInterrupt as interrupt:
            raise typer.Exit(128 + self._signal) from interrupt

    def raised_by(self, number: int, _frame: object) -> None:
        self._signal = signal.Signals(number)
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Has SIGTERM raise what Ctrl-C raises, for the block; where it is not noted, the block exits with its status."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = signal.signal(signal.SIGTERM, interruption.raised_by)
    try:
        with interruption.ending():
            yield interruption
    finally:
        signal.signal(signal.SIGTERM, before)
