"""What the stream is told of requests and replies, and the request that was sent, from what it was told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentgym.agents.openai.conversation import Asked, Reply
from agentgym.agents.openai.costs import cost_usd
from agentgym.agents.openai.fields import usage_of
from agentgym.agents.openai.options import Options
from agentgym.events import ModelRequest, ModelResponse
from agentgym.events.usage import Usage

__all__ = ["failure_event", "in_order", "reply_event", "request_event", "sent_body"]

_PROVIDER = "openai"
_FIRST = ("model", "messages", "input", "tools")


def in_order(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as `sent_body` writes it, whoever changed it on its way."""
    first = {name: request[name] for name in _FIRST if request.get(name)}
    return {**first, **{name: value for name, value in request.items() if name not in _FIRST}}


def sent_body(request: ModelRequest) -> bytes:
    """The body that an `OpenAIAgent` sent, byte for byte, from what the stream has of it."""
    parameters = dict(request.parameters)
    said = {"input": parameters.pop("input")} if "input" in parameters else {"messages": request.messages}
    tools = {"tools": request.tools} if request.tools else {}
    body = {"model": request.model, **said, **tools, **parameters}
    # As the client does.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def request_event(
    request: Mapping[str, Any], messages: list[dict[str, Any]], options: Options, *, call_id: str
) -> ModelRequest:
    """What is told of a request.

    Args:
        request: as `in_order` has it.
        messages: what was said, in the form of chat completions.
    """
    return ModelRequest(
        call_id=call_id,
        messages=messages,
        provider=_PROVIDER,
        model=request.get("model"),
        tools=request.get("tools", []),
        parameters={name: value for name, value in request.items() if name not in ("model", "tools", "messages")},
        agent_id=options.agent_id,
    )


def reply_event(
    reply: Reply,
    raw: Any,
    options: Options,
    *,
    call_id: str,
    retry_of: str | None,
    first_token_ms: float | None,
    duration_ms: float,
) -> ModelResponse:
    """What is told of a reply.

    Args:
        raw: the reply as it came.
    """
    return ModelResponse(
        call_id=call_id,
        id=reply.id,
        provider=_PROVIDER,
        model=reply.model,
        content=_content(reply),
        reasoning=reply.reasoning,
        tool_calls=[_told(one) for one in reply.asked],
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        cost_usd=cost_usd(Usage.read(reply.usage), options.prices),
        first_token_ms=first_token_ms,
        prompt_token_ids=reply.prompt_token_ids,
        completion_token_ids=reply.completion_token_ids,
        completion_mask=None if reply.completion_token_ids is None else [1] * len(reply.completion_token_ids),
        logprobs=_fitting(reply),
        retry_of=retry_of,
        raw=raw,
        agent_id=options.agent_id,
        duration_ms=duration_ms,
    )


def failure_event(
    error: str, options: Options, *, call_id: str, retry_of: str | None = None, raw: Any = None
) -> ModelResponse:
    """What is told of a request that nothing came of.

    Args:
        raw: what came, which was no reply, but may have cost something all the same.
    """
    usage = usage_of(raw) if isinstance(raw, Mapping) else None
    return ModelResponse(
        call_id=call_id,
        provider=_PROVIDER,
        model=options.model,
        error=error,
        usage=usage,
        cost_usd=cost_usd(Usage.read(usage), options.prices),
        retry_of=retry_of,
        raw=raw,
        agent_id=options.agent_id,
    )


def _content(reply: Reply) -> Any:
    if reply.refusal is not None:
        return [{"type": "refusal", "refusal": reply.refusal}]
    return reply.text or None


def _told(asked: Asked) -> dict[str, Any]:
    """A call in the form of chat completions, by the id that the stream has of it."""
    arguments = asked.arguments if isinstance(asked.arguments, str) else json.dumps(asked.arguments, ensure_ascii=False)
    return {"id": asked.call_id, "type": "function", "function": {"name": asked.name, "arguments": arguments}}


def _fitting(reply: Reply) -> list[float] | None:
    """The log probabilities, if there is one a token; servers that tell none of a call's tokens give fewer."""
    ids, logprobs = reply.completion_token_ids, reply.logprobs
    return None if ids is not None and logprobs is not None and len(ids) != len(logprobs) else logprobs
