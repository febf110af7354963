"""What families are made of: words, places, and the two halves of a drag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from agentgym.actions import Batch, MouseDown, MouseUp, MoveTo

__all__ = ["BODY", "COLOURS", "NAMES", "PLACES", "WORDS", "drop", "grab", "one_of", "scatter", "some_of"]

T = TypeVar("T")

BODY = (160, 168)
"""(width, height) in pixels of what is below the instruction."""

WORDS = (
    *("Accept", "Apply", "Archive", "Back", "Cancel", "Close", "Copy", "Delete", "Edit", "Export", "Find", "Help"),
    *("Import", "Join", "Keep", "Load", "Move", "New", "Next", "OK", "Open", "Paste", "Print", "Quit", "Redo"),
    *("Rename", "Reply", "Reset", "Save", "Search", "Send", "Share", "Skip", "Sort", "Stop", "Undo", "View"),
)
NAMES = (
    *("Ada", "Alan", "Barbara", "Claude", "Donald", "Edsger", "Emmy", "Frances", "Grace", "Hedy", "Jean", "John"),
    *("Katherine", "Ken", "Leslie", "Lise", "Lynn", "Marie", "Mary", "Niklaus", "Radia", "Rosa", "Sophie", "Tim"),
)
PLACES = (
    *("Athens", "Bergen", "Cairo", "Dublin", "Geneva", "Hanoi", "Izmir", "Kyoto", "Lima", "Malaga", "Nairobi"),
    *("Oslo", "Porto", "Quito", "Riga", "Sofia", "Tunis", "Utrecht", "Vienna", "Warsaw", "Xian", "York", "Zagreb"),
)
COLOURS = {
    "red": "#d62728",
    "green": "#2ca02c",
    "blue": "#1f4fd6",
    "yellow": "#f2d600",
    "orange": "#ff8c1a",
    "purple": "#8b3fc4",
    "black": "#1a1a1a",
    "white": "#ffffff",
}


def one_of(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def some_of(rng: np.random.Generator, choices: Sequence[T], count: int) -> list[T]:
    """``count`` different ones of the choices, in drawn order."""
    return [choices[int(index)] for index in rng.choice(len(choices), size=count, replace=False)]


def scatter(
    rng: np.random.Generator, count: int, size: tuple[int, int], *, area: tuple[int, int] = BODY, gap: int = 2
) -> list[list[int]]:
    """Upper left corners [x, y] of ``count`` rectangles of one size that do not meet.

    Rectangles lie in a grid whose cells are as large as the area allows, each somewhere in its cell.

    Raises:
        ValueError: if the area is too small for so many.
    """
    columns, rows = (extent // (side + gap) for extent, side in zip(area, size, strict=True))
    if columns * rows < count:
        raise ValueError(f"{count} rectangles of {size} do not fit into {area}")
    while (columns - 1) * rows >= count and columns > 1:
        columns -= 1
    while columns * (rows - 1) >= count and rows > 1:
        rows -= 1
    cell = area[0] // columns, area[1] // rows
    chosen = rng.choice(columns * rows, size=count, replace=False)
    corners = []
    for index in chosen:
        row, column = divmod(int(index), columns)
        free = cell[0] - size[0] - gap, cell[1] - size[1] - gap
        corners.append(
            [
                column * cell[0] + int(rng.integers(free[0] + 1)),
                row * cell[1] + int(rng.integers(free[1] + 1)),
            ]
        )
    return corners


def grab(x: int, y: int) -> Batch:
    """Presses the left button there, and keeps it down: the first half of a drag."""
    return Batch((MoveTo(x, y), MouseDown()))


def drop(x: int, y: int) -> Batch:
    """Moves there and lets the left button go: the other half."""
    return Batch((MoveTo(x, y), MouseUp()))
