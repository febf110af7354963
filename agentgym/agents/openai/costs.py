"""What a model call cost."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.events.usage import Usage

__all__ = ["cost_usd"]

_MILLION = 1_000_000


def cost_usd(usage: Usage, prices: Mapping[str, float] | None) -> float | None:
    """USD for what a server counted; None without prices or counts.

    Args:
        prices: USD per million tokens: ``input``, ``output``, and ``cached_input`` if that is another.
    """
    read = usage.all_input_tokens
    if not prices or read is None:
        return None
    cached = usage.cache_read_input_tokens or 0
    price = prices.get("input", 0.0)
    spent = (read - cached) * price + cached * prices.get("cached_input", price)
    return round((spent + (usage.output_tokens or 0) * prices.get("output", 0.0)) / _MILLION, 12)
