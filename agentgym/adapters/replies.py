"""The action in what a model said, where it says its calls as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["action_in", "manual"]

_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)


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
