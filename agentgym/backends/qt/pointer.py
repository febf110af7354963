"""The pointer's picture, in process as in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PySide6.QtGui import QCursor

__all__ = ["draw_pointer", "pointer_cursor"]

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
_EDGE = np.array([[cell == "#" for cell in row] for row in _POINTER])
_INSIDE = np.array([[cell == "." for cell in row] for row in _POINTER])


def draw_pointer(frame: _Pixels, x: int, y: int) -> None:
    """Draws it, its tip at a pixel, into uint8 (height, width, 3)."""
    target = frame[y : y + len(_POINTER), x : x + len(_POINTER[0])]
    height, width = target.shape[:2]
    target[_EDGE[:height, :width]] = 0
    target[_INSIDE[:height, :width]] = 255


def pointer_cursor() -> QCursor:
    """The same for Qt to give to a window system."""
    from PySide6.QtGui import QCursor, QImage, QPixmap

    height, width = _EDGE.shape
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[_INSIDE] = 255
    pixels[_EDGE, 3] = 255
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_ARGB32).copy()
    return QCursor(QPixmap.fromImage(image), 0, 0)
