"""Actions that cannot be done are refused before anything happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agentgym.actions import (
    Action,
    Batch,
    Click,
    Done,
    DragTo,
    Hotkey,
    KeyDown,
    MoveTo,
    Press,
    Python,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
)
from agentgym.actions.limits import MAX_REPEATS, MAX_TEXT
from agentgym.backends.checks import check_character, check_input, screen_size
from agentgym.errors import ActionError, UsageError


def refuse(name: str) -> None:
    if name in ("nokey", "\x00"):
        raise ActionError(f"no {name!r}")


def check(action: Action) -> None:
    check_input(action, screen=(640, 480), key=refuse, character=refuse)


@pytest.mark.parametrize(
    "action",
    [
        MoveTo(640, 0),
        MoveTo(0, 480),
        Click(-1, 5),
        Click(5, 1000),
        Click(x=9999),
        DragTo(700, 1),
        Scroll(dy=1, x=1, y=-2),
    ],
)
def test_place_off_the_screen_is_refused_with_the_size_of_the_screen(action: Action) -> None:
    with pytest.raises(ActionError, match="640 wide and 480 high"):
        check(action)


@pytest.mark.parametrize("action", [MoveTo(0, 0), MoveTo(639, 479), Click(), Click(x=3), Scroll(dx=-2)])
def test_place_on_the_screen_or_none_passes(action: Action) -> None:
    check(action)


@pytest.mark.parametrize("action", [Press("nokey"), KeyDown("nokey"), Hotkey(("a", "nokey")), TypeText("ab\x00")])
def test_unknown_key_or_character_is_refused(action: Action) -> None:
    with pytest.raises(ActionError):
        check(action)


def test_every_part_of_a_batch_is_looked_at() -> None:
    with pytest.raises(ActionError, match="nokey"):
        check(Batch((TypeText("fine"), Batch((Press("nokey"),)))))


@pytest.mark.parametrize(
    "action",
    [Click(clicks=MAX_REPEATS + 1), Click(clicks=-1), Press("a", presses=10**9), Scroll(dy=-(10**6)), Scroll(dx=10**6)],
)
def test_too_many_repeats_are_refused(action: Action) -> None:
    with pytest.raises(ActionError, match=str(MAX_REPEATS)):
        check(action)


def test_huge_text_is_refused() -> None:
    check(TypeText("x" * MAX_TEXT))
    with pytest.raises(ActionError, match="20001 characters; at most 20000"):
        check(TypeText("x" * (MAX_TEXT + 1)))


@pytest.mark.parametrize("action", [Done(), Wait(), Python("1"), ToolCall("t"), Batch((Wait(),))])
def test_what_is_no_input_is_refused(action: Action) -> None:
    with pytest.raises(ActionError, match="is not done with keyboard and pointer"):
        check(action)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\ud800"])
def test_character_that_no_keyboard_has_is_refused(character: str) -> None:
    with pytest.raises(ActionError, match=f"U\\+{ord(character):04X}"):
        check_character(character)


@pytest.mark.parametrize("character", ["a", "\n", "\t", "é", "中", "😀", "\u200b"])
def test_character_that_a_keyboard_can_have_passes(character: str) -> None:
    check_character(character)


@pytest.mark.parametrize("screen", ["640x480", (640,), (640, 480, 3), (0, 480), (640, -1), (1.5, 2), None, 640])
def test_screen_is_two_whole_numbers(screen: Any) -> None:
    with pytest.raises(UsageError, match=r"must be \(width, height\)"):
        screen_size(screen)


def test_screen_may_be_a_list_or_numpys_numbers() -> None:
    assert screen_size([640, 480]) == screen_size(np.array([640, 480])) == (640, 480)
