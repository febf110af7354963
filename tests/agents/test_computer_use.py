import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ComputerAction
from pydantic import TypeAdapter

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
    Scroll,
    TypeText,
    Wait,
    parse_action,
    to_pyautogui,
)
from agentgym.agents.computer_keys import key_name
from agentgym.agents.computer_tools import ANTHROPIC_ACTIONS, OPENAI_ACTIONS
from agentgym.agents.computer_use import definition, pointer_after, to_action, zoom_region
from agentgym.errors import ActionError, UsageError
from tests.modelserver import check_chat, check_responses

SCREEN = (1280, 720)
PLACE = {"x": 10, "y": 20}
AT = {"coordinate": [10, 20]}


def held(key: str, *actions: Action) -> Batch:
    return Batch((KeyDown(key), *actions, KeyUp(key)))


OPENAI: list[tuple[dict[str, Any], Action]] = [
    ({"type": "click", **PLACE, "button": "left"}, Click(10, 20)),
    ({"type": "click", **PLACE, "button": "right"}, Click(10, 20, "right")),
    ({"type": "click", **PLACE, "button": "wheel"}, Click(10, 20, "middle")),
    ({"type": "click", **PLACE, "button": "back"}, Batch((MoveTo(10, 20), Press("browserback")))),
    ({"type": "click", **PLACE, "button": "forward"}, Batch((MoveTo(10, 20), Press("browserforward")))),
    ({"type": "click", **PLACE, "button": 3}, Click(10, 20, "right")),
    ({"type": "click", **PLACE, "button": "left", "keys": ["CTRL"]}, held("ctrl", Click(10, 20))),
    ({"type": "click", **PLACE, "button": "left", "keys": None}, Click(10, 20)),
    ({"type": "click", **PLACE, "button": "left", "keys": []}, Click(10, 20)),
    ({"type": "double_click", **PLACE, "keys": None}, DoubleClick(10, 20)),
    ({"type": "double_click", **PLACE, "keys": ["SHIFT"]}, held("shift", DoubleClick(10, 20))),
    ({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}, Batch((MoveTo(1, 2), DragTo(3, 4)))),
    ({"type": "drag", "path": [[1, 2], [3, 4]]}, Batch((MoveTo(1, 2), DragTo(3, 4)))),
    (
        {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}]},
        Batch((MoveTo(1, 2), MouseDown(), MoveTo(3, 4), MoveTo(5, 6), MouseUp())),
    ),
    (
        {"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "keys": ["ALT"]},
        held("alt", MoveTo(1, 2), DragTo(3, 4)),
    ),
    ({"type": "keypress", "keys": ["ENTER"]}, Press("enter")),
    ({"type": "keypress", "keys": ["CTRL", "A"]}, Hotkey(("ctrl", "a"))),
    ({"type": "keypress", "keys": ["CTRL+SHIFT+T"]}, Hotkey(("ctrl", "shift", "t"))),
    ({"type": "keypress", "keys": ["CMD", "SPACE"]}, Hotkey(("win", "space"))),
    ({"type": "keypress", "keys": ["ARROWDOWN"]}, Press("down")),
    ({"type": "keypress", "keys": ["/"]}, Press("/")),
    ({"type": "keypress", "keys": ["A"]}, Press("A")),
    ({"type": "keypress", "keys": "CTRL+S"}, Hotkey(("ctrl", "s"))),
    ({"type": "move", **PLACE}, MoveTo(10, 20)),
    ({"type": "move", **PLACE, "keys": ["SHIFT"]}, held("shift", MoveTo(10, 20))),
    ({"type": "screenshot"}, Wait()),
    ({"type": "scroll", **PLACE, "scroll_x": 0, "scroll_y": 300}, Scroll(dy=-3, x=10, y=20)),
    ({"type": "scroll", **PLACE, "scroll_x": 0, "scroll_y": -20}, Scroll(dy=1, x=10, y=20)),
    ({"type": "scroll", **PLACE, "scroll_x": 200, "scroll_y": 0}, Scroll(dx=2, x=10, y=20)),
    ({"type": "scroll", **PLACE, "scroll_x": 0, "scroll_y": 0}, Scroll(x=10, y=20)),
    (
        {"type": "scroll", **PLACE, "scroll_x": 0, "scroll_y": 99, "keys": ["CTRL"]},
        held("ctrl", Scroll(dy=-1, x=10, y=20)),
    ),
    ({"type": "type", "text": "Grüße\n"}, TypeText("Grüße\n")),
    ({"type": "wait"}, Wait(2.0)),
]

