"""What OpenAI would refuse: bodies that do not fit its types, and talk in which a call is not answered once."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionDeveloperMessageParam,
    ChatCompletionFunctionMessageParam,
    ChatCompletionSystemMessageParam,
    ChatCompletionToolMessageParam,
    ChatCompletionUserMessageParam,
)
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter, ValidationError

__all__ = ["BadRequest", "check_chat", "check_responses"]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,")
_MAGIC = {"png": b"\x89PNG", "jpeg": b"\xff\xd8", "gif": b"GIF8", "webp": b"RIFF"}
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "top_logprobs": (0, 20),
    "max_tokens": (1, float("inf")),
    "max_completion_tokens": (1, float("inf")),
    "max_output_tokens": (16, float("inf")),
}
_ROLES: Mapping[str, Any] = {
    "developer": ChatCompletionDeveloperMessageParam,
    "system": ChatCompletionSystemMessageParam,
    "user": ChatCompletionUserMessageParam,
    "assistant": ChatCompletionAssistantMessageParam,
    "tool": ChatCompletionToolMessageParam,
    "function": ChatCompletionFunctionMessageParam,
}
_OUTPUTS = {"function_call_output": "function_call", "computer_call_output": "computer_call"}


class BadRequest(Exception):
    """A request that OpenAI would answer with 400; ``param`` is what is wrong in it."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def check_chat(body: Mapping[str, Any], *, extra: Sequence[str] = ()) -> None:
    """Checks a request for ``/v1/chat/completions``.

    Args:
        body: as it came.
        extra: keys that other servers take: of the request, of a message.

    Raises:
        BadRequest: says what is wrong.
    """
    _typed(body, CompletionCreateParamsStreaming if body.get("stream") else CompletionCreateParamsNonStreaming, extra)
    _numbers(body)
    messages = body["messages"]
    _require(bool(messages), "[] is too short - 'messages'", "messages")
    _answered(messages)
    for picture in _pictures(messages):
        _picture(picture)
    _tools([tool["function"] for tool in body.get("tools") or () if tool["type"] == "function"], body)
    _require(not body.get("top_logprobs") or bool(body.get("logprobs")), "top_logprobs needs logprobs", "top_logprobs")
    _require(
        not body.get("stream_options") or bool(body.get("stream")), "stream_options needs stream", "stream_options"
    )
    both = "max_tokens" in body and "max_completion_tokens" in body
    _require(not both, "max_tokens and max_completion_tokens cannot both be set", "max_tokens")
    _require(body.get("n") in {None, 1}, "this server says one thing at a time: n is 1", "n")
    stop = body.get("stop")
    _require(not isinstance(stop, list) or 1 <= len(stop) <= 4, "stop has one to four texts", "stop")


def check_responses(
    body: Mapping[str, Any], *, extra: Sequence[str] = (), before: Sequence[Mapping[str, Any]] | None = None
) -> None:
    """Checks a request for ``/v1/responses``.

    Args:
        body: as it came.
        extra: keys that other servers take.
        before: what was said until the response that ``previous_response_id`` names, that response included; None if
            nothing is known of it.

    Raises:
        BadRequest: says what is wrong.
    """
    _typed(body, ResponseCreateParamsStreaming if body.get("stream") else ResponseCreateParamsNonStreaming, extra)
    _numbers(body)
    previous = body.get("previous_response_id")
    _require(
        not previous or before is not None, f"Previous response with id {previous!r} not found.", "previous_response_id"
    )
    given = body.get("input")
    _require(bool(given), "Missing required parameter: 'input'.", "input")
    items = [*(before or ()), *([{"role": "user", "content": given}] if isinstance(given, str) else given or ())]
    _items_answered(items)
    for picture in _pictures(items):
        _picture(picture)
    tools = body.get("tools") or ()
    _tools([tool for tool in tools if tool["type"] == "function"], body)
    preview = any(tool["type"] == "computer_use_preview" for tool in tools)
    _require(
        not preview or body.get("truncation") == "auto", "computer_use_preview needs truncation 'auto'", "truncation"
    )


