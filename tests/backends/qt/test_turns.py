"""Environments in one process do not see each other, whatever they have open."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from shiboken6 import Shiboken

from agentgym.actions import (
    Action,
    Click,
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
from agentgym.backends.qt.backend import QtBackend
from tests.backends.qt.conftest import Desk
from tests.backends.qt.test_screen import any_action

pytestmark = pytest.mark.episodes

# Each is on a page of the gallery and has something open, held or focused in the middle.
MENUS: Sequence[Action] = [
    Click(20, 10),
    MoveTo(25, 30),
    MoveTo(25, 50),
    MoveTo(160, 60),
    Press("down"),
    Press("enter"),
]
SCRIPTS: dict[str, tuple[int, Sequence[Action]]] = {
    "a menu with a submenu": (2, MENUS),
    "a combo's list": (
        1,
        [Click(150, 65), Press("down"), MoveTo(100, 90), Press("down"), Press("enter"), Press("tab")],
    ),
    "a context menu": (
        1,
        [RightClick(150, 120), Press("down"), MoveTo(170, 150), Press("esc"), Press("end"), Press("up")],
    ),
    "a dialogue": (
        2,
        [Click(160, 186), TypeText("yes"), Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")), Press("esc"), Press("tab")],
    ),
    "typing": (
        0,
        [Click(150, 62), TypeText("abc"), Hotkey(("ctrl", "a")), KeyDown("shift"), Press("left"), KeyUp("shift")],
    ),
    "a completer": (0, [Click(150, 280), TypeText("A"), Press("down"), TypeText("p"), Press("enter"), Press("home")]),
    "a held button": (2, [MoveTo(160, 60), MouseDown(), MoveTo(160, 200), MoveTo(160, 61), MouseUp(), MoveTo(5, 290)]),
    "a selection by dragging": (
        1,
        [MoveTo(50, 100), MouseDown(), MoveTo(50, 120), MoveTo(50, 140), MouseUp(), Scroll(dy=-1)],
    ),
}


def windows_there() -> set[int]:
    return {Shiboken.getCppPointer(window)[0] for window in QApplication.topLevelWidgets()}


def alone(name: str) -> list[bytes]:
    desk = Desk("gallery")
    page, actions = SCRIPTS[name]
    desk.page(page)
    shots = [desk.do(action).tobytes() for action in actions]
    desk.backend.close()
    return shots


@pytest.mark.parametrize("names", [list(SCRIPTS)[:4], list(SCRIPTS)[4:], [next(iter(SCRIPTS))] * 4, list(SCRIPTS)])
def test_what_is_open_in_one_is_not_there_for_another(open_desk: Callable[[str], Desk], names: Sequence[str]) -> None:
    expected = [alone(name) for name in names]
    desks = [open_desk("gallery") for _ in names]
    for desk, name in zip(desks, names, strict=True):
        desk.page(SCRIPTS[name][0])
    for number in range(6):
        for desk, name, shots in zip(desks, names, expected, strict=True):
            action = SCRIPTS[name][1][number]
            assert desk.do(action).tobytes() == shots[number], f"{name}, {number}: {action}"
    # Every script shows something.
    assert [name for name, shots in zip(names, expected, strict=True) if len(set(shots)) < 4] == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.slow
def test_any_actions_interleaved_show_what_they_show_alone(open_desk: Callable[[str], Desk], seed: int) -> None:
    rng = np.random.default_rng(seed)
    actions = [[any_action(rng, (320, 300)) for _ in range(40)] for _ in range(4)]
    expected = []
    for page, own in enumerate(actions):
        desk = open_desk("gallery")
        desk.page(page)
        expected.append([(desk.do(action).tobytes(), desk.tree()) for action in own])
        desk.backend.close()
    desks = [open_desk("gallery") for _ in actions]
    for page, desk in enumerate(desks):
        desk.page(page)
    for number in range(40):
        for desk, own, shots in zip(desks, actions, expected, strict=True):
            assert (desk.do(own[number]).tobytes(), desk.tree()) == shots[number], f"{number}: {own[number]}"


def test_each_has_a_clipboard(open_desk: Callable[[str], Desk]) -> None:
    first, second = open_desk("gallery"), open_desk("gallery")
    first.click(first.app.line)
    second.click(second.app.line)
    first.do(TypeText("mine"), Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")), Press("end"))
    second.do(Hotkey(("ctrl", "v")))
    assert second.app.line.text() == ""
    second.do(TypeText("other"), Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")))
    first.do(Hotkey(("ctrl", "v")))
    assert first.app.line.text() == "minemine"


def test_a_reset_empties_the_clipboard(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    gallery.do(TypeText("mine"), Hotkey(("ctrl", "a")), Hotkey(("ctrl", "c")))
    gallery.restart()
    gallery.click(gallery.app.line)
    gallery.do(Hotkey(("ctrl", "v")))
    assert gallery.app.line.text() == ""


def test_a_turn_is_not_heard_of(open_desk: Callable[[str], Desk]) -> None:
    first, second = open_desk("gallery"), open_desk("gallery")
    first.click(first.app.line)
    first.do(TypeText("half"))
    second.click(second.app.line)
    assert first.app.said == []
    first.do(TypeText(" done"), Press("tab"))
    assert first.app.said == ["edited"]
    assert first.app.line.text() == "half done"


def test_a_dialogue_that_blocks_the_whole_application_blocks_its_own_environment(
    open_desk: Callable[[str], Desk],
) -> None:
    first, second = open_desk("gallery"), open_desk("gallery")
    first.page(2)
    second.page(2)
    box = QMessageBox(first.app)
    box.setText("Wait")
    box.setModal(True)
    with first.backend._turn():
        box.show()
    blocked = first.do(MoveTo(1, 1))
    second.click(second.app.check)
    assert second.app.check.isChecked()
    first.click(first.app.check)
    assert not first.app.check.isChecked()
    assert np.array_equal(first.do(MoveTo(1, 1)), blocked)
    first.do(Press("enter"))
    first.click(first.app.check)
    assert first.app.check.isChecked()


def test_shortcuts_are_heard_where_they_were_pressed(open_desk: Callable[[str], Desk]) -> None:
    first, second = open_desk("gallery"), open_desk("gallery")
    first.do(Hotkey(("ctrl", "o")))
    assert (first.app.said, second.app.said) == (["&Open"], [])
    second.do(Hotkey(("alt", "e")), Press("u"))
    assert (first.app.said, second.app.said) == (["&Open"], ["&Undo"])


def test_what_was_open_is_gone_after_a_reset_and_after_close(open_desk: Callable[[str], Desk]) -> None:
    staying = open_desk("gallery")
    before = windows_there()
    desk = open_desk("gallery")
    desk.page(2)
    desk.click(desk.app.opener)
    dialog = desk.app.dialog
    assert isinstance(dialog, QDialog)
    desk.do(KeyDown("shift"), MouseDown())
    desk.restart()
    desk.click(desk.app.tabs)
    desk.page(0)
    desk.click(desk.app.line)
    desk.do(TypeText("a"))
    assert desk.app.line.text() == "a"
    desk.do(Click(20, 10))
    desk.backend.close()
    assert windows_there() == before
    assert QApplication.activePopupWidget() is None
    staying.click(staying.app.line)
    staying.do(TypeText("b"))
    assert staying.app.line.text() == "b"


def test_what_was_dropped_without_close_is_gone_with_the_next_turn(open_desk: Callable[[str], Desk]) -> None:
    staying = open_desk("gallery")
    before = windows_there()
    dropped = [Desk("gallery") for _ in range(3)]
    dropped[0].do(Click(20, 10))
    dropped[1].do(MoveTo(50, 100), MouseDown())
    apps = [weakref.ref(desk.app) for desk in dropped]
    shot = staying.do(MoveTo(5, 5))
    dropped[2].do(MoveTo(50, 100))
    assert len(windows_there()) > len(before)
    dropped.clear()
    gc.collect()
    assert np.array_equal(staying.do(MoveTo(5, 5)), shot)
    assert windows_there() == before
    gc.collect()
    assert [app() for app in apps] == [None] * 3


def test_what_was_dropped_is_cleared_away_in_the_midst_of_a_turn(open_desk: Callable[[str], Desk]) -> None:
    staying, dropped = open_desk("gallery"), Desk("gallery")
    staying.click(staying.app.line)
    with staying.backend._turn():
        del dropped
        gc.collect()
    staying.do(TypeText("b"))
    assert staying.app.line.text() == "b"


def test_a_reset_lets_the_buttons_go(gallery: Desk) -> None:
    gallery.do(MoveTo(50, 100), MouseDown())
    assert QApplication.mouseButtons() != Qt.MouseButton.NoButton
    gallery.restart()
    assert QApplication.mouseButtons() == Qt.MouseButton.NoButton


def test_a_reset_takes_no_focus_from_another(open_desk: Callable[[str], Desk]) -> None:
    first = open_desk("gallery")
    first.click(first.app.line)
    expected = first.do(TypeText("half")).tobytes()
    first.restart()
    first.click(first.app.line)
    second = open_desk("gallery")
    second.restart()
    # The caret with it.
    assert first.do(TypeText("half")).tobytes() == expected
    assert first.app.said == []


def test_keys_go_to_nobody_where_nothing_is_open(open_desk: Callable[[str], Desk]) -> None:
    first = open_desk("gallery")
    first.click(first.app.line)
    empty = QtBackend()
    empty.reset(seed=0)
    empty.perform(TypeText("lost"))
    empty.close()
    assert first.app.line.text() == ""
