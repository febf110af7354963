"""Rules of ``compare_table`` on a cell, on rows and on columns, and how cells look."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from agentgym.evaluators.metrics.structures import compared
from agentgym.evaluators.metrics.workbooks import Books, Rule, find_sheet, sheets_if_any

__all__ = ["CELL", "COLUMN", "ROW", "SAID", "Look", "color_of", "same_cell", "same_columns", "same_rows", "value_of"]

Look = Callable[[Any], Any]

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_FIRST_ACCENT = 4


def same_cell(books: Books, rule: Rule) -> bool:
    """Whether properties of one cell fulfil comparisons."""
    found = find_sheet(books, rule["sheet_idx"])
    if found is None:
        return False
    book, sheet = found
    if rule.get("strict", False):
        cell = book.content[sheet][rule["coordinate"]]
        return all(compared(CELL[name](cell), wanted) for name, wanted in rule["props"].items())
    value, cell = book.values(sheet).get(rule["coordinate"]), book.written[sheet][rule["coordinate"]]
    return all(
        compared(value if name == "value" else SAID[name](cell), wanted) for name, wanted in rule["props"].items()
    )


def same_rows(books: Books, rule: Rule) -> bool:
    """Whether every row has the same properties."""
    return _same_lines(books, rule, ROW, lambda sheet: dict(sheet.row_dimensions.items()))


def same_columns(books: Books, rule: Rule) -> bool:
    """Whether every column has the same properties."""
    strict = rule.get("strict", False)
    return _same_lines(books, rule, COLUMN, _columns if strict else lambda sheet: dict(sheet.column_dimensions.items()))


def value_of(cell: Any) -> Any:
    """As it is in the file: every number is a float, a date its serial number; None for true and false, as OSWorld."""
    from openpyxl.utils.datetime import to_excel

    if cell.value is None or isinstance(cell.value, bool):
        return None
    if cell.is_date and not isinstance(cell.value, str):
        return float(to_excel(cell.value))
    return float(cell.value) if cell.data_type == "n" else cell.value


def _same_lines(
    books: Books, rule: Rule, looks: Mapping[str, Look], lines_of: Callable[[Any], Mapping[Any, Any]]
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


def color_of(color: Any, book: Any = None) -> Any:
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


def _of_filled(get: Look) -> Look:
    """A style as it shows: an empty cell has none."""
    return lambda cell: None if cell.value is None else get(cell)


def _of_known(name: str, default: Any) -> Look:
    """What a file says of a row or column, where it says something of it."""
    return lambda line: default if line is None else getattr(line, name)


def _fill(cell: Any) -> Any:
    """The colour of a fill, or those of a gradient, each with where it is."""
    if cell.fill.tagname == "gradientFill":
        return [(stop.position, color_of(stop.color, cell.parent.parent)) for stop in cell.fill.stop]
    return color_of(cell.fill.fgColor, cell.parent.parent)


CELL: Mapping[str, Look] = {
    "value": value_of,
    "merge": lambda cell: type(cell).__name__ == "MergedCell",
    "number_format": _of_filled(lambda cell: cell.number_format if cell.data_type == "n" else None),
    "font_name": _of_filled(lambda cell: cell.font.name),
    "font_family": _of_filled(lambda cell: cell.font.family),
    "font_color": _of_filled(lambda cell: color_of(cell.font.color, cell.parent.parent)),
    "font_bold": _of_filled(lambda cell: cell.font.bold),
    "font_italic": _of_filled(lambda cell: cell.font.italic),
    "font_underline": _of_filled(lambda cell: cell.font.underline),
    "font_size": _of_filled(lambda cell: cell.font.size),
    "hyperlink": _of_filled(lambda cell: cell.hyperlink and (cell.hyperlink.target or cell.hyperlink.location)),
    "fill_type": lambda cell: cell.fill.tagname,
    "bgcolor": _fill,
    "fgcolor": _fill,
}
"""What ``check_cell`` and ``style`` look at, by OSWorld's names."""

_THEMED = object()


def _said_color(color: Any) -> Any:
    """The number of a colour; all that have none, as those of the theme, are the same, and equal to no number."""
    return None if color is None else color.rgb if color.type == "rgb" else _THEMED


def _said_fill(cell: Any) -> Any:
    color = getattr(cell.fill, "fgColor", None)
    return None if color is None else _said_color(color)


SAID: Mapping[str, Look] = {
    **CELL,
    "font_color": _of_filled(lambda cell: _said_color(cell.font.color)),
    "hyperlink": _of_filled(lambda cell: cell.hyperlink or ""),
    "bgcolor": _said_fill,
    "fgcolor": _said_fill,
}
"""What OSWorld makes of them: a link, for one, is told by its place and not by where it leads."""

ROW: Mapping[str, Look] = {
    "hidden": _of_known("hidden", False),
    "collapsed": _of_known("collapsed", False),
    "height": _of_known("height", None),
}
COLUMN: Mapping[str, Look] = {
    "hidden": _of_known("hidden", False),
    "collapsed": _of_known("collapsed", False),
    "width": _of_known("width", None),
    "auto_size": _of_known("bestFit", False),
    "min": _of_known("min", None),
    "max": _of_known("max", None),
}
