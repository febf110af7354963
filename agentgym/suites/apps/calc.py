"""Families on the spreadsheet."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from agentgym.actions import Hotkey, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import (
    CONFIRM,
    DOCUMENTS,
    csv_text,
    draw,
    draw_some,
    lay,
    make_task,
    patiently,
    start,
    table_is,
    workbook_has,
)
from agentgym.tasks import SetupStep, Task

__all__ = ["FAMILIES"]

Moves = Generator[RawAction, Observation, None]

_ITEMS = ("bolts", "brackets", "hinges", "hooks", "nails", "nuts", "rivets", "screws", "springs", "washers")
_TOWNS = ("Aalen", "Bamberg", "Celle", "Dachau", "Emden", "Fulda", "Goslar", "Husum")
# Separator, quotes, UTF-8, from the first line: what the import dialogue would ask for.
_CSV = "--infilter=Text - txt - csv (StarCalc):44,34,76,1"


def _opened(path: str, rows: Sequence[Sequence[object]]) -> list[SetupStep]:
    return [lay(path, csv_text(rows)), start("calc", _CSV, path, title=path.rpartition("/")[2])]


def _go_to(cell: str) -> Moves:
    """Makes a cell the current one, by the dialogue-free way of the name box."""
    yield Hotkey(("ctrl", "shift", "t"))
    yield TypeText(f"{cell}\n")


def _enter(cell: str, *contents: object) -> Moves:
    """Writes into a cell and those below it."""
    yield from _go_to(cell)
    for content in contents:
        yield TypeText(f"{content}\n")


def _make_sum(rng: np.random.Generator) -> Task:
    rows = [(town, int(rng.integers(10, 500))) for town in draw_some(rng, _TOWNS, int(rng.integers(4, 7)))]
    path = f"{DOCUMENTS}/visitors-{rng.integers(2000, 2025)}.csv"
    total = sum(visitors for _, visitors in rows)
    last = len(rows) + 1
    return make_task(
        "calc-sum",
        f'Write "total" into cell A{last + 1} of the open table and the sum of the visitors into cell B{last + 1}, '
        "and save the table in the format that it has.",
        setup=_opened(path, [("town", "visitors"), *rows]),
        check=table_is(path, [("town", "visitors"), *rows, ("total", total)]),
        apps=["libreoffice-calc"],
        max_steps=25,
        drawn={"last": last},
    )


def _sum(task: Task) -> Moves:
    yield from _sum_from(task, 2)


def _sum_without_first(task: Task) -> Moves:
    yield from _sum_from(task, 3)


def _sum_from(task: Task, first: int) -> Moves:
    yield from _write_sum(task, first)
    yield Hotkey(("ctrl", "s"))


def _sum_unsaved(task: Task) -> Moves:
    yield from _write_sum(task, 2)


def _write_sum(task: Task, first: int) -> Moves:
    last = task.seed_params["last"]
    yield from _enter(f"A{last + 1}", "total")
    yield from _enter(f"B{last + 1}", f"=SUM(B{first}:B{last})")


def _make_fill(rng: np.random.Generator) -> Task:
    items = draw_some(rng, _ITEMS, 4)
    rows = [(item, int(rng.integers(2, 40)), int(rng.integers(3, 90))) for item in items]
    path = f"{DOCUMENTS}/order-{rng.integers(100, 1000)}.csv"
    header = ("item", "number", "price")
    filled = [(*row, row[1] * row[2]) for row in rows]
    return make_task(
        "calc-fill",
        'Write "cost" into cell D1 of the open table, and below it the cost of each item, its number times its price. '
        "Save the table in the format that it has.",
        setup=_opened(path, [header, *rows]),
        check=table_is(path, [(*header, "cost"), *filled]),
        apps=["libreoffice-calc"],
        max_steps=25,
        drawn={"rows": len(rows)},
    )


def _fill(task: Task) -> Moves:
    yield from _fill_with(task, "=B{0}*C{0}")


def _fill_sums(task: Task) -> Moves:
    yield from _fill_with(task, "=B{0}+C{0}")


def _fill_with(task: Task, formula: str) -> Moves:
    rows = range(2, task.seed_params["rows"] + 2)
    yield from _enter("D1", "cost", *(formula.format(row) for row in rows))
    yield Hotkey(("ctrl", "s"))


def _make_new(rng: np.random.Generator) -> Task:
    items = draw_some(rng, _ITEMS, 3)
    rows = [(item, int(rng.integers(2, 400))) for item in items]
    path = f"{DOCUMENTS}/{draw(rng, ('stock', 'cellar', 'shelf'))}-{rng.integers(10, 100)}.xlsx"
    listed = ", ".join(f"{item} {number}" for item, number in rows)
    return make_task(
        "calc-new",
        f"Make a table of this stock in the open spreadsheet, one item a row from cell A1, names in column A and "
        f"numbers in column B: {listed}. Save it as {path}.",
        setup=[start("calc", title="Untitled")],
        check=workbook_has(
            path,
            {
                f"{column}{index}": value
                for index, row in enumerate(rows, 1)
                for column, value in zip("AB", row, strict=True)
            },
        ),
        apps=["libreoffice-calc"],
        max_steps=25,
        drawn={"path": path, "rows": [list(row) for row in rows]},
    )


def _new(task: Task) -> Moves:
    yield from _tabulate(task, 1)


def _new_one_lower(task: Task) -> Moves:
    yield from _tabulate(task, 2)


def _tabulate(task: Task, first: int) -> Moves:
    rows = task.seed_params["rows"]
    yield from _enter(f"A{first}", *(name for name, _ in rows))
    yield from _enter(f"B{first}", *(number for _, number in rows))
    yield Hotkey(("ctrl", "s"))
    yield Hotkey(("ctrl", "a"))
    yield patiently(TypeText(task.seed_params["path"]))
    yield CONFIRM


FAMILIES = (
    TaskFamily(
        "calc-sum",
        _make_sum,
        _sum,
        {"one row left out": _sum_without_first, "not saved": _sum_unsaved},
        tags=("calc",),
    ),
    TaskFamily("calc-fill", _make_fill, _fill, {"wrong formula": _fill_sums}, tags=("calc",)),
    TaskFamily("calc-new", _make_new, _new, {"one row lower": _new_one_lower}, tags=("calc",)),
)
