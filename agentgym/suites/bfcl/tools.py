"""The functions of BFCL's services as tools, and the one with which an agent gives the word back to the user."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from agentgym.actions import ToolCall
from agentgym.errors import ToolError
from agentgym.suites.bfcl.conversation import Conversation
from agentgym.suites.bfcl.episodes import episode
from agentgym.suites.bfcl.package import function_documents
from agentgym.suites.bfcl.services import is_error
from agentgym.tools import Tool, ToolContext, tool

__all__ = ["end_turn", "episode_tools", "json_schema"]

_STATE = "bfcl"
_TYPES = MappingProxyType({"dict": "object", "float": "number"})
# Ground truth of four episodes gives text where the documents have an integer; whoever cannot do so cannot solve them.
_WIDER = MappingProxyType({("close_ticket", "ticket_id"): ["integer", "string"]})


def episode_tools(source: str) -> tuple[Tool, ...]:
    """The tools of an episode. Those that it withholds at first are there, and not yet offered.

    Args:
        source: ``"bfcl:"`` and the episode's name.
    """
    one = episode(source.partition(":")[2])
    known = (function for service in one.services for function in _service_tools(service))
    turns = one.withheld
    return (*(_from_turn(turns[it.name], it) if it.name in turns else it for it in known), end_turn)


@tool
def end_turn(context: ToolContext, message: str = "") -> str:
    """Ends your turn. The result is the user's next message; after the last the conversation is over.

    Args:
        message: what you say to the user: what you have done, or what you lack.
    """
    following = _conversation(context).end_turn()
    if following is not None:
        return following
    context.submit(message)
    return "The user has nothing more to ask."


def json_schema(form: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of BFCL's dialect, which has ``dict`` and ``float`` for types."""
    schema = {**form, "type": _TYPES.get(form["type"], form["type"])}
    if "items" in form:
        schema["items"] = json_schema(form["items"])
    if "properties" in form:
        schema["properties"] = {name: json_schema(inner) for name, inner in form["properties"].items()}
        schema["additionalProperties"] = False
    return schema


@cache
def _service_tools(service: str) -> tuple[Tool, ...]:
    return tuple(_service_tool(document) for document in function_documents(service))


def _service_tool(document: Mapping[str, Any]) -> Tool:
    name: str = document["name"]
    schema = json_schema(document["parameters"])
    for parameter, form in schema["properties"].items():
        form["type"] = _WIDER.get((name, parameter), form["type"])

    def call(arguments: dict[str, Any], context: ToolContext) -> str:
        shown = _conversation(context).call(ToolCall(name, arguments))
        if is_error(shown):
            raise ToolError(shown)
        return shown

    return Tool(name, document["description"], schema, call)


def _from_turn(turn: int, tool: Tool) -> Tool:
    """The tool, which is there from a turn on."""

    def is_offered(context: ToolContext) -> bool:
        return _STATE in context.state and _conversation(context).turn >= turn

    return Tool(tool.name, tool.description, tool.parameters, tool.call, offered=is_offered)


def _conversation(context: ToolContext) -> Conversation:
    if _STATE not in context.state:
        context.state[_STATE] = Conversation(context.task.seed_params["episode"])
    conversation: Conversation = context.state[_STATE]
    return conversation
