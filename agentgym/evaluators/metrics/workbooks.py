"""Workbooks as the rules of ``compare_table`` speak of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.sheetparts import values_of_part
from agentgym.extras import needed

__all__ = ["Book", "Books", "Rule", "check_which", "find_sheet", "read_book", "sheet_of", "sheets_if_any", "sheets_of"]

Rule: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """A workbook, with the values that its formulas had, and where it lies."""

    content: Any
    path: Path

    @cached_property
    def written(self) -> Any:
        """The same with the formulas themselves."""
        return _loaded(self.path, formulas=True)

    @property
    def names(self) -> Sequence[str]:
        """The names of the sheets that have cells, in order: a chart may be a sheet as well."""
        return [sheet.title for sheet in self.content.worksheets]

    def values(self, sheet: str) -> Mapping[str, Any]:
        """The values of a sheet's cells as OSWorld reads them."""
        return unless_damaged(lambda: values_of_part(self.path, sheet)) or {}


Books: TypeAlias = tuple[Book | None, Book | None]
"""The result and the expected workbook."""


def read_book(path: str | None, *, formulas: bool = False) -> Book | None:
    """The workbook with the values that its formulas had; None if there is none or it is none.

    Args:
        formulas: these themselves, in place of their values.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
    """
    if path is None:
        return None
    return unless_damaged(lambda: Book(_loaded(Path(path), formulas=formulas), Path(path)))


def _loaded(path: Path, *, formulas: bool) -> Any:
    openpyxl = needed("openpyxl", extra="office")
    # It leaves files open that it cannot read, and warns of what it passes over.
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(file, data_only=not formulas)


def check_which(which: int | str) -> str:
    """The form of a sheet's name with the book in front, ``RI0`` for ``0``; ``-1`` is the last.

    Raises:
        ValueError: if it is none.
    """
    form = f"RI{which}" if isinstance(which, int) else str(which)
    if form[:2] not in ("RI", "EI", "RN", "EN") or (form[1] == "I" and not form[2:].removeprefix("-").isdecimal()):
        raise ValueError(f"{which!r} is no sheet; it is a place, or RI, EI with a place, or RN, EN with a name")
    return form


def find_sheet(books: Books, which: int | str) -> tuple[Book, str] | None:
    """The book and the name of the sheet that a rule means; None if there is none."""
    form = check_which(which)
    book = books["RE".index(form[0])]
    if book is None:
        return None
    if form[1] == "N":
        return (book, form[2:]) if form[2:] in book.names else None
    place = int(form[2:])
    return (book, book.names[place]) if -len(book.names) <= place < len(book.names) else None


def sheet_of(books: Books, rule: Rule, key: str = "sheet_idx") -> Any:
    """The sheet that a rule names under a key; None if there is none."""
    found = find_sheet(books, rule[key])
    return None if found is None else found[0].content[found[1]]


def sheets_of(books: Books, rule: Rule) -> tuple[Any, Any] | None:
    """The two sheets that a rule compares; None if one is missing."""
    sheets = sheet_of(books, rule, "sheet_idx0"), sheet_of(books, rule, "sheet_idx1")
    return None if None in sheets else sheets


def sheets_if_any(books: Books, rule: Rule) -> tuple[Any, Any] | None:
    """The two sheets, None in place of one that is missing; with ``strict``, None if one is.

    OSWorld takes a missing sheet for one that has nothing of what a rule compares.
    """
    sheets = sheet_of(books, rule, "sheet_idx0"), sheet_of(books, rule, "sheet_idx1")
    return None if rule.get("strict", False) and None in sheets else sheets
