"""Who asked for a tool call: which model call, of which agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from agentgym.events.types import Event, ModelResponse, Reset, Step, ToolCalled

__all__ = ["Asker", "Askers"]


class Asker(NamedTuple):
    """Attributes: ids, None where nobody said."""

    model_call_id: str | None = None
    agent_id: str | None = None


@dataclass
class Askers:
    """Remembers the model calls of agents since the last step; not those that tools make, which have them as parents.

    Attributes:
        agent_id: who acts, where no model call says it.
    """

    agent_id: str | None = None

    def __post_init__(self) -> None:
        self._latest: Asker | None = None
        self._by_call: dict[str, Asker] = {}
        self._tool_calls: set[str] = set()

    def of(self, tool_call_id: str) -> Asker:
        """Who asked for this one; whoever asked the model last, if its id is nobody's."""
        return self._by_call.get(tool_call_id) or self._latest or Asker(None, self.agent_id)

    def credit(self, model_call_id: str | None, agent_id: str) -> None:
        """Says who asks for what is done next, where it is not whoever asked a model last."""
        self._latest = Asker(model_call_id, agent_id)

    def hear(self, event: Event) -> None:
        """Takes what is published into account."""
        match event:
            case ToolCalled(call_id=call_id):
                self._tool_calls.add(call_id)
            case ModelResponse(parent_id=str(parent_id)) if parent_id in self._tool_calls:
                pass
            case ModelResponse(call_id=call_id, agent_id=agent_id, tool_calls=tool_calls):
                self._latest = Asker(call_id, agent_id or self.agent_id)
                for one in tool_calls:
                    self._by_call[str(one.get("id") or one.get("call_id"))] = self._latest
            case Step() | Reset():
                self._latest = None
                self._by_call.clear()
                self._tool_calls.clear()
