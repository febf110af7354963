"""The frame codec: an array as its bytes, or as the boxes of them that differ from the array before.

An array is seen as a table of bytes. One row of the table is one line of the image, so that a change in a corner of
the screen is a small box. Everything is lossless to the bit, NaNs and padding included.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Box",
    "Table",
    "apply_boxes",
    "area",
    "as_table",
    "box_content",
    "changed_boxes",
    "from_table",
    "rough_distance",
    "row_bytes",
]

Table: TypeAlias = npt.NDArray[np.uint8]
"""Shape (rows, bytes in a row), C-contiguous."""

Box: TypeAlias = tuple[int, int, int, int]
"""First row, end row, first byte, end byte."""

_MOST_BOXES = 128
_ROW_GAP = 6
_UNIT_GAP = 8
_WORDS = tuple((np.dtype(word), np.dtype(word).itemsize) for word in (np.uint64, np.uint32, np.uint16, np.uint8))
_PIXEL_CHANNELS = 4
_VECTOR_ROW = 256
_SAMPLED_ROWS = 48


def row_bytes(shape: tuple[int, ...], itemsize: int) -> int:
    """How many bytes a row of the table has: a line of the image, or a piece of a vector."""
    if len(shape) == 1:
        nbytes = shape[0] * itemsize
        return math.gcd(nbytes, _VECTOR_ROW) if nbytes % _WORDS[0][1] == 0 else nbytes
    if len(shape) > 2 and shape[-1] <= _PIXEL_CHANNELS:
        return shape[-2] * shape[-1] * itemsize
    return shape[-1] * itemsize


def as_table(array: npt.NDArray[Any], width: int) -> Table:
    """The array's bytes; a view of them if the array is C-contiguous."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, width)


def from_table(table: Table, dtype: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return table.reshape(-1).view(dtype).reshape(shape)


def changed_boxes(before: Table, after: Table) -> list[Box]:
    """Boxes that hold every byte that differs, few and small; none if nothing does."""
    word, size = _word(before.shape[1])
    differs = before.view(word) != after.view(word)
    rows = differs.any(axis=1).nonzero()[0]
    if rows.size == 0:
        return []
    bands = _runs(rows, _ROW_GAP)
    if len(bands) > _MOST_BOXES:
        bands = [(bands[0][0], bands[-1][1])]
    boxes: list[Box] = []
    for top, bottom in bands:
        columns = differs[top:bottom].any(axis=0).nonzero()[0]
        boxes += [(top, bottom, left * size, right * size) for left, right in _runs(columns, _UNIT_GAP)]
    return boxes if len(boxes) <= _MOST_BOXES else [_around(boxes)]


def rough_distance(before: Table, after: Table) -> int:
    """How many words differ in some of the rows: enough to tell which of several tables is the most alike."""
    word, _ = _word(before.shape[1])
    stride = max(1, before.shape[0] // _SAMPLED_ROWS)
    return int(np.count_nonzero(before[::stride].view(word) != after[::stride].view(word)))


def area(boxes: Iterable[Box]) -> int:
    """How many bytes are in the boxes."""
    return sum((bottom - top) * (right - left) for top, bottom, left, right in boxes)


def box_content(table: Table, boxes: Sequence[Box]) -> bytes:
    """The bytes in the boxes, one box after the other, each row by row."""
    return b"".join([table[top:bottom, left:right].tobytes() for top, bottom, left, right in boxes])


def apply_boxes(table: Table, boxes: Sequence[Box], content: bytes) -> None:
    """Writes what `box_content` gave into a table."""
    source = np.frombuffer(content, np.uint8)
    start = 0
    for top, bottom, left, right in boxes:
        end = start + (bottom - top) * (right - left)
        table[top:bottom, left:right] = source[start:end].reshape(bottom - top, right - left)
        start = end


@cache
def _word(width: int) -> tuple[np.dtype[Any], int]:
    return next((word, size) for word, size in _WORDS if width % size == 0)


def _runs(indices: npt.NDArray[np.intp], gap: int) -> list[tuple[int, int]]:
    """The indices as ranges; those that are less than ``gap`` apart share one."""
    first, last = int(indices[0]), int(indices[-1])
    # Most changes are small and in one place: no need to look for gaps.
    if last - first < max(gap, indices.size):
        return [(first, last + 1)]
    breaks = (indices[1:] - indices[:-1] > gap).nonzero()[0]
    if breaks.size == 0:
        return [(first, last + 1)]
    firsts = [first, *indices[breaks + 1].tolist()]
    lasts = [*indices[breaks].tolist(), last]
    return [(one, other + 1) for one, other in zip(firsts, lasts, strict=True)]


def _around(boxes: Sequence[Box]) -> Box:
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return min(tops), max(bottoms), min(lefts), max(rights)
