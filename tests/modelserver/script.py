"""What a scripted model says, and how it fails to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

__all__ = [
    "Fault",
    "Reply",
    "Script",
    "ToolUse",
    "call",
    "calls",
    "computer",
    "cut",
    "empty",
    "fault",
    "garbage",
    "reader",
    "say",
    "slow",
    "too_long",
]


@dataclass(frozen=True)
class ToolUse:
    """A call of a tool. ``arguments`` is what the model wrote, be it JSON or not; without an ``id`` it is given one."""

    name: str
    arguments: str
    id: str | None = None


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        text: None where only tools are called.
        calls: of tools, in this order.
        computer: actions of OpenAI's computer tool, one call each; the responses API alone has them.
        reasoning: what was thought before.
        finish: ``"length"``, ``"content_filter"``; else as it fits.
        refusal: the model's own.
        usage: instead of what was counted: input_tokens, output_tokens, cached_tokens, reasoning_tokens.
        delay_s: the server waits so long before it says anything.
        pause_s: and so long between the pieces of a stream.
        cut: the connection is closed in the middle.
        garbage: the body is no JSON.
        empty: there are no choices.
    """

    text: str | None = None
    calls: tuple[ToolUse, ...] = ()
    computer: tuple[Mapping[str, Any], ...] = ()
    reasoning: str | None = None
    finish: str | None = None
    refusal: str | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    delay_s: float = 0.0
    pause_s: float = 0.0
    cut: bool = False
    garbage: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Fault:
    """An answer that is an error."""

    status: int
    message: str
    kind: str = "server_error"
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    delay_s: float = 0.0


Answer: TypeAlias = Reply | Fault | str
Script: TypeAlias = Iterable[Answer] | Callable[[dict[str, Any]], Answer]


def say(text: str, **more: Any) -> Reply:
    """A text; ``more`` of a `Reply`."""
    return Reply(text=text, **more)


def call(name: str, /, **arguments: Any) -> Reply:
    """A call of one tool."""
    return Reply(calls=(ToolUse(name, json.dumps(arguments, ensure_ascii=False)),))


def calls(*uses: tuple[str, Mapping[str, Any] | str], text: str | None = None, **more: Any) -> Reply:
    """Several calls in one reply; arguments that are a text are sent as they are, JSON or not."""
    written = (use if isinstance(use, str) else json.dumps(dict(use), ensure_ascii=False) for _, use in uses)
    return Reply(
        text=text, calls=tuple(ToolUse(name, said) for (name, _), said in zip(uses, written, strict=True)), **more
    )


def computer(*actions: Mapping[str, Any], **more: Any) -> Reply:
    """Actions of OpenAI's computer tool."""
    return Reply(computer=actions, **more)


_FAULTS = {
    400: ("the request is not understood", "invalid_request_error", None),
    401: ("the key is wrong", "invalid_request_error", "invalid_api_key"),
    404: ("there is no such model", "invalid_request_error", "model_not_found"),
    429: ("too many requests", "requests", "rate_limit_exceeded"),
    500: ("the server had an error", "server_error", None),
    503: ("the server is overloaded", "server_error", None),
}


def fault(status: int, message: str = "", *, retry_after: float | None = None, code: str | None = None) -> Fault:
    """An error with this status."""
    told, kind, usual = _FAULTS.get(status, ("something went wrong", "server_error", None))
    return Fault(status, message or told, kind, code or usual, retry_after=retry_after)


def too_long(limit: int = 4096) -> Fault:
    """What OpenAI says when the messages do not fit into the model's context."""
    told = f"This model's maximum context length is {limit} tokens. However, your messages resulted in more."
    return Fault(400, told, "invalid_request_error", "context_length_exceeded", "messages")


def slow(seconds: float, answer: Answer = "late") -> Reply | Fault:
    """The answer, after a while."""
    return replace(_answer(answer), delay_s=seconds)


def cut(answer: Reply | str = "this sentence does not come to its end") -> Reply:
    """The answer, of which half is sent before the connection is closed."""
    return replace(say(answer) if isinstance(answer, str) else answer, cut=True)


def garbage() -> Reply:
    """A body that is said to be JSON and is not."""
    return Reply(text="", garbage=True)


def empty() -> Reply:
    """A well-formed answer without a choice in it."""
    return Reply(text="", empty=True)


def reader(script: Script) -> Callable[[dict[str, Any]], Reply | Fault]:
    """The script as a function of the request; a list says 400 when it is used up, which no client tries again."""
    if callable(script):
        asked = script
        return lambda body: _answer(asked(body))
    left, lock = iter(list(script)), threading.Lock()

    def following(_body: dict[str, Any]) -> Reply | Fault:
        with lock:
            return _answer(next(left, Fault(400, "the script is over", "invalid_request_error", "script_over")))

    return following


def _answer(answer: Answer) -> Reply | Fault:
    return say(answer) if isinstance(answer, str) else answer
