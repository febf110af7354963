"""The pointer's picture, in process as in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PySide6.QtGui import QCursor

__all__ = ["POINTER_SIZE", "draw_pointer", "pointer_cursor"]

_Pixels: TypeAlias = npt.NDArray[np.uint8]

# An arrow: # is its edge, . its inside.
_POINTER = (
    "#       ",
    "##      ",
    "#.#     ",
    "#..#    ",
    "#...#   ",
    "#....#  ",
    "#.....# ",
    "#..#### ",
    "#.# #.# ",
    "##  #.# ",
    "     ## ",
)
_ARROW = np.array([[[255 * (cell == ".")] * 3 for cell in row] for row in _POINTER], np.uint8)
_IS_ARROW = np.array([[[cell != " "] * 3 for cell in row] for row in _POINTER])

POINTER_SIZE = len(_POINTER[0]), len(_POINTER)
"""(width, height) in pixels."""


def draw_pointer(frame: _Pixels, x: int, y: int) -> None:
    """Draws it, its tip at a pixel, into uint8 (height, width, 3)."""
    width, height = POINTER_SIZE
    target = frame[y : y + height, x : x + width]
    height, width = target.shape[:2]
    np.copyto(target, _ARROW[:height, :width], where=_IS_ARROW[:height, :width])


def pointer_cursor() -> QCursor:
    """The same for Qt to give to a window system."""
    from PySide6.QtGui import QCursor, QImage, QPixmap

    width, height = POINTER_SIZE
    # Blue, green, red, opacity; the arrow is grey.
    pixels = np.concatenate([_ARROW, 255 * _IS_ARROW[:, :, :1].astype(np.uint8)], axis=2)
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()
    return QCursor(QPixmap.fromImage(image), 0, 0)
