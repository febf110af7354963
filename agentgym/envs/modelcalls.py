"""Tells a run of the models that tools called, such as the one that plays the user."""

from __future__ import annotations

from agentgym.events import Bus, ModelRequest, ModelResponse
from agentgym.tools import ToolContext
from agentgym.tools.modelcalls import CallsModels

__all__ = ["publish_model_calls"]


def publish_model_calls(context: ToolContext, bus: Bus | None, *, parent_id: str | None = None) -> None:
    """Takes what models were asked since the last time out of the tools' state, and publishes it.

    Args:
        bus: None where nobody is told: then it is gone.
        parent_id: the id of the tool call in which the models were asked.
    """
    for one in context.state.values():
        for call in one.take_model_calls() if isinstance(one, CallsModels) else ():
            if bus is None:
                continue
            bus.publish(
                ModelRequest(
                    call_id=call.call_id,
                    model=call.model,
                    messages=call.messages,
                    parameters=call.parameters,
                    parent_id=parent_id,
                )
            )
            bus.publish(
                ModelResponse(
                    call_id=call.call_id,
                    id=call.id,
                    model=call.model,
                    content=call.content,
                    finish_reason=call.finish_reason,
                    usage=call.usage,
                    parent_id=parent_id,
                )
            )
