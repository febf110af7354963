"""The rule of ``compare_table`` on how all cells of a sheet look, those under a conditional format among them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agentgym.evaluators.metrics.cells import CELL, SAID, Look, color_of
from agentgym.evaluators.metrics.workbooks import Book, Books, Rule, find_sheet, sheets_of

__all__ = ["same_style"]

_Place = tuple[int, int]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(E[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_TRUTHS = {"TRUE": True, "FALSE": False}
_EMPTY_CELLS = 50
"""After so many without a value OSWorld looks at no more of a range."""


def same_style(books: Books, rule: Rule) -> bool:
    """Whether every cell has the same properties.

    A conditional format that compares a cell with a constant counts as far as it shows; of all others, and with
    ``strict`` of these too, the two sheets must have the same ones, in the properties that are asked for.
    """
    props: Sequence[str] = rule["props"]
    if rule.get("strict", False):
        pair = sheets_of(books, rule)
        if pair is None or not _same_looks(*pair, props):
            return False
        formats = [_formats(sheet, props) for sheet in pair]
        return formats[0] == formats[1]
    one, other = find_sheet(books, rule["sheet_idx0"]), find_sheet(books, rule["sheet_idx1"])
    if one is None or other is None:
        return _extent(_written(one)) == _extent(_written(other))
    said = [_said(*found, props) for found in (one, other)]
    return said[0] == said[1]


def _written(found: tuple[Book, str] | None) -> Any:
    return None if found is None else found[0].written[found[1]]


def _extent(sheet: Any) -> _Place | None:
    """To where a sheet reaches, with cells that have nothing but a style; None if it has none."""
    return None if sheet is None or not sheet._cells else (sheet.max_row, sheet.max_column)


def _same_looks(one: Any, other: Any, props: Sequence[str]) -> bool:
    # A sheet may be said to reach to its last row; these are the cells that are in the file.
    places = sorted({*one._cells, *other._cells})
    return all(CELL[name](one.cell(*place)) == CELL[name](other.cell(*place)) for place in places for name in props)


def _said(book: Book, name: str, props: Sequence[str]) -> tuple[_Place | None, dict[_Place, list[Any]], list[str]]:
    """How far a sheet reaches, how its cells look that do not look like empty ones, and its formats as written."""
    sheet = book.written[name]
    extent = _extent(sheet)
    looks = {place: [SAID[prop](cell) for prop in props] for place, cell in sorted(sheet._cells.items())}
    values = book.values(name)
    told = []
    for ranges in sheet.conditional_formatting:
        for rule in ranges.rules:
            holds = _worked_out(rule)
            if holds is None:
                told += [_in_words(ranges, rule, props)] if _DIFFERENCE.keys() & set(props) else []
                continue
            for place in _active(ranges, holds, values):
                looks[place] = [
                    _changed(prop, rule.dxf, sheet._cells.get(place) or _empty(sheet, place)) for prop in props
                ]
    bare = [SAID[prop](_empty(sheet, (1, 1))) for prop in props]
    return extent, {place: look for place, look in looks.items() if look != bare}, sorted(told)


def _empty(sheet: Any, place: _Place) -> Any:
    """A cell that the sheet does not remember."""
    from openpyxl.cell import Cell

    return Cell(sheet, *place)


def _active(ranges: Any, holds: Callable[[Any], bool], values: Mapping[str, Any]) -> Iterator[_Place]:
    from openpyxl.utils.cell import get_column_letter

    empty = 0
    for cells in ranges.cells:
        for row, column in _each(cells):
            value = values.get(f"{get_column_letter(column)}{row}")
            empty += value is None
            if value is None and empty > _EMPTY_CELLS:
                break
            if value is not None and holds(value):
                yield row, column


def _each(cells: Any) -> Iterator[_Place]:
    """The places of a range, row by row; its own ``cells`` counts out a million rows before the first."""
    columns = range(cells.min_col, cells.max_col + 1)
    return ((row, column) for row in range(cells.min_row, cells.max_row + 1) for column in columns)


def _worked_out(rule: Any) -> Callable[[Any], bool] | None:
    """Whether a cell's value has the format; None for one that is not worked out."""
    compares = _OPERATORS.get(rule.operator)
    constants = [_constant(formula) for formula in rule.formula]
    if rule.type != "cellIs" or compares is None or not constants or None in constants:
        return None

    def holds(value: Any) -> bool:
        try:
            return compares(value, constants)
        except (TypeError, IndexError):
            return False

    return holds


