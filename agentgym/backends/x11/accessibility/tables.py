"""Which cells of a table are on the screen.

A table may have billions of cells, and an application that is asked for one makes an object of it; so a table is asked
what lies at some points of it, and then for the rows and columns between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice, product
from typing import TypeAlias

from agentgym.backends.x11.accessibility.accessible import Accessible, Reference, ask, get
from agentgym.backends.x11.accessibility.bus import Asking, value_of
from agentgym.backends.x11.accessibility.learning import learn, look_again

__all__ = ["Box", "KnownCells", "parts_of", "visible_cells"]

_ROW_PITCH = 12
"""Rows are at least so high, in pixels; one that is not would be missed only at the upper or lower end."""

_COLUMN_PITCH = 24
_MOST_CELLS = 4096
_SPREADSHEET = 256
"""More columns than this has only a spreadsheet."""

_NOTHING = "/org/a11y/atspi/null"

Box: TypeAlias = tuple[int, int, int, int]
"""(x, y, width, height) in pixels of the screen."""

Point: TypeAlias = tuple[int, int]
Place: TypeAlias = tuple[int, int]
"""(row, column) from 0."""

KnownCells: TypeAlias = dict[Reference, dict[Place, Accessible]]
"""The cells of spreadsheets by row and column.

LibreOffice (7.4 at least) makes an object of 7 kB whenever it is asked for a cell, and never lets go of it: so each is
asked for once. Its objects stand for a place of the sheet, whatever is inserted or sorted, so that they keep their
names, too; and none has children.
"""


def visible_cells(table: Reference, box: Box, known: KnownCells) -> Asking[tuple[list[str], list[Accessible]]]:
    """The paths of the column headers, and of the cells that lie in a box, row by row; and the cells of a spreadsheet.

    Args:
        table: that has them.
        box: the part of the screen that is of interest.
        known: cells of spreadsheets from earlier looks; takes up the new ones.
    """
    count = value_of((yield [get(table, "Table", "NColumns")])[0]) or 0
    rows, columns = yield from _rows_and_columns(table, box)
    places = list(islice(product(rows, columns), _MOST_CELLS))
    if count > _SPREADSHEET:
        cells = yield from _remembered_cells(table, places, known)
        return [cell.path for cell in cells], cells
    headers = yield [ask(table, "Table", "GetColumnHeader", "i", column) for column in range(count)]
    inside = yield [ask(table, "Table", "GetAccessibleAt", "ii", *place) for place in places]
    return parts_of(table, map(value_of, (*headers, *inside))), []


def parts_of(whole: Reference, references: Iterable[Sequence[str] | None]) -> list[str]:
    """The paths in references (bus name, path), each once, without those to nothing and to other applications."""
    paths = [reference[1] for reference in references if reference and reference[0] == whole.bus_name]
    return [path for path in dict.fromkeys(paths) if path not in (_NOTHING, whole.path)]


def _remembered_cells(table: Reference, places: Sequence[Place], known: KnownCells) -> Asking[list[Accessible]]:
    of_table, wanted = known.get(table, {}), frozenset(places)
    remembered = {cell.path: place for place, cell in of_table.items() if place in wanted}
    # The bridge of GTK forgets an object half a minute after it was asked for.
    alive = yield from look_again(table.bus_name, [of_table[place] for place in remembered.values()])
    cells = {remembered[cell.path]: cell for cell in alive}
    new = [place for place in places if place not in cells]
    answers = yield [ask(table, "Table", "GetAccessibleAt", "ii", *place) for place in new]
    paths = {place: parts_of(table, [value_of(answer)]) for place, answer in zip(new, answers, strict=True)}
    learned = {cell.path: cell for cell in (yield from learn(table.bus_name, [*dict.fromkeys(chain(*paths.values()))]))}
    cells |= {place: learned[path] for place, own in paths.items() for path in own if path in learned}
    known.setdefault(table, {}).update(cells)
    return [cells[place] for place in places if place in cells]


def _rows_and_columns(table: Reference, box: Box) -> Asking[tuple[range, range]]:
    """The rows and columns of which something lies in a box."""
    left, top, width, height = box
    xs, ys = _ruler(left, width, _COLUMN_PITCH), _ruler(top, height, _ROW_PITCH)
    if not xs or not ys:
        return range(0), range(0)
    corners = [(x, y) for x in (xs[0], xs[-1]) for y in (ys[0], ys[-1])]
    cells = yield from _cells_at(table, corners)
    if len(cells) < len(corners):
        # It does not fill the box: feel along two lines from top to bottom, then along its first and last row.
        down = yield from _cells_at(table, [(x, y) for x in (xs[len(xs) // 8], xs[len(xs) // 2]) for y in ys])
        heights = sorted({y for _, y in down})
        cells |= down | (yield from _cells_at(table, [(x, y) for y in (*heights[:1], *heights[-1:]) for x in xs]))
    by_height, by_side = sorted(cells, key=lambda point: point[1]), sorted(cells)
    # Two cells from each end: one alone may be merged with others.
    rows = yield from _span(table, "GetRowAtIndex", [cells[point] for point in by_height[:2] + by_height[-2:]])
    columns = yield from _span(table, "GetColumnAtIndex", [cells[point] for point in by_side[:2] + by_side[-2:]])
    return rows, columns


def _cells_at(table: Reference, points: Sequence[Point]) -> Asking[dict[Point, str]]:
    """The cells at those of the points at which there is one."""
    answers = yield [ask(table, "Component", "GetAccessibleAtPoint", "iiu", x, y, 0) for x, y in points]
    found = {point: parts_of(table, [value_of(answer)]) for point, answer in zip(points, answers, strict=True)}
    return {point: paths[0] for point, paths in found.items() if paths}


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
