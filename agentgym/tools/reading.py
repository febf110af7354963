"""The calls that an action asks for, whoever wrote it and however."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from agentgym.actions import Batch, Done, Fail, ToolCall, Wait, parse_action
from agentgym.actions._plain import plain
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError
from agentgym.tools.fences import fenced
from agentgym.tools.torn import TornCall

__all__ = ["Asked", "read_calls"]

Asked: TypeAlias = ToolCall | Done | Fail

_MOST_CALLS = 100
_FORM = '{"name": …, "arguments": {…}}'
_WORDS: Mapping[str, tuple[Asked, ...]] = {"DONE": (Done(),), "FAIL": (Fail(),), "WAIT": ()}
_WORD_LENGTH = 4


def read_calls(raw: Any) -> tuple[Asked, ...]:
    """The calls, in their order; none for ``Wait()``, with which nothing happens.

    Read are a `ToolCall`, ``Done``, ``Fail`` or ``Wait``, a `Batch` or a list of such; ``{"name", "arguments", "id"}``,
    in a list or not, and ``{"name", "parameters"}``, as Llama writes it; what OpenAI's client returns (a chat
    completion, its message, its calls; a response and its items) and Anthropic's (a message, its blocks), as objects
    or as dicts; and any of it as JSON text, alone or in fences of three backticks, each of which is read in turn. The
    words ``DONE``, ``FAIL`` and ``WAIT`` are read, too. What is said beside calls is passed over.

    A call with a name whose arguments are no object in JSON is a `TornCall`: the others can be made without it, and
    an API that gave it an id wants an answer to it.

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
_BESIDE = frozenset({"message", "output_text", "reasoning", "redacted_thinking", "refusal", "text", "thinking"})


def _read(raw: Any) -> Iterator[Asked]:
    if isinstance(raw, Done | Fail | TornCall):
        yield raw
    elif isinstance(raw, ToolCall):
        yield _legal(raw)
    elif isinstance(raw, Mapping):
        yield from _mapping(raw)
    elif isinstance(raw, Batch):
        yield from _several(raw.actions)
    elif isinstance(raw, list | tuple):
        yield from _several(raw)
    elif callable(getattr(raw, "model_dump", None)):
        yield from _mapping(raw.model_dump(warnings=False))
    elif not isinstance(raw, Wait):
        raise ActionError(f"an action here is a tool call, {_FORM}; given was {short(raw)}")


def _several(parts: Sequence[Any]) -> Iterator[Asked]:
    spoken, called = False, False
    for part in parts:
        if isinstance(part, str) and part.upper() in _WORDS:
            called = True
            yield from _WORDS[part.upper()]
            continue
        plain_part = part.model_dump(warnings=False) if callable(getattr(part, "model_dump", None)) else part
        if _is_beside(plain_part):
            spoken = True
            continue
        called = True
        yield from _read(plain_part)
    if spoken and not called:
        raise ActionError(f"no tool is called in {short(parts)}; a tool call is {_FORM}")


def _is_beside(part: Any) -> bool:
    """Whether it is what a model thinks or says beside its calls."""
    if not isinstance(part, Mapping) or part.get("type") not in _BESIDE:
        return False
    content = part.get("content")
    blocks = content if isinstance(content, list) else []
    return part["type"] != "message" or ("tool_calls" not in part and all(map(_is_beside, blocks)))


def _decoded(text: str) -> Any:
    """What a text says: an object, a list, or one of the words."""
    if len(text) > MAX_WRITTEN:
        raise ActionError(f"the action has {len(text)} characters; at most {MAX_WRITTEN} are read")
    code = text.strip()
    blocks = fenced(code) if "```" in code and not code.startswith(("{", "[")) else []
    if len(blocks) > 1:
        return [_decoded(block) for block in blocks]
    code = blocks[0].strip() if blocks else code
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
    elif kind == "tool_use":
        yield _named({"name": raw.get("name"), "arguments": raw.get("input"), "id": raw.get("id")})
    elif "tool_calls" in raw or "role" in raw:
        yield from _message(raw)
    elif "output" in raw:
        yield from _items(raw["output"])
    elif isinstance(raw.get("function"), Mapping):
        yield _named({**raw["function"], "id": raw.get("id")})
    elif kind == "function_call":
        yield _named({"name": raw.get("name"), "arguments": raw.get("arguments"), "id": raw.get("call_id")})
    elif "name" in raw:
        yield _named(raw if "arguments" in raw else {**raw, "arguments": raw.get("parameters")})
    else:
        raise ActionError(f"a tool call is {_FORM}; given was {short(raw)}")


def _ours(raw: Mapping[str, Any]) -> Iterator[Asked]:
    action = parse_action(raw)
    if not isinstance(action, ToolCall | Done | Fail | Wait | Batch):
        raise ActionError(f"there is no screen here for {short(action)}; a tool call is {_FORM}")
    yield from _read(action)


def _message(message: Any) -> Iterator[Asked]:
    if not isinstance(message, Mapping):
        raise ActionError(f"a message is an object, not {short(message)}")
    calls, content = message.get("tool_calls"), message.get("content")
    if not calls and isinstance(content, list):
        calls = [part for part in content if not _is_beside(part)]
    if not calls:
        raise ActionError(f"the message calls no tool: {short(content)}; a tool call is {_FORM}")
    yield from _read(calls)


def _items(items: Any) -> Iterator[Asked]:
    every = items if isinstance(items, Sequence) and not isinstance(items, str) else [items]
    found = [part for part in every if not _is_beside(part)]
    if not found:
        raise ActionError(f"the response calls no tool: {short(items)}")
    yield from _read(found)


def _named(raw: Mapping[str, Any]) -> ToolCall:
    name, arguments, called = raw.get("name"), raw.get("arguments"), raw.get("id")
    if not isinstance(name, str):
        raise ActionError(f"the name of a tool is text, not {short(name)}")
    if called is not None and not isinstance(called, str):
        raise ActionError(f"the id of a call is text, not {short(called)}")
    try:
        return _legal(ToolCall(name, _arguments(name, arguments), called))
    except ActionError as error:
        return TornCall(name, {}, called, fault=str(error))


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
