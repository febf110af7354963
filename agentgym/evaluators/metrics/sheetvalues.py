"""Rules of ``compare_table`` on what stands in the cells."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from rapidfuzz import fuzz

from agentgym.evaluators.metrics.cells import value_of
from agentgym.evaluators.metrics.workbooks import Book, Books, Rule, find_sheet
from agentgym.extras import needed

__all__ = ["FuzzyRule", "fuzzily_same", "same_data", "same_names", "same_print"]

_PRECISION = 4
_FUZZY_THRESHOLD = 85.0


class FuzzyRule(TypedDict):
    """One of the rules of ``sheet_fuzzy``: how the texts of some cells are compared, after what is done to both."""

    range: list[str]
    type: Literal["fuzzy_match", "includes", "included_by", "exact_match"]
    threshold: NotRequired[float]
    normalization: NotRequired[list[tuple[str, str]]]
    trim_leadings: NotRequired[str]
    trim_trailings: NotRequired[str]
    ignore_chars: NotRequired[str]
    ignore_case: NotRequired[bool]


def same_names(books: Books, rule: Rule) -> bool:
    """Whether the two books have sheets of the same names, in the same order; one that is a chart counts if strict."""
    result, expected = books
    if result is None or expected is None:
        return False
    if rule.get("strict", False):
        return bool(result.content.sheetnames == expected.content.sheetnames)
    return result.names == expected.names


def same_data(books: Books, rule: Rule) -> bool:
    """Whether two sheets have the same values as pandas reads them, numbers to ``precision`` decimals (4).

    In the first row, and in a column that has anything but numbers, these are not rounded, nor is 2.0 always 2; with
    ``strict`` they are, and it is.

    Raises:
        MissingDependencyError: if pandas is not installed.
    """
    found = find_sheet(books, rule["sheet_idx0"]), find_sheet(books, rule["sheet_idx1"])
    if found[0] is None or found[1] is None:
        return False
    precision = int(rule.get("precision", _PRECISION))
    if rule.get("strict", False):
        left, right = (book.content[name] for book, name in (found[0], found[1]))
        return _values(left, precision) == _values(right, precision)
    return bool(_frame(*found[0], precision).equals(_frame(*found[1], precision)))


def _frame(book: Book, sheet: str, precision: int) -> Any:
    with warnings.catch_warnings():
        # It warns of dates, which are not rounded, and of what openpyxl passes over.
        warnings.simplefilter("ignore")
        return needed("pandas", extra="office").read_excel(book.path, sheet).round(precision)


def same_print(books: Books, rule: Rule) -> bool:
    """Whether two sheets print the same: ``book-Sheet.csv`` beside each book, or with ``strict`` else their values."""
    found = find_sheet(books, rule["sheet_idx0"]), find_sheet(books, rule["sheet_idx1"])
    if found[0] is None or found[1] is None:
        return False
    printed = [_printed(*found[0]), _printed(*found[1])]
    if None in printed:
        left, right = [_as_text(book.content[name]) for book, name in (found[0], found[1])]
        return rule.get("strict", False) and printed == [None, None] and _folded(left, rule) == _folded(right, rule)
    return _folded(printed[0] or [], rule) == _folded(printed[1] or [], rule)


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


def _printed(book: Book, sheet: str) -> list[str] | None:
    """The lines of the sheet's CSV beside the book, without empty ones at the end; None if there is none."""
    path = book.path.with_name(f"{book.path.stem}-{sheet}.csv")
    if not path.is_file():
        return None
    content = path.read_bytes()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return [line.strip() for line in text.rstrip().splitlines()]


def _as_text(sheet: Any) -> list[str]:
    return ["\0".join("" if cell is None else str(cell) for cell in row) for row in _values(sheet, 10)]


def _folded(lines: list[str], rule: Rule) -> list[str]:
    return [line.lower() for line in lines] if rule.get("ignore_case", False) else lines


def fuzzily_same(books: Books, rule: Rule) -> bool:
    """Whether the texts of cells are alike, as each of ``rules`` says for its ``range`` of cells."""
    found = find_sheet(books, rule["sheet_idx0"]), find_sheet(books, rule["sheet_idx1"])
    strict = rule.get("strict", False)
    if strict and None in found:
        return False
    one, other = [_values_by_place(which, strict) for which in found]
    return all(
        _fits(str(one(place)), str(other(place)), test) for test in rule["rules"] for place in _places(test["range"])
    )


def _values_by_place(found: tuple[Book, str] | None, strict: bool) -> Callable[[str], Any]:
    if found is None:
        return lambda _place: None
    book, sheet = found
    return (lambda place: value_of(book.content[sheet][place])) if strict else book.values(sheet).get


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
    return tests[rule["type"]]


def _trimmed(text: str, rule: Rule) -> str:
    for old, new in rule.get("normalization", ()):
        text = text.replace(old, new)
    text = text.lstrip(rule["trim_leadings"]) if "trim_leadings" in rule else text
    text = text.rstrip(rule["trim_trailings"]) if "trim_trailings" in rule else text
    text = "".join(letter for letter in text if letter not in rule.get("ignore_chars", ""))
    return text.lower() if rule.get("ignore_case", False) else text
