"""How a model writes its actions where it does not call tools natively, or has one tool for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["ACT", "act_tool", "action_in", "manual"]

ACT = "act"
"""The one tool of an environment whose actions are text."""

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)


def act_tool(what: str) -> dict[str, Any]:
    """The definition, as OpenAI's API takes it, of a tool that does one action.

    Args:
        what: how the action is written.
    """
    return {
        "type": "function",
        "function": {
            "name": ACT,
            "description": "Does one action in the environment.",
            "parameters": {
                "type": "object",
                "properties": {"action": {"type": "string", "description": what}},
                "required": ["action"],
            },
        },
    }


def action_in(reply: str) -> str:
    """The calls in ``<tool_call>`` tags, as JSON text; the whole reply if there are none."""
    calls = _CALL.findall(reply)
    if not calls:
        return reply
    return calls[0] if len(calls) == 1 else f"[{', '.join(calls)}]"


def manual(tools: Sequence[Mapping[str, Any]]) -> str:
    """How a model is told of tools that it calls in its text, in the words of Qwen's template."""
    definitions = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    form = '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>'
    return (
        f"You may call one or more functions. Their signatures are:\n<tools>\n{definitions}\n</tools>\n\n"
        f"For each call, return a JSON object with its name and arguments within XML tags:\n{form}"
    )