ANTHROPIC: list[tuple[dict[str, Any], Action]] = [
    ({"action": "key", "text": "Return"}, Press("return")),
    ({"action": "key", "text": "ctrl+s"}, Hotkey(("ctrl", "s"))),
    ({"action": "key", "text": "alt+Tab"}, Hotkey(("alt", "tab"))),
    ({"action": "key", "text": "ctrl+shift+Escape"}, Hotkey(("ctrl", "shift", "escape"))),
    ({"action": "key", "text": "Page_Down"}, Press("pagedown")),
    ({"action": "key", "text": "KP_0"}, Press("num0")),
    ({"action": "key", "text": "Down Down Return"}, Batch((Press("down"), Press("down"), Press("return")))),
    ({"action": "key", "text": "ctrl++"}, Hotkey(("ctrl", "+"))),
    ({"action": "key", "text": "ctrl+plus"}, Hotkey(("ctrl", "+"))),
    ({"action": "key", "text": "+"}, Press("+")),
    ({"action": "key", "text": " "}, Press(" ")),
    ({"action": "key", "text": "BackSpace", "repeat": 3}, Press("backspace", 3)),
    ({"action": "key", "text": "ctrl+z", "repeat": 2}, Batch((Hotkey(("ctrl", "z")), Hotkey(("ctrl", "z"))))),
    ({"action": "hold_key", "text": "w", "duration": 2}, held("w", Wait(2.0))),
    (
        {"action": "hold_key", "text": "ctrl+alt", "duration": 0.5},
        Batch((KeyDown("ctrl"), KeyDown("alt"), Wait(0.5), KeyUp("alt"), KeyUp("ctrl"))),
    ),
    ({"action": "type", "text": "a b"}, TypeText("a b")),
    ({"action": "cursor_position"}, Wait()),
    ({"action": "mouse_move", **AT}, MoveTo(10, 20)),
    ({"action": "left_mouse_down"}, MouseDown()),
    ({"action": "left_mouse_up"}, MouseUp()),
    ({"action": "left_click", **AT}, Click(10, 20)),
    ({"action": "left_click"}, Click()),
    ({"action": "left_click", "coordinate": None, "text": None}, Click()),
    ({"action": "left_click", **AT, "text": "ctrl"}, held("ctrl", Click(10, 20))),
    ({"action": "left_click", **AT, "key": "shift"}, held("shift", Click(10, 20))),
    (
        {"action": "left_click", **AT, "text": "ctrl+shift"},
        Batch((KeyDown("ctrl"), KeyDown("shift"), Click(10, 20), KeyUp("shift"), KeyUp("ctrl"))),
    ),
    ({"action": "left_click_drag", **AT}, DragTo(10, 20)),
    ({"action": "left_click_drag", **AT, "start_coordinate": [1, 2]}, Batch((MoveTo(1, 2), DragTo(10, 20)))),
    (
        {"action": "left_click_drag", **AT, "start_coordinate": [1, 2], "text": "shift"},
        held("shift", MoveTo(1, 2), DragTo(10, 20)),
    ),
    ({"action": "right_click", **AT}, Click(10, 20, "right")),
    ({"action": "middle_click", **AT}, Click(10, 20, "middle")),
    ({"action": "double_click", **AT}, DoubleClick(10, 20)),
    ({"action": "triple_click", **AT}, Click(10, 20, "left", 3)),
    ({"action": "scroll", **AT, "scroll_direction": "up", "scroll_amount": 3}, Scroll(dy=3, x=10, y=20)),
    ({"action": "scroll", **AT, "scroll_direction": "down", "scroll_amount": 3}, Scroll(dy=-3, x=10, y=20)),
    ({"action": "scroll", "scroll_direction": "left", "scroll_amount": 1}, Scroll(dx=-1)),
    ({"action": "scroll", "scroll_direction": "right", "scroll_amount": 1}, Scroll(dx=1)),
    (
        {"action": "scroll", **AT, "scroll_direction": "down", "scroll_amount": 1, "text": "ctrl"},
        held("ctrl", Scroll(dy=-1, x=10, y=20)),
    ),
    ({"action": "wait", "duration": 3}, Wait(3.0)),
    ({"action": "screenshot"}, Wait()),
    ({"action": "zoom", "region": [0, 0, 100, 50]}, Wait()),
    ({"action": "done"}, Done()),
    ({"action": "fail"}, Fail()),
]


