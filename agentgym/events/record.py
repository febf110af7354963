"""An event in its place in the stream."""

from __future__ import annotations

import msgspec

from agentgym.events.types import Event

__all__ = ["Record"]


class Record(msgspec.Struct, frozen=True):
    """An event in its place: ``idx`` has no gaps within a run and is the only ordering key."""

    ts_utc: str
    run_id: str
    episode: int
    idx: int
    event_type: str
    payload: Event

    @property
    def event_id(self) -> str:
        """A name that no other event has, and that is the same however often the event is sent."""
        return self.payload.event_id or f"{self.run_id}/{self.idx}"

    @property
    def episode_id(self) -> str:
        return f"{self.run_id}/episode-{self.episode}"
