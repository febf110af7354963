"""The calls that an action asks for, whoever wrote it and however."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from agentgym.actions import Batch, Done, Fail, ToolCall, Wait, parse_action
from agentgym.actions._plain import plain
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["Asked", "read_calls"]

Asked: TypeAlias = ToolCall | Done | Fail

_MOST_CALLS = 100
_FENCE = re.compile(r"^```[a-zA-Z]*\n(.*?)\n?```$", re.DOTALL)
_FORM = '{"name": …, "arguments": {…}}'
_WORDS: Mapping[str, tuple[Asked, ...]] = {"DONE": (Done(),), "FAIL": (Fail(),), "WAIT": ()}
_WORD_LENGTH = 4


def read_calls(raw: Any) -> tuple[Asked, ...]:
    """The calls, in their order; none for ``Wait()``, with which nothing happens.

    Read are a `ToolCall`, ``Done``, ``Fail`` or ``Wait``, a `Batch` or a list of such; ``{"name", "arguments", "id"}``,
    in a list or not; what OpenAI's client returns (a chat completion, its message, its calls; a response and its
    items), as objects or as dicts; and any of it as JSON text. The words ``DONE``, ``FAIL`` and ``WAIT`` are read, too.

    Raises:
        ActionError: says what was given and what would be right.
    """
    try:
        if type(raw) is ToolCall:
            return (_legal(raw),)
        if type(raw) is str:
            raw = _decoded(raw)
        if type(raw) is dict and raw.keys() <= _OWN_KEYS and type(raw.get("name")) is str:
            return (_named(raw),)
        found = tuple(_read(raw))
    except ActionError:
        raise
    except (ValueError, OverflowError, RecursionError, TypeError) as error:
        # What nobody thought of writing: an agent's text must not end the episode.
        raise ActionError(f"the action cannot be read: {cut(str(error))}") from error
    if len(found) > _MOST_CALLS:
        raise ActionError(f"{len(found)} calls in one action; at most {_MOST_CALLS} are made")
    return found


_OWN_KEYS = frozenset({"name", "arguments", "id"})


def _read(raw: Any) -> Iterator[Asked]:
    if isinstance(raw, Done | Fail):
        yield raw
    elif isinstance(raw, ToolCall):
        yield _legal(raw)
    elif isinstance(raw, Mapping):
        yield from _mapping(raw)
    elif isinstance(raw, Batch | list | tuple):
        for part in raw.actions if isinstance(raw, Batch) else raw:
            yield from _read(part)
    elif callable(getattr(raw, "model_dump", None)):
        yield from _mapping(raw.model_dump(warnings=False))
    elif not isinstance(raw, Wait):
        raise ActionError(f"an action here is a tool call, {_FORM}; given was {short(raw)}")


def _decoded(text: str) -> Any:
    """What a text says: an object, a list, or one of the words."""
    if len(text) > MAX_WRITTEN:
        raise ActionError(f"the action has {len(text)} characters; at most {MAX_WRITTEN} are read")
    code = text.strip()
    if code.startswith("```"):
        code = _FENCE.sub(r"\1", code).strip()
    if len(code) == _WORD_LENGTH and code.upper() in _WORDS:
        return _WORDS[code.upper()]
    try:
        read = msgspec.json.decode(code)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ActionError(f"not JSON: {short(text)} ({cut(str(error))}); a tool call is {_FORM}") from error
    if not isinstance(read, dict | list):
        raise ActionError(f"a tool call is {_FORM}; given was {short(read)}")
    return read


def _mapping(raw: Mapping[str, Any]) -> Iterator[Asked]:
    kind = raw.get("type")
    if "kind" in raw or "action_type" in raw:
        yield from _ours(raw)
    elif "choices" in raw:
        choices = raw["choices"]
        if not isinstance(choices, Sequence) or not choices or not isinstance(choices[0], Mapping):
            raise ActionError(f"a chat completion without a choice: {short(raw)}")
        yield from _message(choices[0].get("message"))
    elif "tool_calls" in raw or "role" in raw:
        yield from _message(raw)
    elif "output" in raw:
        yield from _items(raw["output"])
    elif isinstance(raw.get("function"), Mapping):
        yield _named({**raw["function"], "id": raw.get("id")})
    elif kind == "function_call":
        yield _named({"name": raw.get("name"), "arguments": raw.get("arguments"), "id": raw.get("call_id")})
    elif "name" in raw:
        yield _named(raw)
    elif kind not in ("reasoning", "message"):
        raise ActionError(f"a tool call is {_FORM}; given was {short(raw)}")


def _ours(raw: Mapping[str, Any]) -> Iterator[Asked]:
    action = parse_action(raw)
    if not isinstance(action, ToolCall | Done | Fail | Wait | Batch):
        raise ActionError(f"there is no screen here for {short(action)}; a tool call is {_FORM}")
    yield from _read(action)


def _message(message: Any) -> Iterator[Asked]:
    if not isinstance(message, Mapping):
        raise ActionError(f"a message is an object, not {short(message)}")
    calls = message.get("tool_calls")
    if not calls:
        raise ActionError(f"the message calls no tool: {short(message.get('content'))}; a tool call is {_FORM}")
    yield from _read(calls)


def _items(items: Any) -> Iterator[Asked]:
    found = list(_read(items if isinstance(items, Sequence) else [items]))
    if not found:
        raise ActionError(f"the response calls no tool: {short(items)}")
    yield from found


def _named(raw: Mapping[str, Any]) -> ToolCall:
    name, arguments, called = raw.get("name"), raw.get("arguments"), raw.get("id")
    if not isinstance(name, str):
        raise ActionError(f"the name of a tool is text, not {short(name)}")
    if called is not None and not isinstance(called, str):
        raise ActionError(f"the id of a call is text, not {short(called)}")
    return _legal(ToolCall(name, _arguments(name, arguments), called))


def _arguments(name: str, given: Any) -> dict[str, Any]:
    """As an object; OpenAI's client has them as text, which is empty for none."""
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ActionError(
                f"the arguments of {short(name)} are no JSON: {short(given)} ({cut(str(error))})"
            ) from error
    if not isinstance(given, Mapping):
        raise ActionError(f"the arguments of {short(name)} are an object, not {short(given)}")
    return given if isinstance(given, dict) else dict(given)


def _legal(call: ToolCall) -> ToolCall:
    """The call with arguments of its own, plain JSON, which nobody else changes."""
    try:
        data = msgspec.json.encode(call.arguments)
        again = msgspec.json.decode(data)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        return ToolCall(call.name, _plain(call), call.id)
    if len(data) > MAX_WRITTEN:
        raise ActionError(f"the arguments have {len(data)} characters as JSON; at most {MAX_WRITTEN} are read")
    if again != call.arguments:
        again = _plain(call)
    return ToolCall(call.name, again, call.id)


def _plain(call: ToolCall) -> dict[str, Any]:
    """The arguments brought down to what JSON has: tuples as lists, numpy's numbers as Python's."""
    try:
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plain(call.arguments)))
    except ActionError:
        raise
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ActionError(f"a tool call must be plain JSON, which {short(call.arguments)} is not") from error
    return found