@pytest.mark.parametrize(("raw", "action"), [*OPENAI, *ANTHROPIC])
def test_each_action_of_theirs_is_one_of_ours(raw: dict[str, Any], action: Action) -> None:
    found = to_action(raw, screen=SCREEN)
    assert found == action
    assert parse_action(to_pyautogui(found)) == parse_action(to_pyautogui(action))


@pytest.mark.episodes
def test_the_tables_have_every_action_that_the_packages_of_both_have() -> None:
    named = {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in get_args(get_args(ComputerAction)[0])}
    assert set(named) == set(OPENAI_ACTIONS) == {raw["type"] for raw, _ in OPENAI}
    for name, kind in named.items():
        assert set(kind.model_fields) - {"type"} == set(OPENAI_ACTIONS[name]), name
    import anthropic.types.beta

    members = anthropic.types.beta.beta_computer_member_name.BETA_COMPUTER_MEMBER_NAME_VALUES
    assert set(members) == set(ANTHROPIC_ACTIONS) == {raw["action"] for raw, _ in ANTHROPIC} - {"done", "fail"}
    for name in members:
        camel = "".join(part.capitalize() for part in name.split("_"))
        fields = getattr(anthropic.types.beta, f"BetaComputer{camel}Input").model_fields
        assert set(fields) <= set(ANTHROPIC_ACTIONS[name]), name


def test_the_page_tells_of_every_action() -> None:
    page = (Path(__file__).parents[2] / "docs" / "computer-use.md").read_text()
    openai, anthropics = page.split("| Anthropic's |")
    assert [name for name in OPENAI_ACTIONS if f"`{name}`" not in openai] == []
    assert [name for name in ANTHROPIC_ACTIONS if f"`{name}`" not in anthropics] == []


