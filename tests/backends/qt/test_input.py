"""Every kind of input arrives, and only what can be done is done."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
import pytest

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
)
from agentgym.envs.micro import MicroEnv
from agentgym.errors import ActionError, BackendError
from tests.backends.qt.conftest import Desk

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


@pytest.mark.parametrize("text", [PRINTABLE, "äöüß ÄÖÜ éàç ñ", "Здравствуй", "日本語 漢字", "🎉 ∑ → ½"])
def test_typed_text_arrives_as_it_is(gallery: Desk, text: str) -> None:
    gallery.click(gallery.app.line)
    gallery.do(TypeText(text))
    assert gallery.app.line.text() == text


def test_lines_and_tabs_are_keys(gallery: Desk) -> None:
    gallery.click(gallery.app.text)
    gallery.do(TypeText("a\nb"))
    assert gallery.app.text.toPlainText() == "a\nb"
    gallery.click(gallery.app.line)
    gallery.do(TypeText("one\ttwo"))
    assert (gallery.app.line.text(), gallery.app.secret.text()) == ("one", "two")
    gallery.do(Hotkey(("shift", "tab")), TypeText("!"))
    assert gallery.app.line.text() == "!"


def test_each_key_of_a_keyboard_types_its_character(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    keys = [*string.ascii_lowercase, *string.digits, *"-=[];',./", "space", "num7", "add"]
    gallery.do(Batch(tuple(Press(key) for key in keys)))
    assert gallery.app.line.text() == string.ascii_lowercase + string.digits + "-=[];',./ 7+"


def test_shift_that_is_held_makes_capitals(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    gallery.do(KeyDown("shift"), Press("a"), Press("1"), KeyUp("shift"), Press("a"), Hotkey(("shift", "b")))
    assert gallery.app.line.text() == "A!aB"


def test_modifiers_are_told_of(open_desk: Callable[[str], Desk]) -> None:
    pad = open_desk("pad")
    pad.do(Hotkey(("ctrl", "shift", "k")), Press("f5"))
    assert pad.app.heard[-2:] == ["ShiftModifier+ControlModifier+Key_K", "0x1000034"]


def test_hotkeys_edit(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    gallery.do(TypeText("word"), Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")), Press("end"), Hotkey(("ctrl", "v")))
    assert gallery.app.line.text() == "wordword"
    gallery.do(Hotkey(("ctrl", "z")))
    assert gallery.app.line.text() == "word"


def test_a_double_click_marks_a_word_and_a_triple_click_a_line(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    gallery.do(TypeText("one two three"))
    x, y = gallery.app.line.mapTo(gallery.app, gallery.app.line.cursorRect().center()).toTuple()
    gallery.do(DoubleClick(x - 12, y))
    assert gallery.app.line.selectedText() == "three"
    gallery.do(Click(x - 12, y, clicks=3))
    assert gallery.app.line.selectedText() == "one two three"


def test_the_corners_of_the_screen_can_be_clicked(open_desk: Callable[[str], Desk]) -> None:
    pad = open_desk("pad")
    pad.do(Click(0, 0), Click(159, 209, button="middle"), RightClick(0, 209))
    assert [said for said in pad.app.heard if said.startswith("press")] == [
        "press LeftButton 0,0",
        "press MiddleButton 159,209",
        "press RightButton 0,209",
    ]


def test_a_drag_is_a_line_of_moves(open_desk: Callable[[str], Desk]) -> None:
    pad = open_desk("pad")
    pad.do(MoveTo(10, 10), DragTo(90, 50))
    assert pad.app.heard == ["press LeftButton 10,10", "release LeftButton 90,50"]
    assert (pad.app.places[-1].x(), pad.app.places[-1].y()) == (90, 50)
    assert len(pad.app.places) >= 8


def test_a_slider_follows_a_drag_in_one_action_or_in_several(gallery: Desk) -> None:
    gallery.page(1)
    place = gallery.app.slider.mapTo(gallery.app, gallery.app.slider.rect().topLeft())
    y = place.y() + gallery.app.slider.height() // 2
    gallery.do(MoveTo(place.x() + 5, y), DragTo(160, y))
    value = gallery.app.slider.value()
    assert 40 < value < 60
    gallery.do(MouseDown(), MoveTo(300, y), MouseUp())
    assert gallery.app.slider.value() > value


def test_qts_own_drags_end_at_once(open_desk: Callable[[str], Desk]) -> None:
    dragger = open_desk("dragger")
    dragger.do(MoveTo(20, 15), DragTo(110, 130))
    assert not dragger.app.is_over
    dragger.do(MoveTo(50, 50))


def test_the_wheel_scrolls(gallery: Desk) -> None:
    gallery.page(3)
    bar = gallery.app.table.verticalScrollBar()
    place = gallery.app.place(gallery.app.table)
    gallery.do(Scroll(dy=-2, x=place[0], y=place[1]))
    assert bar.value() > 0
    gallery.do(Scroll(dy=20))
    assert bar.value() == 0
    sideways = gallery.app.table.horizontalScrollBar()
    gallery.do(Scroll(dx=3))
    assert sideways.value() == sideways.maximum()


def test_menus_take_keys_and_clicks(gallery: Desk) -> None:
    gallery.do(Hotkey(("alt", "f")), Press("m"), Press("enter"))
    assert gallery.app.said == ["Deep"]
    gallery.do(Click(20, 8))
    where = gallery.app.file.mapTo(
        gallery.app.file, gallery.app.file.actionGeometry(gallery.app.file.actions()[0]).center()
    )
    corner = gallery.app.file.geometry().topLeft() - gallery.backend._seat.place.topLeft()
    gallery.do(Click(corner.x() + where.x(), corner.y() + where.y()))
    assert gallery.app.said == ["Deep", "&Open"]


def test_a_tool_buttons_menu_takes_keys_and_closes_by_a_click_elsewhere(gallery: Desk) -> None:
    gallery.page(2)
    for _ in range(2):
        gallery.click(gallery.app.drop)
        gallery.do(Press("down"), Press("enter"))
    assert gallery.app.said == ["First", "First"]
    gallery.click(gallery.app.drop)
    assert gallery.app.drop.menu().isVisible()
    gallery.do(Click(300, 60))
    assert not gallery.app.drop.menu().isVisible()
    gallery.click(gallery.app.check)
    assert gallery.app.check.isChecked()


def test_a_context_menu_opens_where_the_pointer_is(gallery: Desk) -> None:
    gallery.page(1)
    x, y = gallery.app.place(gallery.app.list)
    gallery.do(RightClick(x, y))
    corner = gallery.app.context.geometry().topLeft() - gallery.backend._seat.place.topLeft()
    assert abs(corner.x() - x) <= 2
    assert abs(corner.y() - y) <= 2
    gallery.do(Press("down"), Press("enter"))
    assert gallery.app.said == ["Copy it"]


def test_a_pop_up_stays_on_the_screen(gallery: Desk) -> None:
    gallery.page(1)
    gallery.do(RightClick(305, 180))
    assert gallery.backend._seat.place.contains(gallery.app.context.geometry())


def test_a_dialogue_is_a_window_of_its_own(gallery: Desk) -> None:
    gallery.page(2)
    gallery.click(gallery.app.opener)
    assert [(window.title, window.active) for window in gallery.backend.windows()] == [
        ("test-gallery", False),
        ("A question", True),
    ]
    gallery.do(TypeText("yes"))
    gallery.click(gallery.app.button)
    assert gallery.app.progress == 0
    gallery.do(Press("enter"))
    assert gallery.app.said == ["answered yes"]
    assert [window.title for window in gallery.backend.windows()] == ["test-gallery"]
    gallery.click(gallery.app.opener)
    assert gallery.backend.close_window("question")
    assert [window.title for window in gallery.backend.windows()] == ["test-gallery"]


def test_the_context_menu_of_a_spin_box_does_no_harm(gallery: Desk) -> None:
    place = gallery.app.place(gallery.app.number)
    gallery.do(RightClick(*place), Click(*place), Hotkey(("ctrl", "a")), TypeText("7"), Press("tab"))
    assert gallery.app.number.value() == 7


@pytest.mark.parametrize(
    "action", [MoveTo(320, 0), Batch((Press("a"), MoveTo(0, 300))), Press("volumeup"), TypeText("\x01")]
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(gallery: Desk, action: Action) -> None:
    gallery.click(gallery.app.line)
    before = gallery.screen()
    for ask in (gallery.backend.check, gallery.backend.perform):
        with pytest.raises(ActionError):
            ask(action)
    gallery.backend.settle(0)
    assert np.array_equal(gallery.screen(), before)


def test_an_error_in_an_application_is_raised(open_desk: Callable[[str], Desk]) -> None:
    faulty = open_desk("faulty")
    with pytest.raises(BackendError, match="raised ValueError") as raised:
        faulty.click(faulty.app.raises)
    assert isinstance(raised.value.__cause__, ValueError)


def test_a_dialogue_that_is_waited_for_is_a_fault_not_a_hang(open_desk: Callable[[str], Desk]) -> None:
    faulty = open_desk("faulty")
    with pytest.raises(BackendError, match="loop of its own"):
        faulty.click(faulty.app.asks)
    faulty.restart()
    faulty.do(MoveTo(1, 1))


def test_the_oracles_action_leads_to_the_end(gallery: Desk) -> None:
    action = gallery.app.solve()
    assert action == Click(*gallery.app.place(gallery.app.tabs))
    gallery.app.finish(1.0)
    assert gallery.app.state() == {"progress": 1.0, "score": 1.0, "over": True}


def test_the_wheel_turns_what_is_around_a_widget_that_has_no_use_for_it() -> None:
    env = MicroEnv("star-mail", level=3, size=None)
    before, _ = env.reset(seed=0)
    after, *_ = env.step(Scroll(0, -1, 60, 140))
    assert (before[100:] != after[100:]).mean() > 0.02
    env.close()
