"""What the calls of models and tools come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentgym.events.usage import Usage

__all__ = ["Totals"]


@dataclass(slots=True)
class Totals:
    """Sums over model calls and tool calls. ``cost_usd`` is None where nobody told a cost."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    cost_usd: float | None = None

    def use(self, usage: Usage, cost_usd: float | None) -> None:
        """Adds what one answer of a model cost."""
        self.input_tokens += usage.all_input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        self.cached_tokens += usage.cache_read_input_tokens or 0
        self.reasoning_tokens += usage.reasoning_tokens or 0
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd

    def add(self, other: Totals) -> None:
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cached_tokens += other.cached_tokens
        self.reasoning_tokens += other.reasoning_tokens
        self.model_calls += other.model_calls
        self.tool_calls += other.tool_calls
        if other.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + other.cost_usd

    def plain(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