def _require(holds: bool, message: str, param: str | None = None) -> None:
    if not holds:
        raise BadRequest(message, param)


def _typed(body: Mapping[str, Any], kind: Any, extra: Sequence[str]) -> None:
    known = _without(body, extra)
    messages = known.get("messages")
    if isinstance(messages, list):
        # One by one, by who speaks: faster than to try each type of message, and the errors are of the right one.
        known["messages"] = []
        for index, message in enumerate(messages):
            _message(message, f"messages.[{index}]", extra)
    _fits(_adapter(kind), known)


def _message(message: Any, where: str, extra: Sequence[str]) -> None:
    role = message.get("role") if isinstance(message, dict) else None
    _require(isinstance(role, str) and role in _ROLES, f"{where}.role must be one of {', '.join(_ROLES)}", where)
    _fits(_adapter(_ROLES[str(role)]), _without(message, extra), where)


def _without(value: Mapping[str, Any], extra: Sequence[str]) -> dict[str, Any]:
    return {key: part for key, part in value.items() if key not in extra}


def _fits(adapter: TypeAdapter[Any], value: Any, where: str = "") -> None:
    try:
        _drain(adapter.validate_python(value, strict=True, extra="forbid"))
    except ValidationError as error:
        raise BadRequest(_told(error, where), where or None) from error


def _drain(value: Any) -> None:
    """Goes through all of it: what is an ``Iterable`` in a type is not looked at before."""
    if isinstance(value, Mapping):
        value = value.values()
    if not isinstance(value, str | bytes) and hasattr(value, "__iter__"):
        for part in value:
            _drain(part)


def _told(error: ValidationError, where: str) -> str:
    """The likeliest of the errors: of a union each member complains, and most of them about what they are not."""
    problems = [problem for problem in error.errors() if problem["type"] != "literal_error"] or error.errors()
    told = [f"{'.'.join(filter(None, [where, *map(str, problem['loc'])]))}: {problem['msg']}" for problem in problems]
    return "; ".join(told[:4]) + (f"; and {len(told) - 4} more" if len(told) > 4 else "")


def _numbers(body: Mapping[str, Any]) -> None:
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        _require(value is None or least <= value <= most, f"{name} is {value}; it must be {least} to {most}", name)


def _answered(messages: Sequence[Mapping[str, Any]]) -> None:
    """Each call of an assistant is answered once, by the messages right behind it."""
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        where = f"messages.[{index}]"
        if message["role"] == "tool":
            _require(
                message["tool_call_id"] in open_calls,
                f"{where}: 'tool' must answer a call that is open, not {message['tool_call_id']!r}; open: {open_calls}",
                where,
            )
            open_calls.remove(message["tool_call_id"])
            continue
        _none_open(open_calls, where)
        if message["role"] == "assistant":
            open_calls = _said(message, where)
    _none_open(open_calls, "the end of messages")


def _said(message: Mapping[str, Any], where: str) -> list[str]:
    """The ids of what an assistant's message calls."""
    made = message.get("tool_calls")
    _require(made is None or bool(made), f"[] is too short - '{where}.tool_calls'", where)
    _require(
        bool(made) or message.get("content") is not None or bool(message.get("refusal")), f"{where} says nothing", where
    )
    ids = [one["id"] for one in made or ()]
    _require(len(set(ids)) == len(ids), f"{where}: two calls have one id: {ids}", where)
    return ids


def _none_open(open_calls: Sequence[str], where: str) -> None:
    told = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    _require(not open_calls, f"{told} Not answered before {where}: {', '.join(open_calls)}", where)


