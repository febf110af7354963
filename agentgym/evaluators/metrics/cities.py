"""The metric on one task's list of cities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.workbooks import read_book

__all__ = ["METRICS"]

_CELLS = "C2:C22"


class Cities(TypedDict):
    expected: list[str | list[str]]


def compare_conference_city_in_order(result: str | None, rules: Cities) -> float:
    """Whether each cell of C2:C22 in the sheet that shows has its city of ``rules["expected"]``, or one of them, in it.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
    """
    book = read_book(result, formulas=True)
    if book is None or not hasattr(book.content.active, "iter_rows"):
        return 0.0
    found = [row[0].value for row in book.content.active[_CELLS]]
    wanted = rules["expected"]
    return float(len(wanted) >= len(found) and all(map(_names, found, wanted)))


def _names(cell: Any, wanted: str | Sequence[str]) -> bool:
    choices = [wanted] if isinstance(wanted, str) else wanted
    return isinstance(cell, str) and any(one in cell for one in choices)


METRICS: Mapping[str, Metric] = {"compare_conference_city_in_order": compare_conference_city_in_order}
