"""Which cells of a table are on the screen.

A table may have billions of cells, and an application that is asked for one makes an object of it; so a table is asked
what lies at some points of it, and then for the rows and columns between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from agentgym.backends.x11.accessibility.accessible import Reference, ask, get
from agentgym.backends.x11.accessibility.bus import Asking, value_of

__all__ = ["Box", "parts_of", "visible_cells"]

_ROW_PITCH = 12
"""Rows are at least so high, in pixels; one that is not would be missed only at the upper or lower end."""

_COLUMN_PITCH = 24
_MOST_CELLS = 4096
_MOST_HEADERS = 256
_NOTHING = "/org/a11y/atspi/null"

Box: TypeAlias = tuple[int, int, int, int]
"""(x, y, width, height) in pixels of the screen."""

Point: TypeAlias = tuple[int, int]


def visible_cells(table: Reference, box: Box) -> Asking[list[str]]:
    """The paths of the column headers, and of the cells that lie in a box, row by row."""
    headers = yield from _headers(table)
    left, top, width, height = box
    xs, ys = _ruler(left, width, _COLUMN_PITCH), _ruler(top, height, _ROW_PITCH)
    # Two lines each way: one alone may run along cells that are merged.
    down = yield from _ends(table, [[(x, y) for y in ys] for x in (left + 8, left + width // 2)])
    heights = sorted(y for _, y in down)
    across = yield from _ends(table, [[(x, y) for x in xs] for y in (heights[:1] + heights[-1:])])
    rows = yield from _span(table, "GetRowAtIndex", down.values())
    columns = yield from _span(table, "GetColumnAtIndex", across.values())
    cells = [(row, column) for row in rows for column in columns][:_MOST_CELLS]
    answers = yield [ask(table, "Table", "GetAccessibleAt", "ii", row, column) for row, column in cells]
    return headers + parts_of(table, map(value_of, answers))


def parts_of(whole: Reference, references: Iterable[Sequence[str] | None]) -> list[str]:
    """The paths in references (bus name, path), each once, without those to nothing and to other applications."""
    paths = [reference[1] for reference in references if reference and reference[0] == whole.bus_name]
    return [path for path in dict.fromkeys(paths) if path not in (_NOTHING, whole.path)]


def _headers(table: Reference) -> Asking[list[str]]:
    count = value_of((yield [get(table, "Table", "NColumns")])[0])
    if count is None or count > _MOST_HEADERS:
        return []
    headers = yield [ask(table, "Table", "GetColumnHeader", "i", column) for column in range(count)]
    return parts_of(table, map(value_of, headers))


def _ends(table: Reference, lines: Sequence[Sequence[Point]]) -> Asking[dict[Point, str]]:
    """The first and the last point of each line at which there is a cell, with the cell."""
    points = [point for line in lines for point in line]
    answers = yield [ask(table, "Component", "GetAccessibleAtPoint", "iiu", x, y, 0) for x, y in points]
    cells = {point: parts_of(table, [value_of(answer)]) for point, answer in zip(points, answers, strict=True)}
    hits = [[point for point in line if cells[point]] for line in lines]
    return {point: cells[point][0] for line in hits for point in line[:1] + line[-1:]}


def _span(table: Reference, member: str, cells: Iterable[str]) -> Asking[range]:
    """From the first to the last row, or column, that has one of the cells."""
    asked = yield [
        ask(Reference(table.bus_name, cell), "Accessible", "GetIndexInParent") for cell in dict.fromkeys(cells)
    ]
    indices = [index for index in map(value_of, asked) if index is not None]
    answers = yield [ask(table, "Table", member, "i", index) for index in indices]
    numbers = [number for number in map(value_of, answers) if number is not None and number >= 0]
    return range(min(numbers), max(numbers) + 1) if numbers else range(0)


def _ruler(start: int, length: int, pitch: int) -> list[int]:
    """Places from end to end of a length, so close to each other that nothing falls between."""
    return [*range(start + 1, start + length - 2, pitch), start + length - 2] if length > 2 else []