def _items_answered(items: Sequence[Mapping[str, Any]]) -> None:
    """Each call has one output, which comes later, and thoughts come before what they led to."""
    called: dict[str, Mapping[str, Any]] = {}
    done: set[str] = set()
    for index, item in enumerate(items):
        kind = item.get("type", "message")
        if kind in _OUTPUTS.values():
            _require(item["call_id"] not in called, f"input[{index}]: {item['call_id']!r} was called before", "input")
            called[item["call_id"]] = item
        if kind in _OUTPUTS:
            call = called.get(item["call_id"])
            fits = call is not None and call["type"] == _OUTPUTS[kind]
            _require(fits, f"No tool call found for {kind} with call_id {item['call_id']}.", "input")
            _require(item["call_id"] not in done, f"input[{index}]: {item['call_id']!r} has two outputs", "input")
            done.add(item["call_id"])
            _acknowledged(call or {}, item)
        if kind == "reasoning":
            following = items[index + 1] if index + 1 < len(items) else {}
            own = following.get("role") == "assistant" or following.get("type") in {*_OUTPUTS.values(), "reasoning"}
            _require(own, f"reasoning {item.get('id')!r} was provided without its required following item.", "input")
    left = [name for name in called if name not in done]
    _require(not left, f"No tool output found for function call {', '.join(left)}.", "input")


def _acknowledged(call: Mapping[str, Any], output: Mapping[str, Any]) -> None:
    wanted = {check["id"] for check in call.get("pending_safety_checks") or ()}
    given = {check["id"] for check in output.get("acknowledged_safety_checks") or ()}
    _require(wanted <= given, f"safety checks were not acknowledged: {sorted(wanted - given)}", "input")


def _tools(functions: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> None:
    tools = body.get("tools")
    _require(tools is None or bool(tools), "[] is too short - 'tools'", "tools")
    for name in ("tool_choice", "parallel_tool_calls"):
        only = f"'{name}' is only allowed when 'tools' are specified."
        _require(bool(tools) or body.get(name) is None, only, name)
    names = [function["name"] for function in functions]
    for function in functions:
        _require(bool(_NAME.fullmatch(function["name"])), f"{function['name']!r} is no name of a function", "tools")
        _schema(json.dumps(function.get("parameters") or {}), bool(function.get("strict")))
    _require(len(set(names)) == len(names), f"two functions have one name: {names}", "tools")
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping) and choice.get("type") == "function":
        chosen = choice.get("name") or choice["function"]["name"]
        _require(chosen in names, f"Tool choice {chosen!r} not found in 'tools'.", "tool_choice")


@functools.lru_cache(maxsize=256)
def _schema(text: str, strict: bool) -> None:
    schema = json.loads(text)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise BadRequest(f"Invalid schema: {error.message}", "tools") from error
    _require(
        schema.get("type", "object") == "object", f"schema must be of type 'object', not {schema.get('type')}", "tools"
    )
    if strict:
        _require(schema.get("additionalProperties") is False, "strict needs additionalProperties false", "tools")
        all_required = set(schema.get("required") or ()) == set(schema.get("properties") or {})
        _require(all_required, "strict needs each property in 'required'", "tools")


def _pictures(value: Any) -> Iterator[str]:
    """The addresses of all pictures in a conversation."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _pictures(part)
    if not isinstance(value, Mapping):
        return
    address = value.get("image_url")
    if address is not None:
        yield address["url"] if isinstance(address, Mapping) else address
    for key in ("content", "output"):
        yield from _pictures(value.get(key))


def _picture(address: str) -> None:
    found = _DATA.match(address)
    _require(bool(found) or address.startswith(("http://", "https://")), f"no picture: {address[:60]!r}", "image_url")
    if found is None:
        return
    try:
        data = base64.b64decode(address[found.end() :], validate=True)
    except binascii.Error as error:
        raise BadRequest(f"the picture is no base64: {error}", "image_url") from error
    _require(data.startswith(_MAGIC[found[1]]), f"the picture is no {found[1]}", "image_url")
