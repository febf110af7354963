"""The metric on one task's list of cities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from agentgym.evaluators import metrics

CITIES: list[Any] = ["Vienna", ["Lille", "Paris"], *["Sydney"] * 19]


def _score(path: Path, cells: list[Any]) -> float:
    book = openpyxl.Workbook()
    for row, city in enumerate(cells):
        book.active.cell(row + 2, 3, city)
    book.save(path)
    return metrics["compare_conference_city_in_order"](str(path), {"expected": CITIES})


def test_each_cell_has_its_city_in_it(tmp_path: Path) -> None:
    right = ["Vienna, Austria", "Paris", *["Sydney"] * 19]
    assert _score(tmp_path / "right.xlsx", right) == 1
    assert _score(tmp_path / "swapped.xlsx", [*right[1::-1], *right[2:]]) == 0
    assert _score(tmp_path / "short.xlsx", right[:-1]) == 0
    assert metrics["compare_conference_city_in_order"](None, {"expected": CITIES}) == 0
