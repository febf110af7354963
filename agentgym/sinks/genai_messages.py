"""Messages as OpenTelemetry's conventions for generative AI have them: roles and parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from agentgym.events import ModelResponse
from agentgym.events.chat import text_of, wanted
from agentgym.events.plain import plain

__all__ = ["input_messages", "output_messages", "system_instructions"]

Form: TypeAlias = dict[str, Any]

# The conventions' own words, where a provider has another for the same.
_ENDS = {"tool_calls": "tool_call", "tool_use": "tool_call", "end_turn": "stop", "max_tokens": "length"}
_INSTRUCTING = frozenset({"system", "developer"})


def input_messages(messages: Sequence[Mapping[str, Any]]) -> list[Form]:
    """What was sent, without what instructs: that is `system_instructions`."""
    return [
        {"role": message["role"], "parts": list(_parts(message))}
        for message in messages
        if message["role"] not in _INSTRUCTING
    ]


def system_instructions(messages: Sequence[Mapping[str, Any]]) -> list[Form]:
    return [part for message in messages if message["role"] in _INSTRUCTING for part in _parts(message)]


def output_messages(response: ModelResponse) -> list[Form]:
    """The answer, its reasoning first; the reason for its end is demanded and empty where none was told."""
    thought = [{"type": "reasoning", "content": response.reasoning}] if response.reasoning else []
    said = _parts({"content": response.content, "tool_calls": response.tool_calls})
    end = response.finish_reason or ""
    return [{"role": "assistant", "parts": [*thought, *said], "finish_reason": _ENDS.get(end, end)}]


def _parts(message: Mapping[str, Any]) -> Iterator[Form]:
    content = message.get("content")
    if message.get("role") == "tool":
        yield {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": text_of(plain(content))}
        return
    if isinstance(content, list):
        yield from map(_part, content)
    elif content:
        yield {"type": "text", "content": text_of(plain(content))}
    for raw in message.get("tool_calls") or ():
        call = wanted(raw)
        yield {"type": "tool_call", "id": call.id, "name": call.name, "arguments": plain(call.as_object)}


def _part(part: Any) -> Form:
    match part:
        case str() as text:
            return {"type": "text", "content": text}
        case {"type": "text", "text": text}:
            return {"type": "text", "content": text}
        case {"type": "image_url", "image_url": {"url": str(url)}} if url.startswith("data:"):
            kind, _, content = url.removeprefix("data:").partition(",")
            return {"type": "blob", "modality": "image", "mime_type": kind.partition(";")[0], "content": content}
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return {"type": "uri", "modality": "image", "uri": url}
    return {"type": "unknown", **plain(part)} if isinstance(part, Mapping) and "type" not in part else plain(part)
