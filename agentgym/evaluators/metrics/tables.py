"""Metrics on spreadsheets."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.structures import compared

__all__ = ["METRICS"]

Rule = Mapping[str, Any]
Books = tuple[Any, Any]

_PRECISION = 4


def compare_table(result: str | None, expected: str | None = None, *, rules: Sequence[Rule]) -> float:
    """Whether a workbook fulfils all rules; those that compare have the expected workbook as the other side.

    Rules by ``type``: ``sheet_name``, ``sheet_data`` (values), ``sheet_print`` (values as text), ``check_cell``,
    ``freeze``, ``zoom``. A sheet is ``0`` (a place in the book of that side), ``"RI0"`` or ``"EI0"`` (a place in the
    result or the expected book), ``"RNname"`` or ``"ENname"``.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
        ValueError: if a rule's type is unknown.
    """
    books = _book(result), _book(expected)
    if books[0] is None or (expected is not None and books[1] is None):
        return 0.0
    unknown = [rule["type"] for rule in rules if rule["type"] not in _RULES]
    if unknown:
        raise ValueError(f"compare_table has no rule {unknown[0]!r}; it has {', '.join(_RULES)}")
    return float(all(_RULES[rule["type"]](books, rule) for rule in rules))


def _book(path: str | None) -> Any:
    if path is None:
        return None
    try:
        import openpyxl
    except ImportError as error:
        raise MissingDependencyError("openpyxl is not installed: pip install 'agentgym-envs[office]'") from error
    try:
        return openpyxl.load_workbook(path, data_only=True)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException):
        return None


def _sheet(books: Books, which: int | str, side: int) -> Any:
    """The sheet that a rule means; None if there is none."""
    form = str(which)
    if form[:2] in ("RI", "EI", "RN", "EN"):
        side, form = "RE".index(form[0]), form[1:]
    else:
        form = f"I{form}"
    book = books[side]
    if book is None:
        return None
    if form[0] == "N":
        return book[form[1:]] if form[1:] in book.sheetnames else None
    place = int(form[1:])
    return book.worksheets[place] if place < len(book.worksheets) else None


def _pair(books: Books, rule: Rule) -> tuple[Any, Any] | None:
    sheets = _sheet(books, rule["sheet_idx0"], 0), _sheet(books, rule["sheet_idx1"], 1)
    return None if None in sheets else sheets


def _values(sheet: Any, precision: int) -> list[list[Any]]:
    """The cells' values without empty rows and columns at the end."""
    rows = [[_rounded(cell, precision) for cell in row] for row in sheet.iter_rows(values_only=True)]
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((index + 1 for row in rows for index, cell in enumerate(row) if cell is not None), default=0)
    return [row[:width] for row in rows]


def _rounded(value: Any, precision: int) -> Any:
    # Round what computes in floating point, and let 2 and 2.0 be the same.
    return round(float(value), precision) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _same_names(books: Books, _rule: Rule) -> bool:
    return books[1] is not None and bool(books[0].sheetnames == books[1].sheetnames)


def _same_data(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    precision = int(rule.get("precision", _PRECISION))
    return pair is not None and _values(pair[0], precision) == _values(pair[1], precision)


def _same_print(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    if pair is None:
        return False
    texts = [[["" if cell is None else str(cell) for cell in row] for row in _values(sheet, 10)] for sheet in pair]
    if rule.get("ignore_case", False):
        texts = [[[cell.lower() for cell in row] for row in text] for text in texts]
    return texts[0] == texts[1]


def _same_cell(books: Books, rule: Rule) -> bool:
    sheet = _sheet(books, rule["sheet_idx"], 0)
    if sheet is None:
        return False
    unknown = set(rule["props"]) - {"value"}
    if unknown:
        raise ValueError(f"check_cell looks at the 'value' of a cell, not at {', '.join(sorted(unknown))}")
    value = sheet[rule["coordinate"]].value
    return compared(value, rule["props"]["value"])


def _same_freeze(books: Books, rule: Rule) -> bool:
    pair = _pair(books, rule)
    return pair is not None and bool(pair[0].freeze_panes == pair[1].freeze_panes)


def _zoom(books: Books, rule: Rule) -> bool:
    sheet = _sheet(books, rule["sheet_idx"], 0)
    return sheet is not None and compared(sheet.sheet_view.zoomScale or 100, rule)


_RULES: Mapping[str, Callable[[Books, Rule], bool]] = {
    "sheet_name": _same_names,
    "sheet_data": _same_data,
    "sheet_print": _same_print,
    "check_cell": _same_cell,
    "freeze": _same_freeze,
    "zoom": _zoom,
}

METRICS: Mapping[str, Metric] = {"compare_table": compare_table}
