"""Metrics on what applications of our own say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


def app_score(result: Mapping[str, Any]) -> float:
    """The ``score`` in an application's state, as the getter ``app_state`` fetches it."""
    return float(result["score"])


METRICS: dict[str, Metric] = {"app_score": app_score}
