"""Answers of chat completions: whole, and in the pieces of a stream."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.modelserver.script import Reply
from tests.modelserver.tokens import pieces, prompt, reply_tokens, token_ids

__all__ = ["chat_chunks", "chat_completion", "counted"]

_CREATED = 1_700_000_000


def counted(body: Mapping[str, Any], reply: Reply) -> dict[str, int]:
    """What the answer costs, by the names that both APIs have in common."""
    reasoning = len(pieces(reply.reasoning or ""))
    usage = {
        "input_tokens": len(prompt(body)),
        "output_tokens": len(reply_tokens(reply)) + reasoning,
        "cached_tokens": 0,
        "reasoning_tokens": reasoning,
    }
    return {**usage, **reply.usage}


def chat_completion(body: Mapping[str, Any], reply: Reply, number: int) -> dict[str, Any]:
    """The answer as one body.

    Raises:
        pydantic.ValidationError: if it is none that OpenAI's types allow.
    """
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    if reply.calls:
        message["tool_calls"] = _tool_calls(reply, number)
    if reply.reasoning is not None:
        message["reasoning_content"] = reply.reasoning
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": _logprobs(body, reply)}
    wants_ids = bool(body.get("return_token_ids"))
    if wants_ids:
        choice["token_ids"] = token_ids(reply_tokens(reply))
    said = {
        **_head(body, number, "chat.completion"),
        "choices": [] if reply.empty else [choice],
        "usage": _usage(body, reply),
        **({"prompt_token_ids": token_ids(prompt(body))} if wants_ids else {}),
    }
    ChatCompletion.model_validate(said, strict=True)
    return said


def chat_chunks(body: Mapping[str, Any], reply: Reply, number: int) -> Iterator[dict[str, Any]]:
    """The answer as a stream has it; usage comes last and only if it was asked for.

    Raises:
        pydantic.ValidationError: if a piece is none that OpenAI's types allow.
    """
    head = _head(body, number, "chat.completion.chunk")
    wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
    silence: dict[str, Any] = {"usage": None} if wants_usage else {}
    if reply.empty:
        yield _chunk({**head, "choices": [], **silence})
    for choice in [] if reply.empty else _deltas(body, reply, number):
        first = {"prompt_token_ids": token_ids(prompt(body))} if "role" in choice["delta"] else {}
        yield _chunk({**head, "choices": [choice], **silence, **(first if body.get("return_token_ids") else {})})
    if wants_usage:
        yield _chunk({**head, "choices": [], "usage": _usage(body, reply)})


def _chunk(said: dict[str, Any]) -> dict[str, Any]:
    ChatCompletionChunk.model_validate(said, strict=True)
    return said


def _deltas(body: Mapping[str, Any], reply: Reply, number: int) -> Iterator[dict[str, Any]]:
    yield _choice({"role": "assistant", "content": None if reply.text is None else "", "refusal": None})
    for token in pieces(reply.reasoning or ""):
        yield _choice({"reasoning_content": token})
    for key, text in (("content", reply.text), ("refusal", reply.refusal)):
        for token in pieces(text or ""):
            yield _with_tokens(body, _choice({key: token}), key, [token])
    for index, made in enumerate(_tool_calls(reply, number)):
        name, written = made["function"]["name"], made["function"]["arguments"]
        start = {"index": index, "id": made["id"], "type": "function", "function": {"name": name, "arguments": ""}}
        yield _with_tokens(body, _choice({"tool_calls": [start]}), None, pieces(name))
        for token in pieces(written):
            more = {"index": index, "function": {"arguments": token}}
            yield _with_tokens(body, _choice({"tool_calls": [more]}), None, [token])
    yield {**_choice({}), "finish_reason": _finish(reply)}


def _choice(delta: dict[str, Any]) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}


def _with_tokens(body: Mapping[str, Any], choice: dict[str, Any], key: str | None, tokens: list[str]) -> dict[str, Any]:
    logprobs = (
        {**dict.fromkeys(("content", "refusal")), key: _scored(body, tokens)} if key and body.get("logprobs") else None
    )
    ids = {"token_ids": token_ids(tokens)} if body.get("return_token_ids") else {}
    return {**choice, "logprobs": logprobs, **ids}


def _head(body: Mapping[str, Any], number: int, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{number}", "object": kind, "created": _CREATED, "model": body["model"]}


def _tool_calls(reply: Reply, number: int) -> list[dict[str, Any]]:
    return [
        {
            "id": use.id or f"call_{number}_{index}",
            "type": "function",
            "function": {"name": use.name, "arguments": use.arguments},
        }
        for index, use in enumerate(reply.calls)
    ]


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.calls else "stop")


def _usage(body: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    usage = counted(body, reply)
    return {
        "prompt_tokens": usage["input_tokens"],
        "completion_tokens": usage["output_tokens"],
        "total_tokens": usage["input_tokens"] + usage["output_tokens"],
        "prompt_tokens_details": {"cached_tokens": usage["cached_tokens"]},
        "completion_tokens_details": {"reasoning_tokens": usage["reasoning_tokens"]},
    }


def _logprobs(body: Mapping[str, Any], reply: Reply) -> dict[str, Any] | None:
    if not body.get("logprobs"):
        return None
    return {
        "content": _scored(body, pieces(reply.text or "")) or None,
        "refusal": _scored(body, pieces(reply.refusal or "")) or None,
    }


def _scored(body: Mapping[str, Any], tokens: list[str]) -> list[dict[str, Any]]:
    """Each token with a probability that its number gives it: from a half to one."""
    scored = []
    for token, number in zip(tokens, token_ids(tokens), strict=True):
        one = {"token": token, "bytes": list(token.encode()), "logprob": math.log(0.5 + number / 200_000)}
        scored.append({**one, "top_logprobs": [one] if body.get("top_logprobs") else []})
    return scored