def test_the_openai_examples_are_what_openai_would_send() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ComputerAction)
    for raw, _ in OPENAI:
        if raw.get("button") != 3 and not isinstance(raw.get("keys"), str) and raw.get("path", [{}])[0] != [1, 2]:
            adapter.validate_python({"keys": None, **raw} if raw["type"] == "double_click" else raw, strict=True)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, "has a type .* or an action"),
        ({"type": "clck", **PLACE}, "no action 'clck'; there are click"),
        ({"action": "click"}, "no action 'click'; there are key"),
        ({"type": ["click"]}, "no action"),
        ({"type": "click", "x": 10}, "y is None; the display is 1280x720"),
        ({"type": "click", "x": 1281, "y": 2}, "x is 1281; the display is 1280x720"),
        ({"type": "click", "x": -1, "y": 2}, "x is -1"),
        ({"type": "click", "x": "10", "y": 2}, "x is '10'"),
        ({"type": "click", "x": True, "y": 2}, "x is True"),
        ({"type": "click", "x": float("nan"), "y": 2}, "x is nan"),
        ({"type": "click", **PLACE, "button": "side"}, "no button 'side'; there are left"),
        ({"type": "click", **PLACE, "button": {"left": 1}}, "button must be a name"),
        ({"type": "click", **PLACE, "text": "x"}, "unknown: text; known are button, keys, type, x, y"),
        ({"type": "click", **PLACE, "keys": 3}, "must be names, not 3"),
        ({"type": "drag", "path": [{"x": 1, "y": 2}]}, "two or more places"),
        ({"type": "drag", "path": "ab"}, "two or more places"),
        ({"type": "drag", "path": [{"x": 1}, {"x": 1, "y": 2}]}, "y is None"),
        ({"type": "drag", "path": [1, 2]}, "must be \\[x, y\\], not 1"),
        ({"type": "keypress"}, "keys must be a list"),
        ({"type": "keypress", "keys": []}, "keys must be a list"),
        ({"type": "keypress", "keys": ["ANYKEY"]}, "no key named 'ANYKEY'"),
        ({"type": "keypress", "keys": [7]}, "a key is a name"),
        ({"type": "scroll", **PLACE, "scroll_y": "far"}, "scroll_y must be a number"),
        ({"type": "type"}, "text must be what is to be typed, not None"),
        ({"type": "type", "text": 7}, "text must be what is to be typed, not 7"),
        ({"action": "mouse_move"}, "mouse_move needs a coordinate"),
        ({"action": "left_click", "coordinate": [1, 2, 3]}, "coordinate must be \\[x, y\\]"),
        ({"action": "left_click", "coordinate": "12"}, "coordinate must be \\[x, y\\]"),
        ({"action": "left_click_drag", "start_coordinate": [1, 2]}, "needs a coordinate"),
        ({"action": "key"}, "text must name a key"),
        ({"action": "key", "text": ""}, "text must name a key"),
        ({"action": "key", "text": "Retrun"}, "no key named 'Retrun'; did you mean"),
        ({"action": "key", "text": "ctrl+"}, "no key named ''"),
        ({"action": "key", "text": "a", "repeat": 0}, "repeat must be a number from 1 to 100, not 0"),
        ({"action": "key", "text": "a", "repeat": 1.5}, "repeat must be a whole number, not 1.5"),
        ({"action": "hold_key", "text": "a"}, "duration must be a number from 0 to 100, not None"),
        ({"action": "hold_key", "text": "a", "duration": 101}, "duration must be"),
        ({"action": "wait", "duration": -1}, "duration must be"),
        ({"action": "scroll", "scroll_amount": 3}, "scroll_direction must be up"),
        ({"action": "scroll", "scroll_direction": "down"}, "scroll_amount must be a number"),
        ({"action": "zoom"}, "region must be"),
        ({"action": "zoom", "region": [5, 5, 5, 9]}, "from its top left"),
        ({"actions": []}, "must be a list of actions"),
        ({"actions": ["click"]}, "an object with a type"),
        ({"type": "computer_call"}, "must be a list of actions"),
    ],
)
def test_what_cannot_be_done_is_told(raw: dict[str, Any], problem: str) -> None:
    with pytest.raises(ActionError, match=problem):
        to_action(raw, screen=SCREEN)


def test_a_call_with_several_actions_is_one_batch() -> None:
    actions = [{"type": "click", **PLACE, "button": "left"}, {"type": "type", "text": "hi"}]
    both = Batch((Click(10, 20), TypeText("hi")))
    assert to_action({"type": "computer_call", "call_id": "c", "actions": actions}, screen=SCREEN) == both
    assert to_action({"type": "computer_call", "action": actions[0], "actions": None}, screen=SCREEN) == Click(10, 20)
    assert to_action({"actions": actions[1:]}, screen=SCREEN) == TypeText("hi")


@pytest.mark.parametrize(
    ("display", "told", "there"),
    [
        ((640, 360), (320, 180), (641, 361)),
        ((640, 360), (0, 0), (1, 1)),
        ((640, 360), (639, 359), (1279, 719)),
        ((640, 360), (640, 360), (1279, 719)),
        ((2560, 1440), (2559, 0), (1279, 0)),
        (SCREEN, (1280, 720), (1279, 719)),
        (SCREEN, (7.4, 7.6), (7, 8)),
    ],
)
def test_places_of_a_display_are_places_of_the_screen(display: Any, told: Any, there: Any) -> None:
    assert to_action({"action": "mouse_move", "coordinate": list(told)}, screen=SCREEN, display=display) == MoveTo(
        *there
    )


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 4000), st.data())
def test_no_place_is_off_the_screen_and_order_is_kept(w: int, h: int, dw: int, dh: int, data: st.DataObject) -> None:
    places = [data.draw(st.tuples(st.integers(0, dw), st.integers(0, dh))) for _ in range(2)]
    moves = [to_action({"type": "move", "x": x, "y": y}, screen=(w, h), display=(dw, dh)) for x, y in sorted(places)]
    found = [(move.x, move.y) for move in moves if isinstance(move, MoveTo)]
    assert all(0 <= x < w and 0 <= y < h for x, y in found)
    assert found[0][0] <= found[1][0]


