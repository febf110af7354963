"""Items of the responses API as messages of chat completions, which those who read recordings know."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.agents.openai.fields import mapped, text_in

__all__ = ["as_messages"]


def as_messages(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages. Items of one reply are one message; reasoning, for which chat has no place, is left out."""
    messages: list[dict[str, Any]] = []
    for item in items:
        if item.get("type") == "reasoning":
            continue
        message = _message(item)
        if messages and message["role"] == "assistant" == messages[-1]["role"] and "tool_calls" in message:
            calls = [*messages[-1].get("tool_calls", ()), *message["tool_calls"]]
            messages[-1] = {**messages[-1], "tool_calls": calls}
        else:
            messages.append(message)
    return messages


def _message(item: Mapping[str, Any]) -> dict[str, Any]:
    match item.get("type"):
        case "function_call":
            return _call(item, str(item.get("name")), str(item.get("arguments")))
        case "computer_call":
            return _call(item, "computer", json.dumps(item.get("actions") or item.get("action"), ensure_ascii=False))
        case "function_call_output":
            return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
        case "computer_call_output":
            picture = _picture(mapped(item.get("output"), "an output").get("image_url"))
            return {"role": "tool", "tool_call_id": item.get("call_id"), "content": [picture]}
    return _said(str(item.get("role", "user")), item.get("content"))


def _said(role: str, content: Any) -> dict[str, Any]:
    if isinstance(content, list):
        content = text_in(content) if role == "assistant" else [_part(part) for part in content]
    return {"role": role, "content": content}


def _call(item: Mapping[str, Any], name: str, arguments: str) -> dict[str, Any]:
    call = {"id": item.get("call_id"), "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "tool_calls": [call]}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part.get("type") == "input_image":
        return _picture(part.get("image_url"))
    return {"type": "text", "text": text_in([part])}


def _picture(address: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": address}}
