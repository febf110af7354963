"""What an episode's model calls used, summed as they are published."""

from __future__ import annotations

from agentgym.events import ModelResponse, Record, ToolCalled
from agentgym.events.usage import Usage

__all__ = ["UsageSum"]

_TOLD = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd")


class UsageSum:
    """A subscriber of `ModelResponse` and `ToolCalled`."""

    def __init__(self) -> None:
        self._told: dict[str, int | float] = {}
        self._model_calls = self._tool_calls = 0

    def __call__(self, record: Record) -> None:
        match record.payload:
            case ModelResponse() as response:
                self._model_calls += 1
                for name, count in zip(_TOLD, _counts(response), strict=True):
                    if count is not None:
                        self._told[name] = self._told.get(name, 0) + count
            case ToolCalled():
                self._tool_calls += 1

    def total(self) -> dict[str, int | float | None]:
        """By name; None for what was told by none of the calls, if there was one."""
        unknown = 0 if self._model_calls == 0 else None
        told = {name: self._told.get(name, unknown) for name in _TOLD}
        return {**told, "model_calls": self._model_calls, "tool_calls": self._tool_calls}


def _counts(response: ModelResponse) -> tuple[int | float | None, ...]:
    used = Usage.read(response.usage)
    return (
        used.all_input_tokens,
        used.output_tokens,
        used.cache_read_input_tokens,
        used.reasoning_tokens,
        response.cost_usd,
    )