THEIRS = (
    "Return Escape BackSpace Tab Delete Home End Page_Up Page_Down Prior Next Up Down Left Right Insert F1 F12 space "
    "Control_L Control_R Shift_L Shift_R Alt_L Alt_R Super_L Super_R Meta_L Caps_Lock Num_Lock Scroll_Lock Print Pause "
    "Menu KP_Enter KP_Add KP_Subtract KP_Multiply KP_Divide KP_Decimal KP_1 XF86AudioRaiseVolume XF86AudioMute "
    "XF86Back minus equal comma period slash backslash semicolon apostrophe grave bracketleft bracketright exclam at "
    "numbersign ctrl alt shift super cmd win meta option CTRL ALT SHIFT CMD WIN META OPTION ENTER ESC TAB SPACE DELETE "
    "BACKSPACE ARROWUP ARROWDOWN ARROWLEFT ARROWRIGHT PAGEUP PAGEDOWN HOME END INSERT CAPSLOCK ArrowUp PageDown "
    "Control Meta a Z 5 / \\"
)


@pytest.mark.parametrize("name", THEIRS.split())
def test_keys_by_the_names_of_xdotool_browsers_and_openai_are_keys_of_ours(name: str) -> None:
    assert key_name(name) in KEYS


@pytest.mark.parametrize("name", sorted(KEYS))
def test_our_own_names_are_understood_too(name: str) -> None:
    assert key_name(name) in KEYS


@pytest.mark.parametrize("kind", ["chat", "responses", "computer", "computer_use_preview"])
def test_definitions_are_let_in_by_openai(kind: str) -> None:
    tool = definition(kind, SCREEN)
    if kind == "chat":
        check_chat({"model": "m", "messages": [{"role": "user", "content": "go"}], "tools": [tool]})
    else:
        check_responses({"model": "m", "input": "go", "tools": [tool], "truncation": "auto"})


@pytest.mark.episodes
@pytest.mark.parametrize("version", ["20241022", "20250124", "20251124"])
def test_definitions_are_let_in_by_anthropic(version: str) -> None:
    import anthropic.types.beta

    kind = getattr(anthropic.types.beta, f"BetaToolComputerUse{version}Param")
    TypeAdapter(kind).validate_python(definition(f"computer_{version}", SCREEN), strict=True, extra="forbid")


def test_every_action_that_the_function_offers_can_be_done() -> None:
    offered = definition("chat", SCREEN)["function"]["parameters"]["properties"]
    examples = {raw["action"]: raw for raw, _ in ANTHROPIC}
    assert set(offered["action"]["enum"]) <= set(examples)
    assert set(offered) - {"action"} >= {key for raw in examples.values() for key in raw} - {"action", "key", "region"}
    assert "1280x720" in json.dumps(definition("chat", SCREEN))


def test_an_unknown_kind_of_tool_is_told() -> None:
    with pytest.raises(UsageError, match="no kind 'mouse' of computer tool; there are chat"):
        definition("mouse", SCREEN)


def test_a_zoom_is_a_part_of_the_screen() -> None:
    assert zoom_region({"region": [0, 0, 320, 180]}, screen=SCREEN, display=(640, 360)) == (1, 1, 641, 361)


def test_the_pointer_is_followed_through_a_batch() -> None:
    assert pointer_after(Batch((MoveTo(1, 2), Press("a"), DragTo(3, 4))), (0, 0)) == (3, 4)
    assert pointer_after(Click(), (7, 8)) == (7, 8)
