"""The picture that follows Qt's repaints is the picture that there is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

from agentgym.actions import Action, Click, DoubleClick, DragTo, Hotkey, MoveTo, Press, RightClick, Scroll, TypeText
from agentgym.backends.qt.pointer import draw_pointer
from agentgym.backends.qt.screen import blank
from tests.backends.qt.conftest import Desk


def drawn_anew(desk: Desk) -> npt.NDArray[np.uint8]:
    """Every window rendered from nothing, one over the other, and the pointer."""
    seat = desk.backend._seat
    frame = blank(desk.backend.screen)
    for window in seat.windows:
        image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
        place = window.geometry().translated(-seat.place.topLeft())
        left, top = max(0, place.x()), max(0, place.y())
        target = frame[top : place.y() + place.height(), left : place.x() + place.width()]
        x, y = left - place.x(), top - place.y()
        target[...] = pixels[y : y + target.shape[0], x : x + target.shape[1]]
    draw_pointer(frame, *seat.pointer)
    return frame


def any_action(rng: np.random.Generator, size: tuple[int, int]) -> Action:
    x, y = int(rng.integers(size[0])), int(rng.integers(size[1]))
    kinds: list[Callable[[], Action]] = [
        lambda: Click(x, y),
        lambda: Click(x, y),
        lambda: DoubleClick(x, y),
        lambda: RightClick(x, y),
        lambda: MoveTo(x, y),
        lambda: DragTo(x, y),
        lambda: Scroll(dy=int(rng.integers(-3, 4)), x=x, y=y),
        lambda: TypeText("Wört 7"),
        lambda: Press(str(rng.choice(["tab", "esc", "enter", "down", "up", "right", "space", "pagedown", "end"]))),
        lambda: Hotkey(("ctrl", str(rng.choice(["a", "c", "v", "x"])))),
    ]
    return kinds[int(rng.integers(len(kinds)))]()


@pytest.mark.parametrize("page", range(4))
def test_after_any_actions_the_picture_is_the_one_drawn_anew(gallery: Desk, page: int) -> None:
    rng = np.random.default_rng(page)
    gallery.page(page)
    changes = 0
    before = gallery.screen()
    for _ in range(60):
        action = any_action(rng, gallery.backend.screen)
        after = gallery.do(action)
        assert np.array_equal(after, drawn_anew(gallery)), action
        changes += not np.array_equal(before, after)
        before = after
    assert changes > 20


def test_scrolled_lists_are_copied_whole(gallery: Desk) -> None:
    gallery.page(3)
    gallery.do(MoveTo(*gallery.app.place(gallery.app.table)))
    for _ in range(5):
        assert np.array_equal(gallery.do(Scroll(dy=-1)), drawn_anew(gallery))


def test_only_what_was_repainted_is_copied(gallery: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.page(2)
    copied: list[tuple[int, int, int, int]] = []
    screen = gallery.backend._screen
    copy = screen._copy

    def kept(boxes: list[tuple[int, int, int, int]]) -> None:
        copied.extend(boxes)
        copy(boxes)

    monkeypatch.setattr(screen, "_copy", kept)
    gallery.click(gallery.app.check)
    copied.clear()
    gallery.do(Press("space"))
    width, height = gallery.backend.screen
    assert copied
    assert sum((right - left) * (bottom - top) for left, top, right, bottom in copied) < width * height / 5


def test_a_picture_can_be_written_into_part_of_a_larger_array(gallery: Desk) -> None:
    width, height = gallery.backend.screen
    many = np.zeros((3, height, width, 3), np.uint8)
    gallery.backend.capture_into(many[1])
    assert np.array_equal(many[1], gallery.screen())
    assert not many[0].any()
    assert not many[2].any()


def test_the_screen_of_a_machine_without_application_is_black_but_for_the_pointer(gallery: Desk) -> None:
    gallery.backend.reset(seed=0)
    expected = blank(gallery.backend.screen)
    draw_pointer(expected, gallery.backend.screen[0] // 2, gallery.backend.screen[1] // 2)
    assert np.array_equal(gallery.screen(), expected)
