"""tau2's tools, and those with which an agent speaks to the customer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from agentgym.actions import ToolCall
from agentgym.errors import UnknownNameError
from agentgym.registry import suggestion
from agentgym.suites.tau2.desk import Desk
from agentgym.suites.tau2.package import Domain, declarations
from agentgym.suites.tau2.scenario import TASKS
from agentgym.tools import Tool, ToolContext, tool
from agentgym.tools.ask_user import ask_user

__all__ = ["domain_tools", "end_conversation", "respond"]

_STATE = "tau2"


def domain_tools(source: str) -> tuple[Tool, ...]:
    """The tools of a domain.

    Args:
        source: ``"tau2:retail"`` or ``"tau2:airline"``.
    """
    domain = source.partition(":")[2]
    if domain not in TASKS:
        raise UnknownNameError(f"tau2 has no domain {domain!r} here; {suggestion(domain, TASKS)}")
    return (*_business_tools(cast("Domain", domain)), respond, end_conversation)


@tool
def respond(message: str, context: ToolContext) -> str:
    """Says something to the customer. The result is the answer.

    Args:
        message: what you say.
    """
    _desk(context).say(message)
    answer: str = ask_user(message, context)
    return answer


@tool
def end_conversation(message: str, context: ToolContext) -> str:
    """Says a last thing to the customer and ends the conversation.

    Args:
        message: what you say; with it the customer has to know all that was asked.
    """
    _desk(context).say(message)
    context.submit(message)
    return "The conversation is over."


@cache
def _business_tools(domain: Domain) -> tuple[Tool, ...]:
    return tuple(_business_tool(declared) for declared in declarations(domain))


def _business_tool(declared: Mapping[str, Any]) -> Tool:
    name: str = declared["name"]

    def call(arguments: dict[str, Any], context: ToolContext) -> str:
        return _desk(context).call(ToolCall(name, arguments))

    return Tool(name, declared["description"], declared["inputSchema"], call)


def _desk(context: ToolContext) -> Desk:
    if _STATE not in context.state:
        context.state[_STATE] = Desk(context.task.seed_params["domain"])
    desk: Desk = context.state[_STATE]
    return desk
