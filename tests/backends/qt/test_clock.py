"""Time passes by steps: what the clock says changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    Scroll,
    TypeText,
)
from tests.backends.qt.conftest import Desk

pytestmark = pytest.mark.episodes

Script = Callable[[Desk], Sequence[Action]]
Shot = npt.NDArray[np.uint8]


def on(desk: Desk, name: str) -> tuple[int, int]:
    place: tuple[int, int] = desk.app.place(getattr(desk.app, name))
    return place


def beside(place: tuple[int, int], dx: int, dy: int) -> tuple[int, int]:
    return place[0] + dx, place[1] + dy


SCRIPTS: dict[str, tuple[int, Script]] = {
    "two clicks on a word": (0, lambda d: [Click(*on(d, "text")), TypeText("one two"), *[Click(*on(d, "text"))] * 2]),
    "a click after a double click": (
        0,
        lambda d: [Click(*on(d, "line")), TypeText("one two"), DoubleClick(20, 60), Click(20, 60), DoubleClick(20, 60)],
    ),
    "a cursor": (0, lambda d: [Click(*on(d, "line")), Press("left"), Press("right")]),
    "the clear button": (0, lambda d: [Click(*on(d, "line")), TypeText("x"), Press("backspace"), TypeText("y")]),
    "a password": (0, lambda d: [Click(*on(d, "secret")), TypeText("x"), TypeText("y")]),
    "a held spin button": (
        0,
        lambda d: [MoveTo(*beside(on(d, "number"), 149, -4)), MouseDown(), MoveTo(200, 200), MouseUp()],
    ),
    "a completer": (0, lambda d: [Click(*on(d, "guess")), TypeText("A"), TypeText("p"), Press("down"), Press("enter")]),
    "typing in a list": (1, lambda d: [Click(*on(d, "list")), TypeText("b"), TypeText("l"), TypeText("da")]),
    "typing in a combo": (
        1,
        lambda d: [Click(*on(d, "combo")), Press("esc"), TypeText("b"), TypeText("a"), TypeText("bl")],
    ),
    "a combo by clicks": (1, lambda d: [Click(*on(d, "combo")), Click(*beside(on(d, "combo"), 0, 20))]),
    "a combo held open": (
        1,
        lambda d: [MoveTo(*on(d, "combo")), MouseDown(), MoveTo(*beside(on(d, "combo"), 0, 20)), MouseUp()],
    ),
    "a double click on an item": (1, lambda d: [*[Click(*on(d, "list"))] * 3, DoubleClick(*on(d, "list"))]),
    "a held scroll bar": (1, lambda d: [MoveTo(*beside(on(d, "bar"), 100, 0)), MouseDown(), Press("esc"), MouseUp()]),
    "a drag past the edge of a list": (
        1,
        lambda d: [MoveTo(*on(d, "list")), MouseDown(), MoveTo(*beside(on(d, "list"), 0, 90)), Press("esc"), MouseUp()],
    ),
    "a tool tip": (2, lambda d: [MoveTo(*on(d, "button")), MoveTo(*beside(on(d, "button"), 1, 0)), Press("esc")]),
    "a tool button's menu": (2, lambda d: [Click(*on(d, "drop")), Press("down"), Press("enter")]),
    "a busy bar": (2, lambda d: [Press("esc"), Press("esc")]),
    "submenus": (
        2,
        lambda d: [Click(20, 10), MoveTo(25, 50), MoveTo(25, 30), MoveTo(25, 50), Press("right"), Press("d")],
    ),
    "a dialogue": (2, lambda d: [Click(*on(d, "opener")), TypeText("yes"), Press("enter")]),
    "an edited cell": (3, lambda d: [DoubleClick(*on(d, "table")), TypeText("new"), Press("enter"), Scroll(dy=-2)]),
    "a header dragged": (3, lambda d: [MoveTo(104, 59), DragTo(140, 59), MoveTo(50, 60)]),
}


def begun(desk: Desk, page: int) -> Desk:
    desk.restart()
    desk.page(page)
    return desk


@pytest.fixture(scope="module")
def with_pauses() -> Iterator[Mapping[str, Sequence[Shot]]]:
    """The screens of every script, acted out side by side with 0.7 s before each action."""
    desks = {name: begun(Desk("gallery"), page) for name, (page, _) in SCRIPTS.items()}
    shots: dict[str, list[Shot]] = {name: [] for name in SCRIPTS}
    actions = {name: list(script(desks[name])) for name, (_, script) in SCRIPTS.items()}
    for number in range(max(map(len, actions.values()))):
        time.sleep(0.7)
        for name, desk in desks.items():
            if number < len(actions[name]):
                shots[name].append(desk.do(actions[name][number]))
    yield shots
    for desk in desks.values():
        desk.backend.close()


@pytest.mark.parametrize("name", SCRIPTS)
def test_pauses_between_actions_change_nothing(
    gallery: Desk, with_pauses: Mapping[str, Sequence[Shot]], name: str
) -> None:
    page, script = SCRIPTS[name]
    begun(gallery, page)
    at_once = [gallery.do(action) for action in script(gallery)]
    alike = [bool(np.array_equal(*pair)) for pair in zip(at_once, with_pauses[name], strict=True)]
    assert alike == [True] * len(at_once)


def test_timers_go_by_steps(open_desk: Callable[[str], Desk]) -> None:
    desk = open_desk("ticker")
    assert desk.app.count == 4
    time.sleep(0.3)
    desk.do(MoveTo(1, 1))
    assert desk.app.count == 8
    desk.do(Batch((MoveTo(2, 2), MoveTo(3, 3))))
    assert desk.app.count == 16


def test_timers_of_one_environment_stand_still_while_another_acts(open_desk: Callable[[str], Desk]) -> None:
    first, second = open_desk("ticker"), open_desk("ticker")
    first.do(*[MoveTo(1, 1)] * 5)
    assert (first.app.count, second.app.count) == (24, 4)
    second.do(MoveTo(1, 1))
    assert (first.app.count, second.app.count) == (24, 8)


def test_a_closed_applications_timers_end(open_desk: Callable[[str], Desk]) -> None:
    desk = open_desk("ticker")
    clock = desk.backend._kit.clock
    timeline = desk.backend._seat.timeline
    assert any(timer.timeline is timeline for timer in clock._timers.values())
    desk.backend.close()
    assert not any(timer.timeline is timeline for timer in clock._timers.values())


def test_two_clicks_are_two_and_a_double_click_is_one(open_desk: Callable[[str], Desk]) -> None:
    pad = open_desk("pad")
    pad.do(Click(5, 6), Click(5, 6))
    single = ["press LeftButton 5,6", "release LeftButton 5,6"]
    assert pad.app.heard == single * 2
    pad.app.heard.clear()
    pad.do(DoubleClick(5, 6))
    assert pad.app.heard == [*single, "double LeftButton 5,6", "release LeftButton 5,6"]


def test_typing_in_a_list_searches_within_an_action_and_begins_anew_with_the_next(gallery: Desk) -> None:
    gallery.page(1)
    gallery.click(gallery.app.list)
    gallery.do(TypeText("da"))
    assert gallery.app.list.currentItem().text() == "Damson"
    gallery.do(TypeText("bl"))
    assert gallery.app.list.currentItem().text() == "Blackberry"
    gallery.do(TypeText("f"), TypeText("g"))
    assert gallery.app.list.currentItem().text() == "Grape"
