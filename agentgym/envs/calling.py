"""Makes the calls that an action asks for, one after the other, and tells the run of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.actions import Done, Fail, ToolCall
from agentgym.envs.modelcalls import publish_model_calls
from agentgym.envs.tracedcalls import TracedCall
from agentgym.events import Bus, FinalReport, current_run
from agentgym.tools import Tool, ToolContext, ToolResult, call_tool
from agentgym.tools.mcp import McpServer, opened
from agentgym.tools.notes import REPORT, Report

__all__ = ["Caller", "Calls", "shown", "told_of"]


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

    def open(self, servers: Sequence[McpServer]) -> None:
        """Starts the servers, whose tools are then among the episode's.

        Raises:
            BackendError: if the machine broke.
            TaskError: if a server does not come up.
        """
        if servers:
            self._tools = opened(servers, self._tools, self.context)
            self._some_come_later = True

    def make(self, asked: Sequence[ToolCall | Done | Fail], step: int, *, quietly: bool = False) -> Calls:
        """Makes each call. What follows ``Done``, ``Fail`` or the call that ends the episode is not made.

        Args:
            step: the number of the step, for the calls' ids.
            quietly: whether the run is told nothing, as of calls that are made again.

        Raises:
            BackendError: if the machine broke.
        """
        calls = self.calls_of(step, quietly=quietly)
        for place, one in enumerate(asked):
            calls.take(one, place)
        return calls

    def calls_of(self, step: int, *, quietly: bool = False) -> Calls:
        """The calls of one step, to be made one by one; as `make`."""
        return Calls(self, step, None if quietly else current_run())

    def call(self, call: ToolCall, call_id: str, bus: Bus | None) -> tuple[ToolResult, ToolCall | None]:
        """What came of a call, and which was made in the end, if one was. The run is told, if there is one.

        Raises:
            BackendError: if the machine broke.
        """
        if bus is not None:
            traced = TracedCall(lambda made: self._call(made, call_id), call, call_id, bus)
            result = traced.result()
            publish_model_calls(self.context, bus, parent_id=call_id)
            traced.tell_returned(result)
            self._tell_report(bus)
            return result, traced.made
        result = self._call(call, call_id)
        publish_model_calls(self.context, None)
        return result, call

    def _call(self, call: ToolCall, call_id: str) -> ToolResult:
        return call_tool(self._tools, call, self.context, call_id=call_id, max_result=self._max_result)

    def _tell_report(self, bus: Bus) -> None:
        report = self.context.state.get(REPORT)
        if self.context.over and isinstance(report, Report):
            bus.publish(FinalReport(text=report.text, sha256=report.sha256, length=report.length))


class Calls:
    """The calls of one step, and what came of them.

    Attributes:
        made: those that were really made, with what ends the episode: made again, they lead to the same place.
        last: the one of them that came of what was taken last; None if a hook refused it or answered.
        over: what ended the episode; empty if nothing did.
    """

    def __init__(self, caller: Caller, step: int, bus: Bus | None) -> None:
        self._caller, self._step, self._bus = caller, step, bus
        self.results: list[ToolResult] = []
        self.made: list[ToolCall | Done | Fail] = []
        self.last: ToolCall | None = None
        self.over = ""

    def take(self, one: ToolCall | Done | Fail, place: int) -> None:
        """Makes a call, unless the episode is over.

        Raises:
            BackendError: if the machine broke.
        """
        if isinstance(one, Done | Fail):
            self.made.append(one)
            self.over = self.over or type(one).__name__
            return
        call_id = one.id or f"call-{self._step}-{place}"
        if self.over:
            result, self.last = _too_late(one, call_id, self.over), one
        else:
            result, self.last = self._caller.call(one, call_id, self._bus)
        if self.last is not None:
            self.made.append(self.last)
        self.results.append(result)
        if self._caller.context.over:
            self.over = self.over or one.name


def _too_late(call: ToolCall, call_id: str, over: str) -> ToolResult:
    return ToolResult(call_id, call.name, False, f"not called: the episode ended with {over}")


def shown(results: Sequence[ToolResult]) -> str:
    """The results as the agent reads them."""
    return "\n\n".join(f"[{one.call_id}] {one.name}{'' if one.ok else ' failed'}\n{one.content}" for one in results)


def told_of(results: Sequence[ToolResult]) -> list[dict[str, Any]]:
    """The results as an environment's ``info`` has them."""
    return [{"call_id": one.call_id, "name": one.name, "ok": one.ok, "content": one.content} for one in results]
