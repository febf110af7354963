"""Answers of the responses API: whole, and in the events of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.modelserver.chat import counted
from tests.modelserver.script import Reply
from tests.modelserver.tokens import pieces

__all__ = ["response", "response_events"]

_CREATED = 1_700_000_000.0
_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
_ENDS = {"completed": "response.completed", "incomplete": "response.incomplete"}
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def response(body: Mapping[str, Any], reply: Reply, number: int) -> dict[str, Any]:
    """The answer as one body.

    Raises:
        pydantic.ValidationError: if it is none that OpenAI's types allow.
    """
    usage = counted(body, reply)
    reason = _REASONS.get(reply.finish or "")
    said = {
        **_head(body, number),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [] if reply.empty else _output(body, reply, number),
        "usage": {
            "input_tokens": usage["input_tokens"],
            "input_tokens_details": {"cached_tokens": usage["cached_tokens"], "cache_write_tokens": 0},
            "output_tokens": usage["output_tokens"],
            "output_tokens_details": {"reasoning_tokens": usage["reasoning_tokens"]},
            "total_tokens": usage["input_tokens"] + usage["output_tokens"],
        },
    }
    Response.model_validate(said, strict=True)
    return said


def response_events(body: Mapping[str, Any], reply: Reply, number: int) -> Iterator[dict[str, Any]]:
    """The answer as a stream has it; the last event holds all of it.

    Raises:
        pydantic.ValidationError: if an event is none that OpenAI's types allow.
    """
    whole = response(body, reply, number)
    started = {**whole, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    events = [
        {"type": "response.created", "response": started},
        {"type": "response.in_progress", "response": started},
        *(event for index, item in enumerate(whole["output"]) for event in _item_events(index, item)),
        {"type": _ENDS[whole["status"]], "response": whole},
    ]
    for sequence, event in enumerate(events):
        said = {**event, "sequence_number": sequence}
        _EVENT.validate_python(said, strict=True)
        yield said


def _head(body: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": _CREATED,
        "model": body["model"],
        "error": None,
        "instructions": body.get("instructions"),
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "temperature": None if body.get("temperature") is None else float(body["temperature"]),
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools") or [],
        "top_p": None if body.get("top_p") is None else float(body["top_p"]),
    }


def _output(body: Mapping[str, Any], reply: Reply, number: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if reply.reasoning is not None:
        thought = [{"type": "summary_text", "text": reply.reasoning}]
        items.append({"type": "reasoning", "id": f"rs_{number}", "summary": thought})
    content = _content(reply)
    if content:
        status = "incomplete" if reply.finish in _REASONS else "completed"
        message = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": status, "content": content}
        items.append(message)
    for index, use in enumerate(reply.calls):
        called = {"call_id": use.id or f"call_{number}_{index}", "name": use.name, "arguments": use.arguments}
        items.append({"type": "function_call", "id": f"fc_{number}_{index}", "status": "completed", **called})
    return items + _computer_calls(body, reply, number)


def _content(reply: Reply) -> list[dict[str, Any]]:
    said = (
        [] if reply.text is None else [{"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}]
    )
    return said if reply.refusal is None else [*said, {"type": "refusal", "refusal": reply.refusal}]


def _computer_calls(body: Mapping[str, Any], reply: Reply, number: int) -> list[dict[str, Any]]:
    """One call of all actions for the tool `computer`; one for each for `computer_use_preview`."""
    actions = [
        {"keys": None, **action} if action["type"] == "double_click" else dict(action) for action in reply.computer
    ]
    together = any(tool["type"] == "computer" for tool in body.get("tools") or ())
    done: list[dict[str, Any]] = (
        [{"actions": actions}] if together and actions else [{"action": one} for one in actions]
    )
    head = {"type": "computer_call", "status": "completed", "pending_safety_checks": []}
    return [
        {**head, "id": f"cu_{number}_{index}", "call_id": f"ccall_{number}_{index}", **made}
        for index, made in enumerate(done)
    ]


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    place = {"output_index": index, "item_id": item["id"]}
    empties: dict[str, dict[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "reasoning": {"summary": []},
    }
    fresh = {**item, **empties.get(item["type"], {}), "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": fresh}
    if item["type"] == "message":
        for part_index, part in enumerate(item["content"]):
            yield from _part_events({**place, "content_index": part_index}, part)
    elif item["type"] == "function_call":
        for token in pieces(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **place, "delta": token}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield {"type": "response.function_call_arguments.done", **place, **done}
    elif item["type"] == "reasoning":
        yield from _summary_events({**place, "summary_index": 0}, item["summary"][0])
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _part_events(place: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    key = "text" if part["type"] == "output_text" else "refusal"
    kind = "response.output_text" if key == "text" else "response.refusal"
    logprobs: dict[str, Any] = {"logprobs": []} if key == "text" else {}
    yield {"type": "response.content_part.added", **place, "part": {**part, key: ""}}
    for token in pieces(part[key]):
        yield {"type": f"{kind}.delta", **place, "delta": token, **logprobs}
    yield {"type": f"{kind}.done", **place, key: part[key], **logprobs}
    yield {"type": "response.content_part.done", **place, "part": part}


def _summary_events(place: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    head = "response.reasoning_summary"
    yield {"type": f"{head}_part.added", **place, "part": {**part, "text": ""}}
    for token in pieces(part["text"]):
        yield {"type": f"{head}_text.delta", **place, "delta": token}
    yield {"type": f"{head}_text.done", **place, "text": part["text"]}
    yield {"type": f"{head}_part.done", **place, "part": part}
