"""What is read as calls."""

from __future__ import annotations

import json
import re
import warnings
from collections import UserDict
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionMessage
from openai.types.responses import Response

from agentgym.actions import Batch, Click, Done, Fail, ToolCall, Wait
from agentgym.errors import ActionError
from agentgym.tools import TornCall, read_calls

CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
MESSAGE = {"role": "assistant", "content": None, "tool_calls": [CALL]}
CHOICE = {"index": 0, "finish_reason": "tool_calls", "message": MESSAGE}
COMPLETION = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [CHOICE],
}
ITEM = {"type": "function_call", "id": "fc", "call_id": "call_1", "name": "add", "arguments": '{"a": 1}'}
RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {"type": "reasoning", "id": "rs", "summary": []},
        ITEM,
    ],
}
ASKED = (ToolCall("add", {"a": 1}, "call_1"),)


@pytest.mark.parametrize(
    "raw",
    [
        ToolCall("add", {"a": 1}, "call_1"),
        {"name": "add", "arguments": {"a": 1}, "id": "call_1"},
        {"name": "add", "arguments": '{"a": 1}', "id": "call_1"},
        {"kind": "ToolCall", "name": "add", "arguments": {"a": 1}, "id": "call_1"},
        UserDict(name="add", arguments={"a": np.int64(1)}, id="call_1"),
        Batch((ToolCall("add", {"a": 1}, "call_1"),)),
        CALL,
        MESSAGE,
        COMPLETION,
        RESPONSE,
        RESPONSE["output"],
        ChatCompletion.model_validate(COMPLETION),
        ChatCompletion.model_validate(COMPLETION).choices[0].message,
        ChatCompletion.model_validate(COMPLETION).choices[0].message.tool_calls,
        Response.model_validate(RESPONSE),
        Response.model_validate(RESPONSE).output,
        Response.model_validate(RESPONSE).output[1],
    ],
    ids=lambda raw: type(raw).__name__,
)
def test_every_form_of_a_call(raw: Any) -> None:
    assert read_calls(raw) == ASKED
    if raw in (CALL, MESSAGE, COMPLETION, RESPONSE):
        text = msgspec.json.encode(raw).decode()
        assert read_calls(text) == read_calls(f"```json\n{text}\n```") == read_calls([raw]) == ASKED


def test_several_calls_keep_their_order() -> None:
    asked = read_calls('[{"name": "a"}, {"name": "b", "arguments": {}}, {"kind": "Done"}]')
    assert asked == (ToolCall("a"), ToolCall("b"), Done())


@pytest.mark.parametrize(
    ("raw", "asked"),
    [
        ("DONE", (Done(),)),
        (" fail\n", (Fail(),)),
        ("WAIT", ()),
        (Wait(), ()),
        (Done(), (Done(),)),
        ({"action_type": "FAIL"}, (Fail(),)),
        ([], ()),
        ({"name": "f", "arguments": ""}, (ToolCall("f"),)),
        ({"name": "f", "arguments": None}, (ToolCall("f"),)),
    ],
)
def test_words_and_nothing(raw: Any, asked: Any) -> None:
    assert read_calls(raw) == asked


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "not JSON"),
        ("pyautogui.click(1, 2)", 'not JSON: .*; a tool call is {"name"'),
        ("3", "a tool call is .*; given was 3"),
        ({"name": 3}, "name of a tool is text, not 3"),
        ({"name": "f", "id": 3}, "id of a call is text, not 3"),
        ({"arguments": {}}, "a tool call is"),
        ({"role": "assistant", "content": "Hello!"}, "the message calls no tool: 'Hello!'"),
        ({"choices": []}, "without a choice"),
        ({"output": [{"type": "reasoning"}]}, "the response calls no tool"),
        (Click(1, 2), "an action here is a tool call"),
        ({"kind": "Click", "x": 1, "y": 2}, "no screen here for Click"),
        ("[" * 100_000, "not JSON"),
        ([{"name": "f"}] * 101, "101 calls in one action; at most 100"),
        (None, "given was None"),
        ([{"type": "text", "text": "Hello!"}], "no tool is called in"),
        ({"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]}, "the message calls no tool"),
        ([{"name": "f"}, "Hello!"], "a tool call, .*; given was 'Hello!'"),
        ("Look:\n```json\n{", "not JSON"),
        (ToolCall("f", {"a": object()}), "must be plain JSON"),
    ],
)
def test_what_cannot_be_read_is_refused(raw: Any, says: str) -> None:
    with pytest.raises(ActionError, match=says):
        read_calls(raw)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([1], r"arguments of 'f' are an object, not \[1\]"),
        ('{"a": ', "arguments of 'f' are no JSON"),
        ({"a": object()}, "must be plain JSON"),
        ({"a": float("nan")}, "no number that is nan"),
        ({3: 4}, "keys of an action are text, not 3"),
        ({"a": "\ud800"}, "must be plain JSON"),
        ({"a": "x" * 300_000}, "at most 262144"),
    ],
)
def test_a_call_with_torn_arguments_is_told_apart_from_those_beside_it(arguments: Any, says: str) -> None:
    before, torn, after = read_calls([CALL, {"name": "f", "arguments": arguments, "id": "call_2"}, CALL])
    assert (before, after) == ASKED * 2
    assert isinstance(torn, TornCall)
    assert (torn.name, torn.arguments, torn.id) == ("f", {}, "call_2")
    assert re.search(says, torn.fault)
    assert read_calls(torn) == (torn,)


