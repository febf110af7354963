"""Metrics on how often something happened."""

from __future__ import annotations

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


def costs(result: object, *, each: float = 0.5) -> float:
    """1 where nothing happened that should not have; less by ``each`` for every time that it did, at least 0.

    Args:
        result: how often: a number, or the rows of a query that counts.
        each: what one time costs.
    """
    count = result
    while isinstance(count, list | tuple) and len(count) == 1:
        count = count[0]
    if not isinstance(count, int | float) or count < 0:
        return 0.0
    return max(0.0, 1.0 - each * count)


METRICS: dict[str, Metric] = {"costs": costs}
