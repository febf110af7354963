"""Rules of ``compare_table`` on how cells, rows and columns look."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lxml import etree

from agentgym.evaluators.metrics.structures import compared
from agentgym.evaluators.metrics.workbooks import Books, Rule, sheet_of, sheets_if_any

__all__ = ["CELL", "COLUMN", "ROW", "same_cell", "same_columns", "same_rows", "same_style", "value_of"]

_Look = Callable[[Any], Any]

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_FIRST_ACCENT = 4


def same_cell(books: Books, rule: Rule) -> bool:
    """Whether properties of one cell fulfil comparisons."""
    sheet = sheet_of(books, rule)
    if sheet is None:
        return False
    cell = sheet[rule["coordinate"]]
    return all(compared(CELL[name](cell), wanted) for name, wanted in rule["props"].items())


def same_style(books: Books, rule: Rule) -> bool:
    """Whether every cell has the same properties.

    Conditional formats are not worked out, as OSWorld does with simple ones: the two sheets must have the same ones,
    in the properties that are asked for.
    """
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    if None in pair or not (rule.get("strict", False) or _extent(pair[0]) == _extent(pair[1])):
        return _extent(pair[0]) == _extent(pair[1])
    props: Sequence[str] = rule["props"]
    # A sheet may be said to reach to its last row; these are the cells that are in the file.
    places = sorted(set(pair[0]._cells) | set(pair[1]._cells))
    looks = [[[CELL[name](sheet.cell(*place)) for name in props] for place in places] for sheet in pair]
    formats = [sorted(_conditional_formats(sheet, props)) for sheet in pair]
    return looks[0] == looks[1] and formats[0] == formats[1]


def same_rows(books: Books, rule: Rule) -> bool:
    """Whether every row has the same properties."""
    return _same_lines(books, rule, ROW, lambda sheet: dict(sheet.row_dimensions.items()))


def same_columns(books: Books, rule: Rule) -> bool:
    """Whether every column has the same properties."""
    return _same_lines(books, rule, COLUMN, _columns)


def value_of(cell: Any) -> Any:
    """As it is in the file: every number is a float, a date its serial number; None for true and false, as OSWorld."""
    from openpyxl.utils.datetime import to_excel

    if cell.value is None or isinstance(cell.value, bool):
        return None
    if cell.is_date and not isinstance(cell.value, str):
        return float(to_excel(cell.value))
    return float(cell.value) if cell.data_type == "n" else cell.value


def _extent(sheet: Any) -> tuple[int, int] | None:
    """To where a sheet reaches, with cells that have nothing but a style; None if it has none."""
    return None if sheet is None or not sheet._cells else (sheet.max_row, sheet.max_column)


def _same_lines(
    books: Books, rule: Rule, looks: Mapping[str, _Look], lines_of: Callable[[Any], Mapping[int, Any]]
) -> bool:
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    one, other = ({} if sheet is None else lines_of(sheet) for sheet in pair)
    if not rule.get("strict", False) and one.keys() != other.keys():
        return False
    return all(
        looks[name](one.get(number)) == looks[name](other.get(number))
        for number in {*one, *other}
        for name in rule["props"]
    )


def _columns(sheet: Any) -> Mapping[int, Any]:
    """The columns that are said something of, each by its number; a file may say it of several at once."""
    from openpyxl.utils.cell import column_index_from_string

    said = {}
    for letter, column in sheet.column_dimensions.items():
        first = column.min or column_index_from_string(letter)
        said.update(dict.fromkeys(range(first, (column.max or first) + 1), column))
    return said


def _conditional_formats(sheet: Any, props: Sequence[str]) -> Iterator[str]:
    for ranges in sheet.conditional_formatting:
        for rule in ranges.rules:
            condition = [rule.type, rule.operator, rule.formula, rule.text, rule.rank, rule.percent, rule.bottom]
            shown = {name: _DIFFERENCE[name](rule.dxf) for name in props if rule.dxf and name in _DIFFERENCE}
            yield repr((str(ranges.sqref), condition, shown))


def _color(color: Any, book: Any = None) -> Any:
    """The number of a color: that which the book's theme gives it, unless it is shaded or there is no book."""
    if color is None:
        return None
    if color.type == "theme" and not color.tint and book is not None and book.loaded_theme:
        themed = _theme(book.loaded_theme)
        return f"FF{themed[color.theme]}" if color.theme < len(themed) else f"theme {color.theme}"
    return color.rgb if color.type == "rgb" else f"{color.type} {color.value} {color.tint:g}"


@functools.cache
def _theme(content: bytes) -> tuple[str, ...]:
    """The theme's colors, in the order in which cells count them: not that of the file (ECMA-376, 18.8.3)."""
    scheme = etree.fromstring(content).find(f".//{{{_DRAWING}}}clrScheme")
    if scheme is None:
        return ()
    colors = [next(iter(entry)) for entry in scheme if len(entry)]
    numbers = [color.get("lastClr") or color.get("val") or "" for color in colors]
    # Dark and light, of text and of background, change places.
    return (
        (*[numbers[place] for place in (1, 0, 3, 2)], *numbers[_FIRST_ACCENT:]) if len(numbers) >= _FIRST_ACCENT else ()
    )


def _of_filled(get: _Look) -> _Look:
    """A style as it shows: an empty cell has none."""
    return lambda cell: None if cell.value is None else get(cell)


def _of_known(name: str, default: Any) -> _Look:
    """What a file says of a row or column, where it says something of it."""
    return lambda line: default if line is None else getattr(line, name)


CELL: Mapping[str, _Look] = {
    "value": value_of,
    "merge": lambda cell: type(cell).__name__ == "MergedCell",
    "number_format": _of_filled(lambda cell: cell.number_format if cell.data_type == "n" else None),
    "font_name": _of_filled(lambda cell: cell.font.name),
    "font_family": _of_filled(lambda cell: cell.font.family),
    "font_color": _of_filled(lambda cell: _color(cell.font.color, cell.parent.parent)),
    "font_bold": _of_filled(lambda cell: cell.font.bold),
    "font_italic": _of_filled(lambda cell: cell.font.italic),
    "font_underline": _of_filled(lambda cell: cell.font.underline),
    "font_size": _of_filled(lambda cell: cell.font.size),
    "hyperlink": _of_filled(lambda cell: cell.hyperlink and (cell.hyperlink.target or cell.hyperlink.location)),
    "fill_type": lambda cell: cell.fill.tagname,
    "bgcolor": lambda cell: _color(cell.fill.fgColor, cell.parent.parent),
    "fgcolor": lambda cell: _color(cell.fill.fgColor, cell.parent.parent),
}
"""What ``check_cell`` and ``style`` look at, by OSWorld's names."""

_DIFFERENCE: Mapping[str, _Look] = {
    "font_color": lambda style: style.font and _color(style.font.color),
    "font_bold": lambda style: style.font and style.font.b,
    "font_italic": lambda style: style.font and style.font.i,
    "font_underline": lambda style: style.font and style.font.u,
    "bgcolor": lambda style: style.fill and _color(style.fill.bgColor),
    "fgcolor": lambda style: style.fill and _color(style.fill.bgColor),
}
"""The same of what a conditional format changes."""

ROW: Mapping[str, _Look] = {
    "hidden": _of_known("hidden", False),
    "collapsed": _of_known("collapsed", False),
    "height": _of_known("height", None),
}
COLUMN: Mapping[str, _Look] = {
    "hidden": _of_known("hidden", False),
    "collapsed": _of_known("collapsed", False),
    "width": _of_known("width", None),
    "auto_size": _of_known("bestFit", False),
}
