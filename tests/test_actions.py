"""What agents write is read as the action it means, or refused in words; nothing of it is executed."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.actions import (
    KEYS,
    Action,
    Batch,
    Click,
    Done,
    DoubleClick,
    DragTo,
    Fail,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    Python,
    RightClick,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
    parse_action,
    to_pyautogui,
)
from agentgym.actions.limits import MAX_TEXT
from agentgym.errors import ActionError

_pixels = st.integers(-(10**9), 10**9)
_places = st.one_of(st.just((None, None)), st.tuples(_pixels, _pixels))
_buttons = st.sampled_from(["left", "middle", "right"])
_keys = st.sampled_from(sorted(KEYS)).flatmap(lambda key: st.sampled_from([key, key.upper()]))
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_turns = st.integers(-1000, 1000)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_single = st.one_of(
    st.builds(MoveTo, _pixels, _pixels),
    st.builds(
        lambda place, button, clicks: Click(place[0], place[1], button, clicks), _places, _buttons, st.integers(1, 10)
    ),
    st.builds(MouseDown, _buttons),
    st.builds(MouseUp, _buttons),
    st.builds(lambda place: RightClick(*place), _places),
    st.builds(lambda place: DoubleClick(*place), _places),
    st.builds(DragTo, _pixels, _pixels, _buttons),
    st.builds(lambda dx, dy, at: Scroll(dx, dy, *at), _turns, _turns, _places),
    st.builds(TypeText, _text),
    st.builds(Press, _keys, st.integers(1, 1000)),
    st.builds(KeyDown, _keys),
    st.builds(KeyUp, _keys),
    st.builds(Hotkey, st.lists(_keys, min_size=1, max_size=4).map(tuple)),
    st.builds(Wait, st.none() | st.floats(0, 60)),
    st.just(Done()),
    st.just(Fail()),
    st.builds(Python, _text),
    st.builds(ToolCall, _text, st.dictionaries(_text, _json, max_size=3), st.none() | _text),
)
_actions = st.recursive(
    _single, lambda parts: st.lists(parts, max_size=4).map(lambda parts: Batch(tuple(parts))), max_leaves=6
)


@pytest.mark.episodes
@settings(max_examples=500, deadline=None)
@given(_actions)
def test_pyautogui_text_of_every_action_reads_back_as_the_same_action(action: Action) -> None:
    read = parse_action(action)
    assert parse_action(to_pyautogui(read)) == read
    assert parse_action(msgspec.json.encode(read).decode()) == read
    if not _names_keys(action):
        assert read == action


def _names_keys(action: Action) -> bool:
    """Whether keys are in it, which are read in any case and come back in lower case."""
    parts = action.actions if isinstance(action, Batch) else (action,)
    return any(isinstance(part, Press | KeyDown | KeyUp | Hotkey) for part in parts)


def test_longest_text_comes_back_whatever_its_characters() -> None:
    action = TypeText("\U000e0001" * MAX_TEXT)
    assert parse_action(to_pyautogui(action)) == parse_action(action) == action


@pytest.mark.parametrize(
    ("raw", "action"),
    [
        ({"action_type": "CLICK", "x": np.int64(3), "y": np.float64(4)}, Click(3, 4)),
        ({"action_type": "CLICK", "coordinate": np.array([3, 4])}, Click(3, 4)),
        ({"action_type": "CLICK", "coordinate": (3, 4)}, Click(3, 4)),
        ({"kind": "Press", "key": np.str_("a"), "presses": np.uint8(2)}, Press("a", 2)),
        (Click(np.int32(3), np.int32(4)), Click(3, 4)),  # type: ignore[arg-type]  # numpy's numbers are no ints
        ({"name": "plot", "arguments": {"points": np.array([[1.5]]), "pair": (1, 2)}},
         ToolCall("plot", {"points": [[1.5]], "pair": [1, 2]})),
    ],
)  # fmt: skip
def test_numbers_may_be_numpys(raw: Any, action: Action) -> None:
    assert parse_action(raw) == action


def test_batches_are_one_sequence_however_deep() -> None:
    one = Batch((Press("a"),))
    assert Batch((Batch((one, Batch(()))), one)).actions == (Press("a"), Press("a"))
    assert parse_action({"kind": "Batch", "actions": [{"kind": "Batch", "actions": []}]}) == Batch(())
    assert parse_action("agentgym.batch(agentgym.batch(WAIT, WAIT))") == Batch((Wait(), Wait()))


def test_backslashes_are_typed_as_they_stand() -> None:
    assert parse_action(r"pyautogui.write('C:\d')") == TypeText(r"C:\d")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("pyautogui.click(40, 60)", Click(40, 60)),
        ("pyautogui.click(x=40.4, y=59.6)", Click(40, 60)),
        ("pyautogui.click((40, 60))", Click(40, 60)),
        ("pyautogui.click(40, 60, 2, 0.25, 'right')", Click(40, 60, "right", 2)),
        ("pyautogui.click(button=pyautogui.MIDDLE)", Click(button="middle")),
        ("pyautogui.tripleClick(1, 2)", Click(1, 2, clicks=3)),
        ("pyautogui.doubleClick(1, 2)", DoubleClick(1, 2)),
        ("pyautogui.moveTo(3, 4, duration=0.5, tween=pyautogui.easeInOutQuad)", MoveTo(3, 4)),
        ("pyautogui.dragTo(3, 4, 0.5, button='left')", DragTo(3, 4)),
        ("pyautogui.mouseDown(5, 6)", Batch((MoveTo(5, 6), MouseDown()))),
        ("pyautogui.scroll(-3)", Scroll(0, -3)),
        ("pyautogui.hscroll(2, x=1, y=1)", Scroll(2, 0, 1, 1)),
        ("pyautogui.typewrite('a<b', interval=0.1)", TypeText("a<b")),
        ("pyautogui.write(['a', 'enter'])", Batch((Press("a"), Press("enter")))),
        ("pyautogui.press('ENTER', presses=2)", Press("enter", 2)),
        ("pyautogui.press(['up', 'down'])", Batch((Press("up"), Press("down")))),
        ("pyautogui.hotkey('ctrl', 'shift', 't')", Hotkey(("ctrl", "shift", "t"))),
        ("pyautogui.hotkey(['ctrl', 'c'])", Hotkey(("ctrl", "c"))),
        ("time.sleep(1)", Wait(1.0)),
        ("import pyautogui; import time; pyautogui.press('a'); time.sleep(2)", Batch((Press("a"), Wait(2.0)))),
        ("```python\npyautogui.press('a')\n```", Press("a")),
        ("pyautogui.FAILSAFE = False\npyautogui.press('a')", Press("a")),
        ("done", Done()),
        ("FAIL", Fail()),
        (" WAIT \n", Wait()),
        ('{"action_type": "CLICK", "parameters": {"x": 1, "y": 2}}', Click(1, 2)),
    ],
)
def test_text_is_read(text: str, action: Action) -> None:
    assert parse_action(text) == action


@pytest.mark.parametrize(
    ("raw", "action"),
    [
        ({"action_type": "CLICK", "parameters": {"x": 1, "y": 2}}, Click(1, 2)),
        ({"action_type": "CLICK", "parameters": {"button": "right", "num_clicks": 3}}, Click(None, None, "right", 3)),
        ({"action_type": "MOVE_TO", "x": 1, "y": 2}, MoveTo(1, 2)),
        ({"action_type": "MOUSE_DOWN", "parameters": {}}, MouseDown()),
        ({"action_type": "MOUSE_UP", "parameters": {"button": "right"}}, MouseUp("right")),
        ({"action_type": "RIGHT_CLICK", "parameters": {}}, RightClick()),
        ({"action_type": "DOUBLE_CLICK", "parameters": {"x": 1, "y": 2}}, DoubleClick(1, 2)),
        ({"action_type": "DRAG_TO", "parameters": {"x": 1, "y": 2}}, DragTo(1, 2)),
        ({"action_type": "SCROLL", "parameters": {"dx": 1, "dy": -2}}, Scroll(1, -2)),
        ({"action_type": "TYPING", "parameters": {"text": "é"}}, TypeText("é")),
        ({"action_type": "PRESS", "parameters": {"key": "enter"}}, Press("enter")),
        ({"action_type": "KEY_DOWN", "parameters": {"key": "shift"}}, KeyDown("shift")),
        ({"action_type": "KEY_UP", "parameters": {"key": "shift"}}, KeyUp("shift")),
        ({"action_type": "HOTKEY", "parameters": {"keys": ["ctrl", "s"]}}, Hotkey(("ctrl", "s"))),
        ({"action_type": "WAIT"}, Wait()),
        ({"action_type": "DONE", "parameters": {}}, Done()),
        ({"action_type": "FAIL"}, Fail()),
        ({"action_type": "click", "coordinate": [3, 4]}, Click(3, 4)),
        ({"action_type": "click", "coordinate": [3, 4], "clicks": 2}, Click(3, 4, clicks=2)),
        ({"action_type": "type", "text": "hello"}, TypeText("hello")),
        ({"action_type": "key", "key": "enter"}, Press("enter")),
        ({"action_type": "key", "key": "ctrl+s"}, Hotkey(("ctrl", "s"))),
        ({"action_type": "key", "key": "+"}, Press("+")),
        ({"action_type": "hotkey", "keys": ["alt", "f4"]}, Hotkey(("alt", "f4"))),
        ({"action_type": "scroll", "coordinate": [1, 2], "clicks": -5}, Scroll(0, -5, 1, 2)),
        ({"action_type": "pyautogui", "command": "pyautogui.press('a')"}, Press("a")),
        ({"kind": "Click", "x": 1, "y": 2}, Click(1, 2)),
        ({"name": "bash", "arguments": {"command": "ls"}}, ToolCall("bash", {"command": "ls"})),
    ],
)
def test_dict_is_read(raw: dict[str, Any], action: Action) -> None:
    assert parse_action(raw) == action


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch {mark}')",
        "pyautogui.write(open('/etc/passwd').read())",
        "[pyautogui.click(x, 1) for x in range(3)]",
        "pyautogui.click.__globals__['os'].system('touch {mark}')",
        "pyautogui.pyscreeze.subprocess.run(['touch', '{mark}'])",
        "getattr(pyautogui, 'click')(1, 2)",
        "(lambda: pyautogui.click(1, 2))()",
        "exec('import os')",
        "import os",
        "from pyautogui import click",
        "pyautogui.write(f'{{1 + 1}}')",
        "pyautogui.click(*range(2))",
        "pyautogui.click(**{{'x': 1}})",
        "pyautogui.click(x := 1, 2)",
        "x = 1",
        "while True: pass",
        "pyautogui.screenshot('{mark}')",
        "pyautogui.alert('hello')",
        "pyautogui.press(pyautogui.KEYBOARD_KEYS)",
        "pyautogui.FAILSAFE",
        "pyautogui.FAILSAFE = __import__('os').system('touch {mark}'); pyautogui.press('a')",
        "pyautogui.PAUSE = open('{mark}', 'w'); pyautogui.press('a')",
        "pyautogui.click(1, 2, tween=__import__('os').system('touch {mark}'))",
        "pyautogui.click(1, 2, tween=easing)",
        "",
        "   ",
        "I would click the button.",
        "pyautogui.click(",
        "\x00",
        "pyautogui.write(" + "(" * 1000 + ")" * 1000 + ")",
        "-" * 100_000 + "1",
        "pyautogui.press('a')\n" * 20_000,
    ],
)
def test_what_is_no_literal_call_is_refused_unexecuted(text: str, tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(ActionError):
        parse_action(text.replace("{mark}", str(mark)))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("pyautogui.press('entr')", "did you mean 'enter'"),
        ("pyautogui.clik(1, 2)", "pyautogui.clik is not an action"),
        ("pyautogui.click(1)", "needs both x and y"),
        ("pyautogui.click(1, 2, colour='red')", "no argument 'colour'"),
        ("pyautogui.click(1, 2, x=3)", "got 'x' twice"),
        ("pyautogui.click(x=1, y=2, x=3)", "click got 'x' twice"),
        ("pyautogui.click(1, 2, clicks=0)", "from 1 to 10"),
        ("pyautogui.click(1, 2, button='upper')", "no mouse button 'upper'"),
        ("pyautogui.click(float('nan'), 1)", "not allowed"),
        ("pyautogui.click('a', 'b')", "must be a number of pixels"),
        ("pyautogui.move(1, 2)", "moveTo"),
        ("pyautogui.hotkey()", "at least one key"),
        ("time.sleep(-1)", "number of seconds"),
        ({"action_type": "CLIK"}, "did you mean 'CLICK'"),
        ({"action_type": "TYPING", "parameters": {}}, "needs 'text'"),
        ({"action_type": "MOVE_TO", "parameters": {}}, "needs 'coordinate'"),
        ({"action_type": "click", "coordinate": [1]}, "a pair"),
        ({"action_type": "click", "coordinate": "1,2"}, r"must be \[x, y\]"),
        ({"action_type": 3}, "must be a name"),
        ({"kind": "Click", "x": "left"}, r"at `\$\.x`"),
        ({"kind": "Clic"}, "Clic"),
        ({"name": "bash", "arguments": "ls"}, "a tool call is"),
        ({"verb": "click"}, "'action_type', a 'kind'"),
        ('{"action_type": ', "not a JSON object"),
        (5, "not int"),
        (None, "not NoneType"),
    ],
)
def test_refusal_says_what_was_given_and_what_would_be_right(raw: Any, says: str) -> None:
    with pytest.raises(ActionError, match=says):
        parse_action(raw)


def test_action_is_read_as_itself() -> None:
    assert parse_action(Click(1, 2)) is not None
    assert parse_action(Batch((Done(),))) == Batch((Done(),))


def test_actions_within_actions_become_one_sequence() -> None:
    assert parse_action("pyautogui.mouseDown(1, 2); pyautogui.press(['a', 'b'])") == Batch(
        (MoveTo(1, 2), MouseDown(), Press("a"), Press("b"))
    )
