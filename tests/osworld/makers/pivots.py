"""Pivot tables, as a spreadsheet program would save them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from openpyxl.pivot.cache import CacheDefinition, CacheField, CacheSource, SharedItems, WorksheetSource
from openpyxl.pivot.fields import Text
from openpyxl.pivot.record import RecordList
from openpyxl.pivot.table import DataField, FieldItem, Location, PivotField, RowColField, TableDefinition

from tests.osworld.makers.books import Rows

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["with_pivot"]


def with_pivot(rows: Rows, by: str, of: str, how: str) -> Callable[[Workbook], None]:
    """Puts a pivot table of what stands in `Sheet1` into `Sheet2`.

    Args:
        rows: the first sheet's, the names of the fields first.
        by: the field that has a row for each of its values.
        of: the field that is worked out for each of them.
        how: ``sum``, ``count`` …
    """
    names = [str(name) for name in rows[0]]
    values = sorted({str(row[names.index(by)]) for row in rows[1:]})
    end = f"{chr(ord('A') + len(names) - 1)}{len(rows)}"
    cache = CacheDefinition(
        cacheSource=CacheSource(type="worksheet", worksheetSource=WorksheetSource(ref=f"A1:{end}", sheet="Sheet1")),
        cacheFields=[_cached(name, values if name == by else ()) for name in names],
        id="rId1",
    )
    cache.records = RecordList()
    items = [*(FieldItem(x=number) for number in range(len(values))), FieldItem(t="default")]
    pivot = TableDefinition(
        name="Pivot",
        cacheId=1,
        dataCaption="Values",
        location=Location(ref=f"A3:B{len(values) + 4}", firstHeaderRow=1, firstDataRow=1, firstDataCol=1),
        pivotFields=[PivotField(axis="axisRow", items=items) if name == by else PivotField() for name in names],
        rowFields=[RowColField(x=names.index(by))],
        dataFields=[DataField(name=f"{how} of {of}", fld=names.index(of), subtotal=how)],
    )
    pivot.cache = cache

    def add(book: Workbook) -> None:
        book["Sheet2"].add_pivot(pivot)

    return add


def _cached(name: str, values: Sequence[str]) -> CacheField:
    return CacheField(name=name, sharedItems=SharedItems(_fields=[Text(v=value) for value in values]))
