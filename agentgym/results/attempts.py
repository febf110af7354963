"""A line of ``results.jsonl``: one attempt at a task with a seed, and which of several attempts stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from agentgym.results.faults import BROKEN, FaultKind

__all__ = ["Attempt", "Place", "Status", "Way", "standing"]

Status: TypeAlias = Literal["scored", "unscored", "error", "skipped"]
"""``unscored``: it ended well and there was nothing to score."""

Place: TypeAlias = tuple[str, int, int]
"""What has one standing result: a task's id, a seed, and the number in its group, which is 0 where there are none."""

Way: TypeAlias = tuple[str | None, str | None, str]
"""Who did it, and how: the action space, the observation type, the agent with its model."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, rename={"total_return": "return"}):
    """One attempt. What is not known is None.

    Attributes:
        ts: when it ended, UTC.
        item: a digest of task, seed, agent and environment, options included.
        domain: the suite, or the folder or ``domain`` that the task's file gives; empty if none.
        model: that the agent was told to ask.
        action_space, observation_type: OSWorld's words, of results in its layout: the folder says them, not the line.
        attempt: from 1, over all sessions of the folder; 0 of what was skipped.
        member: the number in its group, from 0.
        usage: tokens and calls of all its model calls.
        cost_usd: None if no model's price is known.
        error: why it has no score.
        error_kind: whose fault that was: `agentgym.results.FaultKind`.
        skipped: why it was not run.
        run_id: of the recording.
    """

    ts: str
    session_id: str
    item: str
    task: str
    seed: int
    agent: str
    attempt: int
    status: Status
    domain: str = ""
    member: int = 0
    model: str | None = None
    action_space: str | None = None
    observation_type: str | None = None
    score: float | None = None
    total_return: float | None = None
    steps: int | None = None
    steps_per_s: float | None = None
    terminated: bool | None = None
    truncated: bool | None = None
    run_id: str | None = None
    episode: int | None = None
    usage: dict[str, Any] = {}
    cost_usd: float | None = None
    error: str | None = None
    error_kind: FaultKind | None = None
    traceback: str | None = None
    skipped: str | None = None
    started: str | None = None
    duration_s: float | None = None

    @property
    def place(self) -> Place:
        return self.task, self.seed, self.member

    @property
    def way(self) -> Way:
        return self.action_space, self.observation_type, f"{self.agent} {self.model}" if self.model else self.agent

    @property
    def is_finished(self) -> bool:
        """Whether continuing leaves it alone: it was scored, had nothing to score, or failed by its own fault."""
        return self.status in ("scored", "unscored") or (self.status == "error" and self.error_kind not in BROKEN)

    @property
    def came_to_something(self) -> bool:
        """Whether other results must be of the same settings to stand beside it."""
        return self.status in ("scored", "unscored")


def standing(attempts: Iterable[Attempt]) -> dict[Place, Attempt]:
    """The result that stands of each place: the last that finished; the last, if none did.

    One without a score stands no longer once the task was mended, or the settings are others.
    """
    stand: dict[Place, Attempt] = {}
    for attempt in attempts:
        before = stand.get(attempt.place)
        is_other = before is not None and before.item != attempt.item and not before.came_to_something
        if before is None or attempt.is_finished or not before.is_finished or is_other:
            stand[attempt.place] = attempt
    return stand
