"""A picture at another size, of which only what changed is computed again."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Shrunk", "resized"]

_Pixels: TypeAlias = npt.NDArray[np.uint8]
_Size: TypeAlias = tuple[int, int]


def resized(picture: _Pixels, size: _Size) -> _Pixels:
    """The picture at another size (width, height): each pixel the mean of those that it stands for."""
    return cast("_Pixels", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


class Shrunk:
    """Follows a picture, and shows to the bit what `resized` makes of it.

    A mean is taken over pixels of one block alone, as far as columns and rows of both sizes fall into blocks: 40
    columns to 21 and 5 rows to 2, from 160 by 210 to 84 by 84. A click changes a few of these 168 blocks.

    Args:
        source: (width, height) of what is followed.
        size: (width, height) of ``picture``.
    """

    def __init__(self, source: _Size, size: _Size) -> None:
        self._size = size
        shrinks = source[0] >= size[0] and source[1] >= size[1]
        self._columns, self._rows = (
            _block(before, after) if shrinks else (before, after) for before, after in zip(source, size, strict=True)
        )
        self.picture: _Pixels = np.zeros((size[1], size[0], 3), np.uint8)

    def follow(self, picture: _Pixels, changed: Iterable[tuple[int, int, int, int]]) -> None:
        """Computes again what changed.

        Args:
            picture: uint8 (height, width, 3), of the size that is followed.
            changed: left, top, right, bottom of its parts that are others than the last time.
        """
        (width, own_width), (height, own_height) = self._columns, self._rows
        # Parts in the same blocks are computed once.
        for first_column, first_row, last_column, last_row in {
            (left // width, top // height, -(-right // width), -(-bottom // height))
            for left, top, right, bottom in changed
        }:
            part = picture[first_row * height : last_row * height, first_column * width : last_column * width]
            size = (last_column - first_column) * own_width, (last_row - first_row) * own_height
            self.picture[
                first_row * own_height : last_row * own_height, first_column * own_width : last_column * own_width
            ] = resized(part, size)


@cache
def _block(before: int, after: int) -> tuple[int, int]:
    """How many pixels of a row become how many, independent of those beside them; all of them if not fewer do."""
    count = math.gcd(before, after)
    width, own_width = before // count, after // count
    # Row k has its one bright pixel at k, so that this is how much each pixel counts for each other.
    weights = cv2.resize(np.eye(before, dtype=np.float32), (after, before), interpolation=cv2.INTER_AREA)
    alone = np.zeros_like(weights)
    for number in range(count):
        rows, columns = slice(number * width, (number + 1) * width), slice(number * own_width, (number + 1) * own_width)
        alone[rows, columns] = weights[:width, :own_width]
    return (width, own_width) if np.array_equal(weights, alone) else (before, after)
