"""A sink in a thread of its own, that the episode never waits for."""

from __future__ import annotations

import os
import queue
import threading
import time
import warnings

import msgspec

from agentgym.events import Record, Reset, Step
from agentgym.sinks.base import Sink, SinkWarning

__all__ = ["Queued", "without_observation"]

_MOST = 1000
_PATIENCE_S = 5.0


class Queued:
    """Hands records on in a thread, without their observations.

    So many wait at most; what comes while they do is dropped and counted, the newest first to go: what is shown stays
    in order. ``close`` hands on what waits, for so long. What the sink raises is raised by the next call.

    Args:
        sink: is called in that thread alone, ``close`` included.
        most: that wait at a time.
        patience_s: of ``close``.
    """

    def __init__(self, sink: Sink, *, most: int = _MOST, patience_s: float = _PATIENCE_S) -> None:
        self._sink = sink
        self._most = most
        self._patience_s = patience_s
        self.dropped = 0
        self._error: Exception | None = None
        self._start()

    def __call__(self, record: Record) -> None:
        if self._process != os.getpid():
            # A fork has the queue without the thread that empties it.
            self._start()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        try:
            self._waiting.put_nowait(without_observation(record))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Hands on what waits, then closes the sink; tells how much was dropped.

        Raises:
            TimeoutError: if that took too long; the thread is left to itself.
        """
        deadline = time.monotonic() + self._patience_s
        try:
            self._waiting.put(None, timeout=self._patience_s)
        except queue.Full:
            raise self._late() from None
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            raise self._late()
        if self._error is not None:
            raise self._error
        if self.dropped:
            told = (
                f"{self.dropped} records came faster than a sink took them, and are not in it; the recording has them"
            )
            warnings.warn(told, SinkWarning, stacklevel=2)

    def _late(self) -> TimeoutError:
        return TimeoutError(f"{self._waiting.qsize()} records were not taken within {self._patience_s:g} s")

    def _start(self) -> None:
        self._process = os.getpid()
        self._waiting: queue.Queue[Record | None] = queue.Queue(self._most)
        self._thread = threading.Thread(target=self._hand_on, name="agentgym-sink", daemon=True)
        self._thread.start()

    def _hand_on(self) -> None:
        waiting = self._waiting
        try:
            while (record := waiting.get()) is not None:
                self._sink(record)
            self._sink.close()
        except Exception as error:  # noqa: BLE001 - raised where the next record is given
            self._error = error
            # Nobody waits for room in a queue that nobody empties.
            while waiting.get() is not None:
                pass


def without_observation(record: Record) -> Record:
    """The record without what the environment showed, which may be large, and may be written over by the next step."""
    if isinstance(record.payload, Reset | Step):
        payload = msgspec.structs.replace(record.payload, observation=None)
        return msgspec.structs.replace(record, payload=payload)
    return record
