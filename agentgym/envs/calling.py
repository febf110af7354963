"""Makes the calls that an action asks for, one after the other, and tells the run of each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.actions import Done, Fail, ToolCall
from agentgym.envs.modelcalls import publish_model_calls
from agentgym.events import Bus, ToolCalled, ToolReturned, current_run
from agentgym.tools import Tool, ToolContext, ToolResult, call_tool

__all__ = ["Caller", "told_of"]


class Caller:
    """An episode's tools.

    Args:
        tools: by name.
        context: of the episode.
        max_result: characters of a result that are shown.
    """

    def __init__(self, tools: Mapping[str, Tool], context: ToolContext, *, max_result: int) -> None:
        self.context, self._max_result = context, max_result
        self._tools = tools
        self._some_come_later = not all(one.always_offered for one in tools.values())

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Those that are offered by now, by name."""
        if not self._some_come_later:
            return self._tools
        return {name: one for name, one in self._tools.items() if one.is_offered(self.context)}

    def make(
        self, asked: Sequence[ToolCall | Done | Fail], step: int, *, quietly: bool = False
    ) -> tuple[ToolResult, ...]:
        """What came of each call. What follows ``Done``, ``Fail`` or the call that ends the episode is not made.

        Args:
            step: the number of the step, for the calls' ids.
            quietly: whether the run is told nothing, as of calls that are made again.

        Raises:
            BackendError: if the machine broke.
        """
        bus = None if quietly else current_run()
        results: list[ToolResult] = []
        over = ""
        for place, one in enumerate(asked):
            if isinstance(one, Done | Fail):
                over = over or type(one).__name__
                continue
            call_id = one.id or f"call-{step}-{place}"
            if over:
                result = ToolResult(call_id, one.name, False, f"not called: the episode ended with {over}")
            elif bus is None:
                result = self._call(one, call_id)
                publish_model_calls(self.context, None)
            else:
                result = self._traced(one, call_id, bus)
            results.append(result)
            if self.context.over:
                over = over or one.name
        return tuple(results)

    def _call(self, call: ToolCall, call_id: str) -> ToolResult:
        return call_tool(self._tools, call, self.context, call_id=call_id, max_result=self._max_result)

    def _traced(self, call: ToolCall, call_id: str, bus: Bus) -> ToolResult:
        bus.publish(ToolCalled(call_id=call_id, name=call.name, arguments=call.arguments))
        started = time.perf_counter()
        try:
            result = self._call(call, call_id)
        except BaseException as error:
            what = f"{type(error).__name__}: {error}"
            bus.publish(ToolReturned(call_id=call_id, ok=False, name=call.name, error=what, latency_ms=_since(started)))
            raise
        latency_ms = _since(started)
        publish_model_calls(self.context, bus)
        if result.ok:
            event = ToolReturned(call_id=call_id, ok=True, name=call.name, result=result.content, latency_ms=latency_ms)
        else:
            event = ToolReturned(call_id=call_id, ok=False, name=call.name, error=result.content, latency_ms=latency_ms)
        bus.publish(event)
        return result


def told_of(results: Sequence[ToolResult]) -> list[dict[str, Any]]:
    """The results as an environment's ``info`` has them."""
    return [{"call_id": one.call_id, "name": one.name, "ok": one.ok, "content": one.content} for one in results]


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
