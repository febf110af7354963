"""The accessibility tree says what is on the screen, in x11's form."""

from __future__ import annotations

from lxml import etree

from agentgym.actions import Click, Press, RightClick, TypeText
from tests.backends.qt.conftest import Desk

NS = "{https://accessibility.ubuntu.example.org/ns/%s}"
STATE, PLACE, VALUE = NS % "state", NS % "component", NS % "value"


def parts(desk: Desk, tag: str) -> list[etree._Element]:
    """The parts of a kind that are showing."""
    root = etree.fromstring(desk.tree().encode())
    return [part for part in root.iter(tag) if part.get(f"{STATE}showing") == "true"]


def names(desk: Desk, tag: str) -> list[str]:
    return [part.get("name", "") for part in parts(desk, tag)]


def test_every_kind_of_widget_has_its_role(gallery: Desk) -> None:
    seen = set()
    for page in range(4):
        gallery.page(page)
        root = etree.fromstring(gallery.tree().encode())
        seen |= {str(part.tag) for part in root.iter() if part.get(f"{STATE}showing") == "true"}
    assert {"frame", "text", "password-text", "spin-button", "combo-box", "list", "list-item", "slider"} <= seen
    assert {"scroll-bar", "push-button", "check-box", "radio-button", "progress-bar", "label", "panel"} <= seen
    assert {"tree", "tree-item", "table", "table-cell", "table-column-header", "page-tab", "menu-bar", "menu"} <= seen
    assert "unknown" not in seen


def test_a_click_on_a_part_reaches_it(gallery: Desk) -> None:
    gallery.page(2)
    (box,) = parts(gallery, "check-box")
    assert box.get(f"{STATE}checked") is None
    x, y = map(int, str(box.get(f"{PLACE}screencoord")).strip("()").split(","))
    width, height = map(int, str(box.get(f"{PLACE}size")).strip("()").split(","))
    gallery.do(Click(x + width // 2, y + height // 2))
    assert parts(gallery, "check-box")[0].get(f"{STATE}checked") == "true"


def test_texts_are_told_but_for_passwords(gallery: Desk) -> None:
    gallery.click(gallery.app.line)
    gallery.do(TypeText('a <b> & "c"'))
    gallery.click(gallery.app.secret)
    gallery.do(TypeText("geheim"))
    assert parts(gallery, "text")[0].text == 'a <b> & "c"'
    assert "geheim" not in gallery.tree()
    assert parts(gallery, "password-text")[0].get(f"{STATE}focused") == "true"


def test_values_are_told(gallery: Desk) -> None:
    gallery.click(gallery.app.number)
    gallery.do(Press("up", presses=3))
    number = parts(gallery, "spin-button")[0]
    assert [number.get(f"{VALUE}{name}") for name in ("value", "min", "max")] == ["3.0", "0.0", "99.0"]
    gallery.page(2)
    assert parts(gallery, "progress-bar")[1].get(f"{VALUE}value") == "40.0"


def test_what_is_open_is_there_once_and_what_is_closed_does_not_show(gallery: Desk) -> None:
    assert names(gallery, "menu-item") == []
    gallery.do(Click(20, 8))
    assert names(gallery, "menu-item") == ["Open"]
    gallery.do(Press("esc"))
    gallery.page(1)
    assert names(gallery, "list-item").count("Apricot") == 1
    gallery.click(gallery.app.combo)
    assert names(gallery, "list-item").count("Apricot") == 2
    gallery.do(Press("esc"), RightClick(*gallery.app.place(gallery.app.list)))
    assert names(gallery, "menu-item") == ["Copy it", "Cut it"]


def test_a_dialogue_is_told_of_as_the_active_window(gallery: Desk) -> None:
    gallery.page(2)
    gallery.click(gallery.app.opener)
    (dialog,) = parts(gallery, "dialog")
    assert dialog.get("name") == "A question"
    assert dialog.get(f"{STATE}active") == "true"
    (frame,) = parts(gallery, "frame")
    assert frame.get(f"{STATE}active") is None
