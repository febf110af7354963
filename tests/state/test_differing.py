from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from agentgym.actions import Click
from agentgym.state.differing import Difference, differences


def found(recorded: Any, replayed: Any) -> list[Difference]:
    return list(differences(recorded, replayed, "o"))


def test_pictures_tell_the_first_pixel_and_how_many() -> None:
    was = np.zeros((40, 60, 3), np.uint8)
    now = was.copy()
    now[20, 5] = (1, 2, 3)
    now[10, 30, 2] = 9
    now[10, 31] = 255
    (one,) = found(was, now)
    assert (one.where, one.recorded, one.replayed) == ("o", [0, 0, 0], [0, 0, 9])
    assert one.pixels is not None
    assert (one.pixels.x, one.pixels.y, one.pixels.count, one.pixels.of) == (30, 10, 3, 2400)
    assert one.pixels.box == (5, 10, 31, 20)
    assert "x 30, y 10: [0, 0, 0], now [0, 0, 9]; 3 of 2400 differ" in one.what


def test_texts_tell_the_first_line() -> None:
    (one,) = found("a\nb\nc", "a\nB\nC")
    assert (one.line, one.recorded, one.replayed) == (2, "b", "B")
    assert one.what == "line 2: 'b', now 'B'"
    (one,) = found("a", "a\nb")
    assert one.what == "line 2: no such line, now 'b'"
    (one,) = found("x" * 500 + "a", "x" * 500 + "b")
    assert one.what == f"line 1: '...{'x' * 20}a', now '...{'x' * 20}b'"


def test_arrays_tell_the_first_element() -> None:
    was = np.array([[1.0, np.nan], [2.0, 3.0]])
    now = np.array([[1.0, np.nan], [2.5, 4.0]])
    (one,) = found(was, now)
    assert one.what == "the first element that differs is [1, 0]: 2.0, now 2.5; 2 of 4 do"
    (one,) = found(was, was.astype(np.float32))
    assert one.what == "float64 (2, 2), now float32 (2, 2)"


def test_each_part_is_told_by_its_path() -> None:
    was = {"a": 1, "list": [1, {"x": "y"}], "gone": 2, "same": (1, 2)}
    now = {"a": 1.0, "list": [1, {"x": "z"}, 3], "same": [1, 2], "new": None}
    assert [(one.where, one.what) for one in found(was, now)] == [
        ("o.list", "2 items, now 3"),
        ("o.list[1].x", "line 1: 'y', now 'z'"),
        ("o.gone", "2, now not there"),
        ("o.new", "was not there, now None"),
    ]


@pytest.mark.parametrize(
    "value", [float("nan"), np.float32("nan"), None, True, np.zeros(3), "text", Click(1, 2), {"a": [np.int64(3)]}]
)
def test_what_is_the_same_is_no_difference(value: Any) -> None:
    assert found(value, value) == []


@pytest.mark.parametrize(("was", "now"), [(True, 1), (0, False), (None, 0), (1.0, float("nan")), ("1", 1)])
def test_what_is_of_another_kind_differs(was: Any, now: Any) -> None:
    assert len(found(was, now)) == 1


def test_a_text_of_which_the_beginning_was_kept_is_the_same() -> None:
    whole = "beginning and end"
    digest = hashlib.sha256(whole.encode()).hexdigest()
    assert list(differences({"a": "begin"}, {"a": whole}, "o", cut_texts={digest})) == []
    assert len(list(differences({"a": "begin"}, {"a": whole + "!"}, "o", cut_texts={digest}))) == 1
