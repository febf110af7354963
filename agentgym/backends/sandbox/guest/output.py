"""What a call may take: time, and room for what it writes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

_CHUNK = 1 << 16
_MOST_CHUNKS = 32
_TICK_S = 0.2


class Output:
    """The beginning of what is written, and how much it was.

    Args:
        most: bytes that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.content = b""
        self.written = 0

    def take(self, descriptor: int) -> bool:
        """Reads a part of what is there, from what does not block; False if there is nothing or never will be."""
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        self.written += len(chunk)
        self.content += chunk[: self._most - len(self.content)]
        return bool(chunk)

    def drain(self, descriptor: int) -> None:
        """Reads what is there without waiting for more; no longer if something goes on writing."""
        for _ in range(_MOST_CHUNKS):
            if not self.take(descriptor):
                return


class Patience:
    """How long a call is waited for.

    Args:
        tick: is called now and then meanwhile; what it raises ends the wait.
    """

    def __init__(self, seconds: float, tick: Callable[[], None]) -> None:
        self._deadline = time.monotonic() + seconds
        self._tick = tick
        self._next_tick = time.monotonic() + _TICK_S

    def is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def lasts(self) -> bool:
        now = time.monotonic()
        if now >= self._next_tick:
            self._next_tick = now + _TICK_S
            self._tick()
        return now < self._deadline

    def left(self) -> float:
        """Seconds until it is over."""
        return max(0.0, self._deadline - time.monotonic())

    def nap(self) -> float:
        """Seconds to sleep at most before `lasts` is asked again."""
        return max(0.0, min(_TICK_S, self._deadline - time.monotonic()))
