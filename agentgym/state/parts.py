"""What a state is made of: runs, their episodes, and the calls that go on in them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from agentgym.state.totals import Totals

__all__ = ["AgentPart", "Call", "Detail", "EpisodePart", "Failure", "RunPart", "Status", "StepPart", "seconds_between"]

Status: TypeAlias = Literal["pending", "running", "done", "failed", "cancelled", "interrupted"]
"""``interrupted``: its process died without a word. ``cancelled``: somebody ended it before its end."""


@dataclass(slots=True)
class Call:
    """A call of a model or of a tool.

    ``pending`` is a tool's call that a model asked for and nobody made yet. ``parent_id`` is what the event said;
    ``model_call_id`` which answer of a model asked for it. Times are the records' ``ts_utc``.
    """

    kind: Literal["model", "tool"]
    call_id: str
    name: str | None = None
    status: Status = "running"
    agent_id: str | None = None
    parent_id: str | None = None
    model_call_id: str | None = None
    began_at: str | None = None
    ended_at: str | None = None
    duration_ms: float | None = None
    arguments: Any = None
    error: str | None = None


@dataclass(slots=True)
class StepPart:
    """A step that was made; ``reward`` with what was added to it afterwards."""

    number: int
    at: str
    reward: float
    duration_ms: float | None = None
    action: Any = None
    action_error: str | None = None
    model_call_id: str | None = None
    agent_id: str | None = None


@dataclass(slots=True)
class AgentPart:
    """An agent of a run, by the id that its events carry."""

    agent_id: str
    parent_id: str | None = None
    totals: Totals = field(default_factory=Totals)
    last_at: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Something broke."""

    run_id: str
    episode: int
    at: str
    during: str
    type: str
    message: str
    infrastructure: bool = False


@dataclass(slots=True, eq=False)
class Detail:
    """What an episode is doing: the last steps and calls, or all of them where details are kept.

    Attributes:
        open_calls: those that have not returned, by id, and tools' calls that nobody made yet.
    """

    steps: deque[StepPart]
    calls: deque[Call]
    open_calls: dict[str, Call] = field(default_factory=dict)
    last_model: Call | None = None
    last_tool: Call | None = None


@dataclass(slots=True, eq=False)
class EpisodePart:
    """From a reset to the next.

    Attributes:
        total_return: with rewards that were added afterwards.
        action_errors: how many actions could not be parsed or done.
        detail: None once the episode has ended, unless details are kept.
    """

    run_id: str
    number: int
    status: Status = "pending"
    task: str | None = None
    seed: int | None = None
    began_at: str | None = None
    ended_at: str | None = None
    steps: int = 0
    total_return: float = 0.0
    score: float | None = None
    failure: str | None = None
    action_errors: int = 0
    totals: Totals = field(default_factory=Totals)
    detail: Detail | None = None

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "running")

    @property
    def duration_s(self) -> float | None:
        """From its reset to its last record so far."""
        return seconds_between(self.began_at, self.ended_at)


@dataclass(slots=True, eq=False)
class RunPart:
    """One attempt to act in one environment.

    Attributes:
        doing: the phase that goes on, such as ``"setup"``.
        records: how many were taken in; ``missing`` how many were never seen, for a stream that lost some.
        ended_at: when its last record so far was published.
    """

    run_id: str
    status: Status = "running"
    session_id: str | None = None
    attempt: int | None = None
    continues: str | None = None
    agent: str | None = None
    model: str | None = None
    env: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    began_at: str | None = None
    ended_at: str | None = None
    error: str | None = None
    doing: str | None = None
    records: int = 0
    next_idx: int = 0
    missing: int = 0
    failures: int = 0
    episodes: dict[int, EpisodePart] = field(default_factory=dict)
    agents: dict[str, AgentPart] = field(default_factory=dict)

    @property
    def duration_s(self) -> float | None:
        return seconds_between(self.began_at, self.ended_at)

    @property
    def steps(self) -> int:
        return sum(episode.steps for episode in [*self.episodes.values()])

    @property
    def totals(self) -> Totals:
        totals = Totals()
        for episode in [*self.episodes.values()]:
            totals.add(episode.totals)
        return totals


def seconds_between(began: str | None, ended: str | None) -> float | None:
    """Between two records' ``ts_utc``; None where one is not known."""
    if began is None or ended is None:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
