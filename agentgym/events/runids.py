"""Names of runs."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

__all__ = ["new_run_id", "utc_now"]

_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_run_id(now: datetime) -> str:
    """A name that sorts by time and that no other process draws; independent of any seeded generator.

    In one process those of one second sort as they were drawn, however coarse or unsteady the clock is.
    """
    moment = _drawn.after(now.astimezone(UTC))
    return f"{moment:%Y%m%dT%H%M%S%f}-{os.urandom(5).hex()}"


class _Drawn:
    """The moment that was given out last."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def after(self, moment: datetime) -> datetime:
        with self._lock:
            same_second = moment.replace(microsecond=0) == self._last.replace(microsecond=0)
            self._last = self._last + _MICROSECOND if same_second and moment <= self._last else moment
            return self._last


# Of the whole process, as the clock is.
_drawn = _Drawn()
