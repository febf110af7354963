from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from agentgym.trajectory.deltas import (
    apply_boxes,
    as_table,
    box_content,
    changed_boxes,
    from_table,
    rough_distance,
    row_bytes,
)

DTYPES: st.SearchStrategy[Any] = st.sampled_from(
    [np.uint8, np.int16, np.float32, np.float64, np.complex128, np.bool_, np.dtype(">i4"), "M8[ns]"]
)
SHAPES = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=12)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    before = draw(hnp.arrays(draw(DTYPES), draw(SHAPES)))
    after = before.copy()
    flat = after.reshape(-1).view(np.uint8)
    for place in draw(st.lists(st.integers(0, flat.size - 1), max_size=8)):
        flat[place] ^= draw(st.integers(1, 255))
    return before, after


@pytest.mark.episodes
@given(pairs())
def test_the_changed_boxes_turn_one_array_into_the_other(pair: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> None:
    before, after = pair
    width = row_bytes(before.shape, before.itemsize)
    old, new = as_table(before, width).copy(), as_table(after, width)
    boxes = changed_boxes(old, new)
    apply_boxes(old, boxes, box_content(new, boxes))
    assert old.tobytes() == new.tobytes()
    assert from_table(old, after.dtype, after.shape).tobytes() == after.tobytes()


def test_equal_arrays_have_no_boxes() -> None:
    table = as_table(np.zeros((8, 8, 3), np.uint8), 24)
    assert changed_boxes(table, table.copy()) == []


def test_changes_far_apart_get_a_box_each() -> None:
    before = as_table(np.zeros((720, 1280, 3), np.uint8), 3840)
    after = before.copy()
    after[10:12, 30:36] = after[600, 3000] = 1
    assert changed_boxes(before, after) == [(10, 12, 24, 40), (600, 601, 3000, 3008)]


def test_changes_everywhere_are_one_box() -> None:
    before = as_table(np.zeros((720, 1280, 3), np.uint8), 3840)
    after = before.copy()
    after[::10, ::400] = 1
    assert len(changed_boxes(before, after)) == 1


@pytest.mark.parametrize(
    ("shape", "itemsize", "width"),
    [
        ((720, 1280, 3), 1, 3840),
        ((4, 84, 84), 1, 84),
        ((84, 84, 1), 1, 84),
        ((1000,), 8, 64),
        ((7,), 1, 7),
        ((5, 6), 4, 24),
    ],
)
def test_a_row_is_a_line_of_the_image(shape: tuple[int, ...], itemsize: int, width: int) -> None:
    assert row_bytes(shape, itemsize) == width


def test_rough_distance_tells_the_likest_of_several_tables() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 255, (720, 3840), np.uint8)
    near, far = table.copy(), rng.integers(0, 255, table.shape, np.uint8)
    near[100:140, 200:800] = 0
    assert rough_distance(table, table) == 0
    assert 0 < rough_distance(near, table) < rough_distance(far, table)
