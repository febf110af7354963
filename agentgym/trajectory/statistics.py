"""What a dataset amounts to, in numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentgym.trajectory.outline import Outline

__all__ = ["Distribution", "Statistics", "statistics"]


@dataclass(frozen=True)
class Distribution:
    """Of some numbers. All but ``count`` are None if there are none; ``std`` is that of a population."""

    count: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True)
class Statistics:
    """Of episodes.

    Attributes:
        steps: of all of them.
        scored: how many have a score.
        solved: how many have the score 1.
        failed: in how many something broke.
        complete: how many were ended by their last step.
        by_task: the same for each task; empty in the statistics of one task.
    """

    episodes: int
    runs: int | None
    steps: int
    scored: int
    solved: int
    failed: int
    complete: int
    lengths: Distribution
    returns: Distribution
    scores: Distribution
    by_task: Mapping[str, Statistics]


def statistics(outlines: Iterable[Outline], *, runs: int | None = None) -> Statistics:
    """Of these episodes, and of those of each task; episodes without a task are in the whole alone."""
    everything = list(outlines)
    tasks: dict[str, list[Outline]] = {}
    for known in everything:
        if known.task is not None:
            tasks.setdefault(known.task, []).append(known)
    return _statistics(everything, runs, {task: _statistics(found, None, {}) for task, found in sorted(tasks.items())})


def _statistics(outlines: Sequence[Outline], runs: int | None, by_task: Mapping[str, Statistics]) -> Statistics:
    scores = [known.score for known in outlines if known.score is not None]
    return Statistics(
        episodes=len(outlines),
        runs=runs,
        steps=sum(known.steps for known in outlines),
        scored=len(scores),
        solved=sum(score == 1 for score in scores),
        failed=sum(known.failure is not None for known in outlines),
        complete=sum(known.is_complete for known in outlines),
        lengths=_distribution([float(known.steps) for known in outlines]),
        returns=_distribution([known.total_return for known in outlines]),
        scores=_distribution(scores),
        by_task=by_task,
    )


def _distribution(numbers: Sequence[float]) -> Distribution:
    if not numbers:
        return Distribution(0, None, None, None, None)
    mean = sum(numbers) / len(numbers)
    std = math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))
    return Distribution(len(numbers), mean, std, min(numbers), max(numbers))
