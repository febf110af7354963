"""Metrics on spreadsheets."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.structures import compared

__all__ = ["METRICS"]

Rule = Mapping[str, Any]

_PRECISION = 4
_FUZZY_THRESHOLD = 85.0


class Book(NamedTuple):
    """A workbook and where it lies."""

    content: Any
    path: Path


Books = tuple[Book | None, Book | None]
"""The result and the expected workbook."""


def compare_table(result: str | None, expected: str | None = None, *, rules: Sequence[Rule]) -> float:
    """Whether a workbook fulfils all rules; those that compare have another sheet, mostly the expected book's.

    Rules by ``type``: ``sheet_name``, ``sheet_data`` (values), ``sheet_print`` (what is printed: ``book-Sheet.csv``
    beside the book, or else the values as text), ``sheet_fuzzy``, ``check_cell``, ``freeze``, ``zoom``.
    A sheet is ``0`` or ``"RI0"`` (a place in the result), ``"EI0"`` (in the expected book), ``"RNname"`` or
    ``"ENname"``.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
        ValueError: if a rule's type is unknown.
    """
    unknown = [rule["type"] for rule in rules if rule["type"] not in _RULES]
    if unknown:
        raise ValueError(f"compare_table has no rule {unknown[0]!r}; it has {', '.join(_RULES)}")
    books = _book(result), _book(expected)
    if books[0] is None or (expected is not None and books[1] is None):
        return 0.0
    return float(all(_RULES[rule["type"]](books, rule) for rule in rules))


def _book(path: str | None) -> Book | None:
    if path is None:
        return None
    try:
        import openpyxl
    except ImportError as error:
        raise MissingDependencyError("openpyxl is not installed: pip install 'agentgym-envs[office]'") from error
    try:
        return Book(openpyxl.load_workbook(path, data_only=True), Path(path))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException):
        return None


def _find(books: Books, which: int | str) -> tuple[Book, str] | None:
    """The book and the name of the sheet that a rule means; None if there is none."""
    form = f"RI{which}" if isinstance(which, int) else which
    if form[:2] not in ("RI", "EI", "RN", "EN"):
        raise ValueError(f"{which!r} is no sheet; it is a place, or RI, EI with a place, or RN, EN with a name")
    book = books["RE".index(form[0])]
    if book is None:
        return None
    names = book.content.sheetnames
    if form[1] == "N":
        return (book, form[2:]) if form[2:] in names else None
    return (book, names[int(form[2:])]) if int(form[2:]) < len(names) else None


def _sheet(books: Books, which: int | str) -> Any:
    found = _find(books, which)
    return None if found is None else found[0].content[found[1]]


def _pair(books: Books, rule: Rule) -> tuple[Any, Any] | None:
    sheets = _sheet(books, rule["sheet_idx0"]), _sheet(books, rule["sheet_idx1"])
    return None if None in sheets else sheets


def _values(sheet: Any, precision: int) -> list[list[Any]]:
    """The cells' values without empty rows and columns at the end."""
    rows = [[_rounded(cell, precision) for cell in row] for row in sheet.iter_rows(values_only=True)]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((index + 1 for row in rows for index, cell in enumerate(row) if cell is not None), default=0)
    return [row[:width] for row in rows]


def _rounded(value: Any, precision: int) -> Any:
    if value == "":
        return None
    # Round what computes in floating point, and let 2 and 2.0 be the same.
    return round(float(value), precision) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _same_names(books: Books, _rule: Rule) -> bool:
    result, expected = books
    return result is not None and expected is not None and result.content.sheetnames == expected.content.sheetnames


def _same_data(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    precision = int(rule.get("precision", _PRECISION))
    return pair is not None and _values(pair[0], precision) == _values(pair[1], precision)


def _same_print(books: Books, rule: Rule) -> bool:
    found = _find(books, rule["sheet_idx0"]), _find(books, rule["sheet_idx1"])
    if found[0] is None or found[1] is None:
        return False
    printed = [_printed(*found[0]), _printed(*found[1])]
    if None in printed:
        left, right = [_as_text(book.content[name]) for book, name in (found[0], found[1])]
        return printed == [None, None] and _folded(left, rule) == _folded(right, rule)
    return _folded(printed[0] or [], rule) == _folded(printed[1] or [], rule)


def _printed(book: Book, sheet: str) -> list[str] | None:
    """The lines of the sheet's CSV beside the book, without empty ones at the end; None if there is none."""
    path = book.path.with_name(f"{book.path.stem}-{sheet}.csv")
    if not path.is_file():
        return None
    return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()]


