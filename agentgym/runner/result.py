"""How an episode went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["EpisodeResult"]


@dataclass(frozen=True)
class EpisodeResult:
    """How an episode went.

    Attributes:
        task: the task's id; empty for an environment without tasks.
        score: None if the task has no evaluator or the environment none to score, and for an episode that broke or
            was left.
        total_return: the sum of the rewards, those that were added among them.
        steps_s: seconds from the first action to the last observation, the agent's own time included.
        attempts: how many machines it took; more than 1 if one broke.
        screen: what the last observation showed, uint8 (height, width, 3), RGB, if it was asked for.
        run_id: of its records; empty before the reset.
        episode: its number in the run.
        usage: ``input_tokens``, ``output_tokens``, ``cached_tokens``, ``reasoning_tokens``, ``cost_usd``: sums over
            its model calls, None for what none of them told; ``model_calls`` and ``tool_calls``, their numbers.
        error: what ended it, if something broke.
    """

    task: str
    seed: int | None
    score: float | None
    total_return: float
    steps: int
    steps_s: float
    terminated: bool
    truncated: bool
    attempts: int = 1
    screen: Any = field(default=None, repr=False, compare=False)
    run_id: str = field(default="", compare=False)
    episode: int = field(default=0, compare=False)
    usage: Mapping[str, int | float | None] = field(default_factory=dict)
    error: str | None = None
