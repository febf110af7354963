"""Whatever an agent may come to write, it is an action that can be kept, or is refused in few words."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.actions import (
    Action,
    Batch,
    Click,
    Done,
    Hotkey,
    Press,
    Python,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
    parse_action,
    to_pyautogui,
)
from agentgym.actions._calls import CALLS
from agentgym.errors import ActionError

_OURS = ("python", "tool", "scroll", "batch")

_names = st.sampled_from(
    [
        "action_type",
        "kind",
        "name",
        "parameters",
        "arguments",
        "coordinate",
        "x",
        "y",
        "dx",
        "dy",
        "clicks",
        "num_clicks",
        "button",
        "key",
        "keys",
        "text",
        "seconds",
        "presses",
        "actions",
        "command",
        "code",
    ]
)
_words = st.sampled_from(
    [
        "CLICK",
        "click",
        "SCROLL",
        "TYPING",
        "TYPE",
        "KEY",
        "PRESS",
        "HOTKEY",
        "DRAG",
        "PYAUTOGUI",
        "WAIT",
        "Click",
        "Scroll",
        "TypeText",
        "Press",
        "Hotkey",
        "Wait",
        "Batch",
        "ToolCall",
        "Python",
        "left",
        "ctrl+s",
        "enter",
    ]
)
_anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([5000, 30]).map(lambda digits: -(10**digits)),
        st.sampled_from([np.int64(3), np.float32(2.5), np.array([3, 4]), np.array([[1]]), object()]),
        st.floats(),
        st.binary(max_size=3),
        st.text(max_size=5),
        _words,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(_names | st.integers() | st.text(max_size=3), inner, max_size=4),
        st.builds(Click, inner, inner, inner, inner),
        st.builds(Scroll, inner, inner, inner),
        st.builds(Press, inner, inner),
        st.builds(TypeText, inner),
        st.builds(Wait, inner),
        st.builds(ToolCall, inner, inner),
        st.builds(lambda parts: Batch(tuple(parts)), st.lists(inner, max_size=3)),
    ),
    max_leaves=8,
)
_dicts = st.builds(
    lambda name, word, rest: {**rest, name: word}, _names, _words, st.dictionaries(_names, _anything, max_size=5)
)
_literals = st.one_of(
    st.integers(-99, 99).map(repr),
    st.text(max_size=5).map(repr),
    st.sampled_from(
        ["0x" + "f" * 5000, "1e999", "[1, 2]", "*5", "*[1]", "None", "{[]: 1}", "True", "b'a'", "...", "-1j"]
    ),
)
_calls = st.builds(
    lambda name, arguments: f"{name}({', '.join(arguments)})",
    st.sampled_from([*(f"pyautogui.{name}" for name in CALLS), "time.sleep", *map("agentgym.{}".format, _OURS)]),
    st.lists(_literals | st.builds("{}={}".format, _names, _literals), max_size=4),
)


@pytest.mark.episodes
@settings(max_examples=700, deadline=None)
@given(st.one_of(_anything, _dicts, _calls, st.text(max_size=40)))
def test_anything_at_all_is_read_as_an_action_that_can_be_kept_or_refused(raw: Any) -> None:
    try:
        read = parse_action(raw)
    except ActionError:
        return
    assert parse_action(to_pyautogui(read)) == read
    assert msgspec.json.decode(msgspec.json.encode(read), type=Action) == read


_cycle: dict[str, Any] = {"action_type": "TYPING"}
_cycle["text"] = [_cycle]
_deep: Any = Done()
for _ in range(5000):
    _deep = {"kind": "Batch", "actions": [_deep]}


@pytest.mark.parametrize(
    "raw",
    [
        "pyautogui.click(*5)",
        "pyautogui.click(*'ab')",
        f"pyautogui.click(0x{'f' * 5000}, 1)",
        f"pyautogui.press('a', presses=0x{'f' * 5000})",
        f"pyautogui.scroll(0x{'f' * 5000})",
        f"time.sleep(0x{'f' * 5000})",
        f"agentgym.scroll(0x{'f' * 5000}, 1)",
        "agentgym.scroll(0, True)",
        {"action_type": "CLICK", "x": 10**5000, "y": 1},
        {"kind": "Click", "x": 10**5000, "y": 1},
        {"kind": "TypeText", "text": "\ud800"},
        "pyautogui.write('\\ud800')",
        {"name": "bash", "arguments": {"command": "\ud800"}},
        {"name": "bash", "arguments": {"command": b"ls"}},
        {"name": "bash", "arguments": {"command": object()}},
        {"action_type": "TYPING", "text": b"ab"},
        {"action_type": "CLICK", "coordinate": b"ab"},
        {"action_type": "CLICK", 5: 6},
        {"action_type": "SCROLL", "dy": float("nan")},
        _cycle,
        _deep,
        Click("a", "b"),  # type: ignore[arg-type]  # the points of the test
        Click(1.5, 2),  # type: ignore[arg-type]
        Click(1, 1, "foo"),  # type: ignore[arg-type]
        Click(5, None),
        Click(None, 5),
        Click(1, 1, clicks=11),
        Scroll(1, 0, 5),
        Scroll(0, 1001),
        Press("a", 1.5),  # type: ignore[arg-type]
        Press("a", 2000),
        Press("nokey"),
        Hotkey(()),
        Hotkey(("a",) * 21),
        Wait("a"),  # type: ignore[arg-type]
        Wait(float("inf")),
        Wait(-1.0),
        {"kind": "Wait", "seconds": float("inf")},
        TypeText("x" * 20_001),
        Python("x" * 20_001),
        Batch((TypeText("\U000e0001" * 20_000),) * 2),
        "pyautogui.press(['a', 'b'], presses=501)",
        "agentgym.batch(x=1)",
    ],
    ids=lambda raw: type(raw).__name__,
)
def test_malformed_action_is_refused_whatever_is_wrong_with_it(raw: Any) -> None:
    with pytest.raises(ActionError) as caught:
        parse_action(raw)
    assert len(str(caught.value)) < 1500


_LONG = "x" * 100_000


@pytest.mark.parametrize(
    "raw",
    [
        f"pyautogui.press('{_LONG}')",
        f"pyautogui.{_LONG}()",
        f"agentgym.{_LONG}()",
        f"agentgym.python(1, '{_LONG}')",
        f"agentgym.tool('{{\"{_LONG}\": 1}}')",
        f"pyautogui.click({_LONG}=1)",
        f"pyautogui.click('{_LONG}', 1)",
        f"pyautogui.click(button='{_LONG}')",
        f"pyautogui.write({[1] * 9999})",
        f"pyautogui.hotkey({{'{_LONG}'}})",
        f"{{{_LONG}",
        {"action_type": _LONG},
        {"action_type": [_LONG]},
        {"action_type": "CLICK", "parameters": _LONG},
        {"action_type": "CLICK", "coordinate": [_LONG]},
        {"action_type": "CLICK", "coordinate": _LONG},
        {"action_type": "KEY", "key": _LONG},
        {"action_type": "HOTKEY", "keys": {_LONG: 1}},
        {"action_type": "PYAUTOGUI", "command": [_LONG]},
        {"kind": _LONG},
        {"name": "bash", _LONG: 1},
        {_LONG: 1},
    ],
    ids=lambda raw: str(raw)[:30],
)
def test_refusal_is_short_however_long_the_action(raw: Any) -> None:
    with pytest.raises(ActionError) as caught:
        parse_action(raw)
    assert len(str(caught.value)) < 1500