def _as_text(sheet: Any) -> list[str]:
    return ["\0".join("" if cell is None else str(cell) for cell in row) for row in _values(sheet, 10)]


def _folded(lines: list[str], rule: Rule) -> list[str]:
    return [line.lower() for line in lines] if rule.get("ignore_case", False) else lines


def _fuzzily_same(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    return pair is not None and all(
        _fits(str(_value(pair[0][place])), str(_value(pair[1][place])), one)
        for one in rule["rules"]
        for place in _places(one["range"])
    )


def _places(ranges: Sequence[str]) -> Iterator[str]:
    from openpyxl.utils.cell import get_column_letter
    from openpyxl.worksheet.cell_range import CellRange

    for form in ranges:
        for row, column in CellRange(form).cells:
            yield f"{get_column_letter(column)}{row}"


def _fits(found: str, wanted: str, rule: Rule) -> bool:
    found, wanted = _trimmed(found, rule), _trimmed(wanted, rule)
    if rule["type"] == "fuzzy_match":
        return fuzz.ratio(found, wanted) >= float(rule.get("threshold", _FUZZY_THRESHOLD))
    tests = {"includes": wanted in found, "included_by": found in wanted, "exact_match": found == wanted}
    if rule["type"] not in tests:
        raise ValueError(f"sheet_fuzzy has no {rule['type']!r}; it has fuzzy_match, {', '.join(tests)}")
    return tests[rule["type"]]


def _trimmed(text: str, rule: Rule) -> str:
    for old, new in rule.get("normalization", ()):
        text = text.replace(old, new)
    text = text.lstrip(rule["trim_leadings"]) if "trim_leadings" in rule else text
    text = text.rstrip(rule["trim_trailings"]) if "trim_trailings" in rule else text
    text = "".join(letter for letter in text if letter not in rule.get("ignore_chars", ""))
    return text.lower() if rule.get("ignore_case", False) else text


def _same_cell(books: Books, rule: Rule) -> bool:
    unknown = set(rule["props"]) - set(_PROPERTIES)
    if unknown:
        raise ValueError(f"check_cell has no property {min(unknown)!r}; it has {', '.join(_PROPERTIES)}")
    sheet = _sheet(books, rule["sheet_idx"])
    if sheet is None:
        return False
    cell = sheet[rule["coordinate"]]
    return all(compared(_PROPERTIES[name](cell), wanted) for name, wanted in rule["props"].items())


def _value(cell: Any) -> Any:
    """As it is in the file: every number is a float, a date its serial number."""
    from openpyxl.utils.datetime import to_excel

    if cell.value is None:
        return None
    if cell.is_date and not isinstance(cell.value, str):
        return float(to_excel(cell.value))
    return float(cell.value) if cell.data_type == "n" else cell.value


def _of_filled(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A style as it shows: an empty cell has none."""
    return lambda cell: None if cell.value is None else get(cell)


_PROPERTIES: Mapping[str, Callable[[Any], Any]] = {
    "value": _value,
    "merge": lambda cell: type(cell).__name__ == "MergedCell",
    "number_format": _of_filled(lambda cell: cell.number_format if cell.data_type == "n" else None),
    "font_name": _of_filled(lambda cell: cell.font.name),
    "font_family": _of_filled(lambda cell: cell.font.family),
    "font_color": _of_filled(lambda cell: cell.font.color and cell.font.color.rgb),
    "font_bold": _of_filled(lambda cell: cell.font.bold),
    "font_italic": _of_filled(lambda cell: cell.font.italic),
    "font_underline": _of_filled(lambda cell: cell.font.underline),
    "font_size": _of_filled(lambda cell: cell.font.size),
    "fill_type": lambda cell: cell.fill.tagname,
    "bgcolor": lambda cell: cell.fill.fgColor.rgb,
    "fgcolor": lambda cell: cell.fill.fgColor.rgb,
}
"""What ``check_cell`` looks at, by OSWorld's names."""


def _same_freeze(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    return pair is not None and bool(pair[0].freeze_panes == pair[1].freeze_panes)


def _zoom(books: Books, rule: Rule) -> bool:
    sheet = _sheet(books, rule["sheet_idx"])
    return sheet is not None and compared(sheet.sheet_view.zoomScale or 100, rule)


_RULES: Mapping[str, Callable[[Books, Rule], bool]] = {
    "sheet_name": _same_names,
    "sheet_data": _same_data,
    "sheet_print": _same_print,
    "sheet_fuzzy": _fuzzily_same,
    "check_cell": _same_cell,
    "freeze": _same_freeze,
    "zoom": _zoom,
}

METRICS: Mapping[str, Metric] = {"compare_table": compare_table}
