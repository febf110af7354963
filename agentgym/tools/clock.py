"""The time of day in an episode, which is the same each time that the episode is played."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agentgym.errors import TaskError
from agentgym.tasks import Task

__all__ = ["EpisodeClock"]

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class EpisodeClock:
    """A clock that only calls of tools move on.

    Args:
        start: aware of its zone.
    """

    __slots__ = ("_now",)

    def __init__(self, start: datetime = _BEGINNING) -> None:
        self._now = start.astimezone(UTC)

    @classmethod
    def of(cls, task: Task) -> EpisodeClock:
        """A clock that begins when the task's ``metadata["clock"]`` says: ISO 8601, UTC if it names no zone.

        Raises:
            TaskError: if that is no time.
        """
        told = task.metadata.get("clock")
        if told is None:
            return cls()
        try:
            start = datetime.fromisoformat(told)
        except (TypeError, ValueError) as error:
            raise TaskError(f"{told!r} is no time such as '2026-01-01T09:30:00' - at $.clock") from error
        return cls(start if start.tzinfo is not None else start.replace(tzinfo=UTC))

    def now(self) -> datetime:
        """The time in UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
