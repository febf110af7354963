"""Cases of the metric on workbooks' pivot tables."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.pivot.cache import CacheDefinition, CacheField, CacheSource, SharedItems, WorksheetSource
from openpyxl.pivot.fields import Text
from openpyxl.pivot.record import RecordList
from openpyxl.pivot.table import (
    DataField,
    FieldItem,
    Location,
    PageField,
    PivotField,
    RowColField,
    TableDefinition,
)
from openpyxl.utils.cell import get_column_letter

from tests.evaluators.osworld.case import Case, Folder
from tests.evaluators.osworld.workbooks import left, saved

_PROPS = (
    *("name", "show_total", "show_empty_row", "show_empty_col", "show_headers", "location", "selection", "filter"),
    *("col_fields", "row_fields", "data_fields", "data_fields_name", "ordered"),
)
# Those of all of OSWorld's tasks.
_USUAL = ("col_fields", "filter", "row_fields", "data_fields")
_WORTHS = ("sum", "count", "average", "max")
_SHEETS = ("Sheet2", "Sheet2", "Sheet2", "Sheet2", "Sheet1", "Sheet9")


@dataclass
class _Table:
    """A pivot table: of each field, whether its values can be chosen among and which of them are hidden."""

    first: int = 1
    last: int = 9
    sheet: str | None = "Sheet1"
    named: str | None = None
    fields: list[list[tuple[int, bool]]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    worths: list[tuple[int, str, str, str]] = field(default_factory=list)
    place: str = "A3:B8"
    said: dict[str, Any] = field(default_factory=dict)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield _pivots(rng, files)


def _pivots(rng: random.Random, files: Folder) -> Case:
    expected = [_table(rng) for _ in range(rng.choice((0, 1, 1, 1, 1, 1, 2)))]
    result = copy.deepcopy(expected)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        _change(rng, result)
    paths = [left(rng, files, _file(result)), files.write(_file(expected), ".xlsx")]
    props = list(_USUAL) if rng.random() < 0.4 else rng.sample(_PROPS, rng.randint(0, 5))
    rules = [
        {
            "type": "pivot_table",
            "sheet_idx0": rng.choice((1, "RI-1", *(f"RN{name}" for name in _SHEETS))),
            "sheet_idx1": rng.choice(("EI1", *(f"EN{name}" for name in _SHEETS))),
            "pivot_props": props,
        }
    ]
    named = any(table.named for table in (*expected, *result))
    return Case("compare_table", paths, {"rules": rules}, known="a source that is no range" if named else "")


def _table(rng: random.Random) -> _Table:
    count = rng.randint(2, 5)
    table = _Table(fields=[[] for _ in range(count)])
    places = rng.sample(range(count), rng.randint(1, min(3, count)))
    table.rows = places[:1]
    for place in places[1:]:
        rng.choice((table.rows, table.columns, table.pages)).append(place)
    for place in places:
        order = rng.sample(range(4), rng.randint(1, 4))
        table.fields[place] = [(number, rng.random() < 0.15) for number in order]
    for _ in range(rng.choice((1, 1, 1, 2))):
        worth = rng.choice(_WORTHS)
        counted = rng.randrange(count)
        table.worths.append((counted, f"{worth} of {counted}", worth, "normal"))
    if len(table.worths) > 1:
        table.columns.append(-2)
    return table


def _change(rng: random.Random, tables: list[_Table]) -> None:  # noqa: C901, PLR0912 - one line for each thing
    what = rng.randrange(17)
    if not tables or what == 0:
        tables.append(_table(rng))
        return
    table = rng.choice(tables)
    count = len(table.fields)
    filled = [place for place in range(count) if table.fields[place]]
    if what == 1:
        tables.remove(table)
    elif what == 2:
        table.last += rng.choice((-1, 1))
    elif what == 3:
        table.sheet = rng.choice(("Sheet1", "Sheet2", None))
    elif what == 4:
        table.rows, table.columns = table.columns, table.rows
    elif what == 5:
        table.rows.reverse()
    elif what == 6:
        table.pages.append(rng.randrange(count))
    elif what == 7:
        fld, name, _, shown = table.worths[0]
        table.worths[0] = (fld, name, rng.choice(_WORTHS), shown)
    elif what == 8:
        fld, name, worth, _ = table.worths[0]
        table.worths[0] = (fld, name, worth, rng.choice(("percentOfTotal", "normal")))
    elif what == 9:
        table.worths[0] = (table.worths[0][0], "another name", *table.worths[0][2:])
    elif what == 10:
        table.fields[rng.choice(filled)].reverse()
    elif what == 11:
        items = table.fields[rng.choice(filled)]
        number, hidden = items[0]
        items[0] = (number, not hidden)
    elif what == 12:
        table.place = rng.choice(("A3:B8", "A4:B9"))
    elif what == 13:
        name = rng.choice(("name", "visualTotals", "showEmptyRow", "showEmptyCol", "showHeaders", "rowGrandTotals"))
        table.said[name] = "Other" if name == "name" else rng.random() < 0.5
    elif what == 14:
        table.named = rng.choice((None, None, "sales"))
    else:
        _widen(rng, table)


def _widen(rng: random.Random, table: _Table) -> None:
    """Takes in another column, of which nothing is shown, as where a program counts more than what is asked."""
    if rng.random() < 0.5:
        table.fields.append([])
        return
    table.fields.insert(0, [])
    table.first -= rng.choice((0, 1)) if table.first > 1 else 0
    for places in (table.rows, table.columns, table.pages):
        places[:] = [place if place < 0 else place + 1 for place in places]
    table.worths = [(fld + 1, *more) for fld, *more in table.worths]  # type: ignore[misc]  # of four, as before


def _range(table: _Table) -> str:
    end = get_column_letter(table.first + len(table.fields))
    return f"{get_column_letter(table.first + 1)}1:{end}{table.last}"


def _file(tables: list[_Table]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Sheet1"
    for row in (["id", "name", "kind", "sold"], [1, "a", "x", 3], [2, "b", "y", 5]):
        book.active.append(row)
    sheet = book.create_sheet("Sheet2")
    for number, table in enumerate(tables, start=1):
        sheet.add_pivot(_definition(table, number))
    return saved(book)


def _definition(table: _Table, number: int) -> TableDefinition:
    source = WorksheetSource(ref=None, name=table.named) if table.named else WorksheetSource(_range(table), None)
    source.sheet = None if table.named else table.sheet
    values = [Text(v=f"value {value}") for value in range(4)]
    cache = CacheDefinition(
        cacheSource=CacheSource(type="worksheet", worksheetSource=source),
        cacheFields=[
            CacheField(name=f"field {place}", sharedItems=SharedItems(_fields=values if items else ()))
            for place, items in enumerate(table.fields)
        ],
        refreshOnLoad=True,
        id=f"rId{number}",
    )
    cache.records = RecordList()
    fields = [
        PivotField(items=[*(FieldItem(x=value, h=hidden or None) for value, hidden in items), FieldItem(t="default")])
        if items
        else PivotField()
        for items in table.fields
    ]
    pivot = TableDefinition(
        **{
            "name": f"Pivot{number}",
            "cacheId": number,
            "dataCaption": "Values",
            "location": Location(ref=table.place, firstHeaderRow=1, firstDataRow=1, firstDataCol=1),
            "pivotFields": fields,
            "rowFields": [RowColField(x=place) for place in table.rows],
            "colFields": [RowColField(x=place) for place in table.columns],
            "pageFields": [PageField(fld=place, hier=-1) for place in table.pages],
            "dataFields": [
                DataField(name=name, fld=fld, subtotal=worth, showDataAs=shown)
                for fld, name, worth, shown in table.worths
            ],
            **table.said,
        }
    )
    pivot.cache = cache
    return pivot
