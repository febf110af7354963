"""Refuses what would go beyond a budget: so many calls, tokens or dollars an episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentgym.errors import Refused, UsageError
from agentgym.events import Call, ModelResponse, Record, Reset
from agentgym.events.usage import Usage
from agentgym.hooks.base import hooks

__all__ = ["Limit"]


class Limit:
    """Refuses further calls once an episode has used up what it may.

    ::

        {"point": "model_call", "hook": "limit", "tokens": 50000, "cost_usd": 0.25}
        "tool_call=limit:20"

    Args:
        calls: how many pass, at this point.
        tokens: how many model calls may have taken and given, all together, before the last one that passes.
        cost_usd: what they may have cost, as far as they said.

    Raises:
        UsageError: if nothing is limited, or a number is negative.
    """

    points = ("model_call", "tool_call", "step", "evaluate")

    def __init__(
        self, calls: int | str | None = None, *, tokens: int | None = None, cost_usd: float | None = None
    ) -> None:
        self._limits = {"calls": _number(calls), "tokens": tokens, "dollars": cost_usd}
        if all(limit is None for limit in self._limits.values()):
            raise UsageError("limit needs calls=, tokens= or cost_usd=: without one it limits nothing")
        if any(limit is not None and limit < 0 for limit in self._limits.values()):
            raise UsageError("a limit is at least 0")
        self._used: dict[str, float] = {}

    def __call__(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        for name, limit in self._limits.items():
            used = self._used.get(name, 0)
            if limit is not None and used >= limit:
                raise Refused(f"{used:g} {name} are used up; the limit of an episode is {limit:g}")
        self._add("calls", 1)
        return proceed(call)

    def watch(self, record: Record) -> None:
        """Counts what model calls used, from the reset of each episode on."""
        match record.payload:
            case Reset():
                self._used = {}
            case ModelResponse(usage=usage, cost_usd=cost):
                told = Usage.read(usage)
                self._add("tokens", (told.all_input_tokens or 0) + (told.output_tokens or 0))
                self._add("dollars", cost or 0)

    def _add(self, name: str, count: float) -> None:
        self._used[name] = self._used.get(name, 0) + count


def _number(said: int | str | None) -> int | None:
    if said is None or isinstance(said, int):
        return said
    try:
        return int(said)
    except ValueError as error:
        raise UsageError(f"calls is a whole number, got {said!r}") from error


hooks.register("limit", Limit)
