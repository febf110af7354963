"""A tool call through those who intercept it, told to the run as it was really made."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from agentgym.actions import ToolCall
from agentgym.errors import Refused, UsageError
from agentgym.events import Bus, Note, ToolCalled, ToolReturned, around
from agentgym.tools import ToolResult

__all__ = ["TracedCall"]


class TracedCall:
    """One call that was asked for.

    The run is told of each call that is really made, under the name and with the arguments it is made with; of a call
    that is refused or answered by a hook, as it was asked. What is told to have come of it is what the agent is told.

    Args:
        make: makes a call; raises only if the machine broke.
        asked: as the agent asked for it.
        call_id: that the result will have.
        bus: of the run.

    Attributes:
        made: the call that was made last; None if none was.
    """

    def __init__(self, make: Callable[[ToolCall], ToolResult], asked: ToolCall, call_id: str, bus: Bus) -> None:
        self._make = make
        self._asked = asked
        self._call_id = self._told_id = call_id
        self._bus = bus
        self._asker = bus.askers.of(call_id)
        self._times = 0
        self._latency_ms: float | None = None
        self._result: ToolResult | None = None
        self.made: ToolCall | None = None

    def result(self) -> ToolResult:
        """What the agent is told.

        Raises:
            BackendError: if the machine broke.
            UsageError: if a hook answers with what is neither a result nor a text.
        """
        asked = self._asked
        try:
            answer: object = around("tool_call", asked, self._called, name=asked.name, agent_id=self._asker.agent_id)
        except Refused as refused:
            return ToolResult(self._call_id, asked.name, False, f"refused: {refused.reason}")
        if isinstance(answer, ToolResult):
            return answer
        if isinstance(answer, str):
            return ToolResult(self._call_id, asked.name, True, answer)
        raise UsageError(f"a hook of tool calls returns a ToolResult or a text, not {type(answer).__name__}")

    def tell_returned(self, result: ToolResult) -> None:
        """Tells what the agent is told; of a result that a hook replaced, that one, too."""
        if self._result is None:
            self._tell_called(self._asked)
        elif result is not self._result:
            replaced = {"call_id": self._told_id, "ok": self._result.ok, "content": self._result.content}
            self._bus.publish(Note(kind="tool_result_replaced", value=replaced))
        self._tell(result)

    def _called(self, call: ToolCall) -> ToolResult:
        if self._result is not None:
            self._tell(self._result)
        self._times += 1
        self._told_id = self._call_id if self._times == 1 else f"{self._call_id}.{self._times}"
        self._tell_called(call)
        self.made, self._result = call, None
        started = time.perf_counter()
        try:
            result = self._make(call)
        except BaseException as error:
            self._latency_ms = _since(started)
            self._tell(ToolResult(self._call_id, call.name, False, f"{type(error).__name__}: {error}"))
            raise
        self._latency_ms = _since(started)
        self._result = result
        return result

    def _tell_called(self, call: ToolCall) -> None:
        asked = self._asked
        self._bus.publish(
            ToolCalled(
                call_id=self._told_id,
                name=asked.name,
                tool=None if call.name == asked.name else call.name,
                arguments=call.arguments,
                arguments_raw=None if call.arguments == asked.arguments else _as_text(asked),
                model_call_id=self._asker.model_call_id,
                agent_id=self._asker.agent_id,
                parent_id=self._asker.agent_id,
            )
        )

    def _tell(self, result: ToolResult) -> None:
        self._bus.publish(
            ToolReturned(
                call_id=self._told_id,
                ok=result.ok,
                name=self._asked.name,
                result=result.content if result.ok else None,
                error=None if result.ok else result.content,
                latency_ms=self._latency_ms,
            )
        )


def _as_text(call: ToolCall) -> str:
    return msgspec.json.encode(call.arguments).decode()


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
