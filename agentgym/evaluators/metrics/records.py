"""Metrics on tables that programs keep: CSV files, databases."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of

__all__ = ["METRICS"]

# A database of an agent may have views that never end.
_MOST_STEPS = 200_000_000
_STEPS_A_LOOK = 1_000_000


class Rows(TypedDict, total=False):
    expect: list[dict[str, str]]
    unexpect: list[dict[str, str]]


class Query(TypedDict):
    sql: str


def check_csv(result: str | None, rules: Rows, *, strict: bool = False) -> float:
    """Whether each of ``rules["expect"]`` fits some row of a CSV file with a head, and none of ``rules["unexpect"]``.

    Args:
        strict: whether there must be a head: in the empty file of a program that failed nothing unexpected is.
    """
    text = text_of(result)
    if text is None:
        return 0.0
    reader = csv.DictReader(io.StringIO(text))
    try:
        rows = list(reader)
    except csv.Error:
        return 0.0
    if strict and not reader.fieldnames:
        return 0.0
    expected = all(any(_fits(row, wanted) for row in rows) for wanted in rules.get("expect", ()))
    return float(expected and not any(_fits(row, other) for row in rows for other in rules.get("unexpect", ())))


def run_sqlite3(result: str | None, rules: Query) -> float:
    """The first value that a query gives of a database, in [0, 1]; null is 0."""
    if result is None or not Path(result).is_file():
        return 0.0
    try:
        connection = sqlite3.connect(result)
    except sqlite3.Error:
        return 0.0
    left = iter(range(_MOST_STEPS // _STEPS_A_LOOK))
    connection.set_progress_handler(lambda: next(left, None) is None, _STEPS_A_LOOK)
    try:
        row = connection.execute(rules["sql"]).fetchone()
        return min(1.0, max(0.0, float(row[0] or 0)))
    except (sqlite3.Error, TypeError, ValueError):
        return 0.0
    finally:
        connection.close()


def _fits(row: Mapping[str | Any, Any], wanted: Mapping[str, str]) -> bool:
    return all(key in row and row[key] == value for key, value in wanted.items())


METRICS: Mapping[str, Metric] = {"check_csv": check_csv, "run_sqlite3": run_sqlite3}
