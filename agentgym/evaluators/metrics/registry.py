"""The table of metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from agentgym.registry import Registry

__all__ = ["Metric", "OptionCheck", "metrics", "option_checks"]

Metric: TypeAlias = Callable[..., float]
"""Called with what the result getter fetched, what the expected getter fetched if there is one, and the options.

Files come as paths. What is damaged or of the wrong kind scores 0; a metric raises only for a faulty task.
"""

metrics: Registry[Metric] = Registry("metric")

OptionCheck: TypeAlias = Callable[[Mapping[str, Any]], None]
"""Raises ValueError for options that its metric cannot do; called before the episode."""

option_checks: Registry[OptionCheck] = Registry("metric option check")
"""By the metric's name, for metrics whose options are more than their signature says."""
