"""Which parts are told of, and where marks are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from agentgym.accessibility import Node, linearized, marked, middle, shown_nodes
from agentgym.errors import BackendError, UsageError

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="https://accessibility.ubuntu.example.org/ns/{name}"'
    for prefix, name in {"st": "state", "cp": "component"}.items()
)
_SHOWN = 'st:showing="true" st:visible="true" st:enabled="true"'


def _tree(*parts: str) -> str:
    return f"<desktop-frame {_NAMESPACES}>{''.join(parts)}</desktop-frame>"


def _button(name: str, corner: str = "(1, 2)", size: str = "(30, 40)", states: str = _SHOWN) -> str:
    return f'<push-button name="{name}" {states} cp:screencoord="{corner}" cp:size="{size}"/>'


def test_a_part_is_told_with_its_place() -> None:
    (node,) = shown_nodes(_tree(_button("Send")))
    assert node == Node("push-button", "Send", "", "", "", "(1, 2)", "(30, 40)", (1, 2, 30, 40))
    assert middle(node.box) == (16, 22)


@pytest.mark.parametrize(
    "part",
    [
        _button(""),
        _button("off the screen", "(-1, 2)"),
        _button("no size", size="(0, 40)"),
        _button("code", "__import__('os').abort()"),
        _button("hidden", states='st:visible="true" st:enabled="true"'),
        _button("of no use", states='st:visible="true" st:showing="true"'),
        _button("filler").replace("push-button", "filler"),
    ],
)
def test_what_cannot_be_used_is_not_told(part: str) -> None:
    assert [node.name for node in shown_nodes(_tree(part, _button("Send")))] == ["Send"]


def test_a_nameless_picture_is_marked_and_not_in_the_table() -> None:
    picture = f'<icon image="true" {_SHOWN} cp:screencoord="(0, 0)" cp:size="(2, 2)"/>'
    assert shown_nodes(_tree(picture)) == []
    assert len(shown_nodes(_tree(picture), images=True)) == 1


def test_text_with_quotation_marks_is_put_into_them() -> None:
    part = f'<text name="t" {_SHOWN} cp:screencoord="(0, 0)" cp:size="(2, 2)">a "b"</text>'
    assert linearized(shown_nodes(_tree(part)))[1] == 'text\tt\t"a ""b"""\t\t\t(0, 0)\t(2, 2)'


def test_no_tree_has_no_parts_and_a_broken_one_is_the_machines_fault() -> None:
    assert shown_nodes("") == []
    with pytest.raises(BackendError, match="no XML"):
        shown_nodes("<desktop-frame>")
    with pytest.raises(UsageError, match="did you mean 'ubuntu'"):
        shown_nodes("", "ubunto")  # type: ignore[arg-type]  # which is the test


def _at(x: int, y: int, width: int, height: int) -> Node:
    return Node("icon", "i", "", "", "", "", "", (x, y, width, height))


def test_marks_are_drawn_into_a_copy() -> None:
    screen = np.random.default_rng(0).integers(0, 200, (60, 80, 3), np.uint8)
    before = screen.copy()
    found = marked(screen, [_at(10, 10, 40, 30)])
    assert (screen == before).all()
    assert found.picture.shape == screen.shape
    assert (found.picture[10, 10:51] == (255, 0, 0)).all()
    assert (found.picture[0:10] == screen[0:10]).all()
    found.picture[:] = 0


def test_what_has_one_colour_gets_no_number() -> None:
    screen = np.zeros((60, 80, 3), np.uint8)
    screen[:30] = np.random.default_rng(0).integers(0, 200, (30, 80, 3), np.uint8)
    nodes = [_at(2, 35, 10, 10), _at(2, 2, 10, 10), _at(100, 100, 10, 10), _at(70, 50, 1000, 10**6)]
    assert marked(screen, nodes).boxes == [(2, 2, 10, 10)]
    # Beyond the edge it is black, which another colour is not.
    screen[30:] = 7
    assert marked(screen, nodes).boxes == [(2, 2, 10, 10), (70, 50, 1000, 10**6)]