def _constant(formula: str) -> Any:
    text = formula.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    if quoted := _TEXT.fullmatch(text):
        return quoted[1].replace('""', '"')
    return _TRUTHS.get(text.upper())


_OPERATORS: Mapping[str | None, Callable[[Any, Sequence[Any]], bool]] = {
    "lessThan": lambda value, limits: bool(value < limits[0]),
    "lessThanOrEqual": lambda value, limits: bool(value <= limits[0]),
    "equal": lambda value, limits: bool(value == limits[0]),
    "notEqual": lambda value, limits: bool(value != limits[0]),
    "greaterThanOrEqual": lambda value, limits: bool(value >= limits[0]),
    "greaterThan": lambda value, limits: bool(value > limits[0]),
    "between": lambda value, limits: bool(min(limits) <= value <= max(limits)),
    "notBetween": lambda value, limits: bool(value < min(limits) or value > max(limits)),
}


def _changed(prop: str, difference: Any, cell: Any) -> Any:
    """A property of a cell that has a format, if the format changes things of that kind."""
    if difference is None or prop not in _DIFFERENCE:
        return SAID[prop](cell)
    part, look = _DIFFERENCE[prop]
    changed = getattr(difference, part)
    if part == "fill":
        return None if changed is None else look(changed)
    shows = cell.value is not None and (part == "font" or cell.data_type == "n")
    return look(changed) if shows and changed is not None else SAID[prop](cell)


def _formats(sheet: Any, props: Sequence[str]) -> list[str]:
    """The formats that change anything of what is asked for."""
    rules = [(ranges, rule) for ranges in sheet.conditional_formatting for rule in ranges.rules]
    return sorted(
        _in_words(ranges, rule, props) for ranges, rule in rules if any(_shown(rule.dxf, name) for name in props)
    )


def _in_words(ranges: Any, rule: Any, props: Sequence[str]) -> str:
    condition = [rule.type, rule.operator, rule.formula, rule.text, rule.rank, rule.percent, rule.bottom]
    return repr((str(ranges.sqref), condition, [_shown(rule.dxf, name) for name in props]))


def _shown(difference: Any, prop: str) -> Any:
    if difference is None or prop not in _DIFFERENCE:
        return None
    part, look = _DIFFERENCE[prop]
    changed = getattr(difference, part)
    return None if changed is None else look(changed)


def _back_color(fill: Any) -> Any:
    return color_of(fill.bgColor) if hasattr(fill, "bgColor") else None


_DIFFERENCE: Mapping[str, tuple[str, Look]] = {
    "font_name": ("font", operator.attrgetter("name")),
    "font_family": ("font", operator.attrgetter("family")),
    "font_color": ("font", lambda font: color_of(font.color)),
    "font_bold": ("font", operator.attrgetter("b")),
    "font_italic": ("font", operator.attrgetter("i")),
    "font_underline": ("font", operator.attrgetter("u")),
    "font_size": ("font", operator.attrgetter("sz")),
    "number_format": ("numFmt", operator.attrgetter("formatCode")),
    "fill_type": ("fill", operator.attrgetter("tagname")),
    "bgcolor": ("fill", _back_color),
    "fgcolor": ("fill", _back_color),
}
"""The part of a format that changes a property, and what it changes it to."""
