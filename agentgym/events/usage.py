"""Token counts of a model call, in whatever words its provider has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Usage"]


@dataclass(frozen=True)
class Usage:
    """Counts as the provider gave them; None for what it did not tell."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_are_extra: bool = False

    @classmethod
    def read(cls, usage: Mapping[str, Any] | None) -> Usage:
        """From OpenAI's, Anthropic's or Trae's keys."""
        told = usage or {}
        prompt = told.get("prompt_tokens_details") or told.get("input_tokens_details") or {}
        completion = told.get("completion_tokens_details") or told.get("output_tokens_details") or {}
        return cls(
            input_tokens=_count(told, "input_tokens", "prompt_tokens"),
            output_tokens=_count(told, "output_tokens", "completion_tokens"),
            cache_creation_input_tokens=_count(told, "cache_creation_input_tokens"),
            cache_read_input_tokens=_count({**prompt, **told}, "cache_read_input_tokens", "cached_tokens"),
            reasoning_tokens=_count({**completion, **told}, "reasoning_tokens"),
            # Anthropic counts what the cache served beside the input, OpenAI within it.
            cached_are_extra="prompt_tokens" not in told and not prompt,
        )

    @property
    def all_input_tokens(self) -> int | None:
        """With what the cache served."""
        if self.input_tokens is None or not self.cached_are_extra:
            return self.input_tokens
        return self.input_tokens + (self.cache_read_input_tokens or 0) + (self.cache_creation_input_tokens or 0)


def _count(told: Mapping[str, Any], *names: str) -> int | None:
    return next((told[name] for name in names if isinstance(told.get(name), int)), None)
