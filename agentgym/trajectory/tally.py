"""What a run amounts to."""

from __future__ import annotations

from typing import Any

from agentgym.events import Failed, Record, Reset, RunCompleted, Scored, Step

__all__ = ["Tally"]


class Tally:
    """Totals of the records that were added."""

    def __init__(self) -> None:
        self._started = self._ended = ""
        self._status: str | None = None
        self._episodes = self._steps = self._failures = self._scored = 0
        self._return = self._score = 0.0

    def add(self, record: Record) -> None:
        self._started = self._started or record.ts_utc
        self._ended = record.ts_utc
        match record.payload:
            case Step() as step:
                self._steps += 1
                self._return += step.reward
            case Reset():
                self._episodes += 1
            case Scored() as scored:
                self._scored += 1
                self._score += scored.value
            case Failed():
                self._failures += 1
            case RunCompleted() as completed:
                self._status = completed.status

    def totals(self) -> dict[str, Any]:
        return {
            "status": self._status,
            "started": self._started,
            "ended": self._ended,
            "episodes": self._episodes,
            "steps": self._steps,
            "total_reward": self._return,
            "scored": self._scored,
            "mean_score": self._score / self._scored if self._scored else None,
            "failures": self._failures,
        }
