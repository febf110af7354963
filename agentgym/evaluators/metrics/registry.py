"""The table of metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from agentgym.registry import Registry

__all__ = ["Metric", "metrics"]

Metric: TypeAlias = Callable[..., float]
"""Called with what the result getter fetched, what the expected getter fetched if there is one, and the options.

Files come as paths. What is damaged or of the wrong kind scores 0; a metric raises only for a faulty task.
"""

metrics: Registry[Metric] = Registry("metric")
