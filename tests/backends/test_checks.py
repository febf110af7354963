"""Actions that cannot be done are refused before anything happens."""

from __future__ import annotations

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
from agentgym.backends.checks import MAX_REPEATS, MAX_TEXT, check_input
from agentgym.errors import ActionError


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
    with pytest.raises(ActionError, match="100001 characters; at most 100000"):
        check(TypeText("x" * (MAX_TEXT + 1)))


@pytest.mark.parametrize("action", [Done(), Wait(), Python("1"), ToolCall("t"), Batch((Wait(),))])
def test_what_is_no_input_is_refused(action: Action) -> None:
    with pytest.raises(ActionError, match="is not done with keyboard and pointer"):
        check(action)