def test_torn_arguments_keep_no_other_call_of_an_answer_from_being_read() -> None:
    torn = {"id": "call_2", "type": "function", "function": {"name": "add", "arguments": '{"a": '}}
    message = {**MESSAGE, "tool_calls": [CALL, torn]}
    completion = ChatCompletion.model_validate({**COMPLETION, "choices": [{**CHOICE, "message": message}]})
    item = {**ITEM, "call_id": "call_2", "arguments": '{"a": '}
    response = Response.model_validate({**RESPONSE, "output": [ITEM, item]})
    for raw in (message, completion, response, response.output, [CALL, torn]):
        good, bad = read_calls(raw)
        assert good == ASKED[0]
        assert isinstance(bad, TornCall)
        assert bad.id == "call_2"


TOOL_USE = {"type": "tool_use", "id": "call_1", "name": "add", "input": {"a": 1}}
SAID = {"type": "text", "text": "I will add."}


@pytest.mark.parametrize(
    "raw",
    [
        TOOL_USE,
        [SAID, TOOL_USE],
        [{"type": "thinking", "thinking": "…"}, TOOL_USE, SAID],
        {"role": "assistant", "content": [SAID, TOOL_USE]},
        {"type": "message", "role": "assistant", "content": [SAID, TOOL_USE], "stop_reason": "tool_use"},
        [{"type": "message", "role": "assistant", "content": [SAID, TOOL_USE]}],
        {"name": "add", "parameters": {"a": 1}, "id": "call_1"},
        {"type": "function", "name": "add", "parameters": {"a": 1}, "id": "call_1"},
    ],
)
def test_calls_as_other_makers_models_write_them(raw: Any) -> None:
    assert read_calls(raw) == read_calls(json.dumps(raw)) == ASKED


def test_a_word_may_stand_among_calls() -> None:
    assert read_calls([CALL, "DONE"]) == read_calls(json.dumps([CALL, "done"])) == (*ASKED, Done())


def test_fences_are_read_with_sentences_around_them() -> None:
    block = "```json\n{}\n```"
    text = json.dumps(CALL)
    once = block.format(text)
    for around in (f"I add.\n{once}", f"{once}\nThat is it.", f"So: {once}\n", f"a\r\n{once}", f"```\n{text}```"):
        assert read_calls(around) == ASKED
    assert read_calls(f"First\n{once}\nthen\n{once}\nand\n```\nDONE\n```") == (*ASKED, *ASKED, Done())
    quoting = {"name": "write", "arguments": {"text": "```py\n1\n```"}}
    assert read_calls(json.dumps(quoting)) == read_calls(block.format(json.dumps(quoting, indent=1)))


def test_what_contains_itself_is_refused() -> None:
    arguments: dict[str, Any] = {}
    arguments["again"] = arguments
    (torn,) = read_calls({"name": "f", "arguments": arguments})
    assert isinstance(torn, TornCall)
    calls: list[Any] = []
    calls.append(calls)
    with pytest.raises(ActionError):
        read_calls(calls)


def test_the_arguments_are_a_copy() -> None:
    arguments = {"a": [1]}
    (asked,) = read_calls({"name": "f", "arguments": arguments})
    arguments["a"].append(2)
    assert asked == ToolCall("f", {"a": [1]})


def test_a_client_that_warns_is_read_quietly() -> None:
    message = ChatCompletionMessage.model_validate(MESSAGE)
    message.content = 3  # type: ignore[assignment]  # as servers that are nearly compatible have it
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_calls(message) == ASKED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(
    ("name", "arguments", "id", "type", "function", "tool_calls", "choices", "message", "output", "kind", "action_type")
)
WORDS = st.sampled_from(("add", "function", "function_call", "ToolCall", "Done", "{}", "assistant"))


@pytest.mark.episodes
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, WORDS | JSON | st.dictionaries(KEYS, WORDS | JSON), max_size=5) | JSON)
def test_nothing_but_an_action_error_is_raised(raw: Any) -> None:
    for given_so in (raw, [raw], repr(raw)):
        try:
            asked = read_calls(given_so)
        except ActionError:
            continue
        assert all(isinstance(one, ToolCall | Done | Fail) for one in asked)
        assert msgspec.json.decode(msgspec.json.encode(asked), type=list[ToolCall | TornCall | Done | Fail]) == list(
            asked
        )
