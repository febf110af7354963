"""Workbooks as programs save them, and as they lie there when something went wrong."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree
from openpyxl.pivot.cache import CacheDefinition, CacheField, CacheSource, SharedItems, WorksheetSource
from openpyxl.pivot.record import RecordList
from openpyxl.pivot.table import DataField, Location, PageField, PivotField, RowColField, TableDefinition

from tests.evaluators.osworld.case import Folder, damaged

__all__ = [
    "FORMULAS",
    "edited",
    "left",
    "numbered_anew",
    "saved",
    "with_results",
    "with_shared_texts",
    "with_sparklines",
]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_NAMES = {"m": _MAIN}
_SPARKLINES = """<extLst xmlns="{main}"><ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}"
 xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
 xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:sparklineGroups><x14:sparklineGroup>
<x14:sparklines>{each}</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>"""

FORMULAS: Mapping[str, tuple[str, str]] = {
    "=1+1": ("n", "2"),
    "=1/3": ("n", "0.333333333333333"),
    '=LOWER("A")': ("str", "a"),
    "=NA()": ("e", "#N/A"),
    "=1=1": ("b", "1"),
}
"""The type and the result of each, as a program that works them out writes them."""


def saved(book: Any) -> bytes:
    """The file of a workbook."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def edited(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The archive with every part changed, or left out where there is none of it any more."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return buffer.getvalue()


def add_pivot(
    sheet: Any,
    names: Sequence[str],
    *,
    ref: str,
    rows: int,
    data: int,
    subtotal: str = "sum",
    pages: Sequence[int] = (),
    known: int | None = None,
) -> None:
    """Adds a pivot table of a range with these fields; numbers are places among them.

    Args:
        known: how many of the fields the cache knows; None for all.
    """
    source = CacheSource(type="worksheet", worksheetSource=WorksheetSource(ref=ref, sheet=sheet.title))
    fields = [CacheField(name=name, sharedItems=SharedItems()) for name in names[:known]]
    cache = CacheDefinition(cacheSource=source, cacheFields=fields, refreshOnLoad=True, id="rId1")
    cache.records = RecordList()
    pivot = TableDefinition(
        name="Pivot",
        cacheId=1,
        dataCaption="Values",
        location=Location(ref="E1:F4", firstHeaderRow=1, firstDataRow=1, firstDataCol=1),
        pivotFields=[PivotField() for _ in names],
        rowFields=[RowColField(x=rows)],
        pageFields=[PageField(fld=page, hier=-1) for page in pages],
        dataFields=[DataField(name="total", fld=data, subtotal=subtotal)],
    )
    pivot.cache = cache
    sheet.add_pivot(pivot)


def with_results(content: bytes) -> bytes:
    """The results of `FORMULAS` beside them, which openpyxl does not write."""

    def change(name: str, part: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet"):
            return part
        sheet = etree.fromstring(part)
        for cell in sheet.findall(".//m:c[m:f]", _NAMES):
            formula, value = cell.find("m:f", _NAMES), cell.find("m:v", _NAMES)
            assert formula is not None
            assert value is not None
            kind, value.text = FORMULAS[f"={formula.text}"]
            cell.set("t", kind)
        return etree.tostring(sheet)

    return edited(content, change)


def with_shared_texts(content: bytes, *, runs: bool = False) -> bytes:
    """The texts of all cells in a table of their own, as other programs than openpyxl write them.

    Args:
        runs: each in two pieces, as where a part of it is bold.
    """
    texts = etree.Element(f"{{{_MAIN}}}sst")

    def shared(name: str, part: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet"):
            return part
        sheet = etree.fromstring(part)
        for cell in sheet.findall(".//m:c[@t='inlineStr']", _NAMES):
            text = cell.findtext("m:is/m:t", "", _NAMES)
            cell[:] = []
            cell.set("t", "s")
            etree.SubElement(cell, f"{{{_MAIN}}}v").text = str(len(texts))
            entry = etree.SubElement(texts, f"{{{_MAIN}}}si")
            for piece in (text[:1], text[1:]) if runs and len(text) > 1 else (text,):
                holder = etree.SubElement(entry, f"{{{_MAIN}}}r") if runs else entry
                written = etree.SubElement(holder, f"{{{_MAIN}}}t")
                written.text = piece
                written.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        return etree.tostring(sheet)

    moved = edited(edited(content, shared), _with_texts_told)
    buffer = io.BytesIO(moved)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", etree.tostring(texts))
    return buffer.getvalue()


def _with_texts_told(name: str, part: bytes) -> bytes:
    kind, relation = "spreadsheetml.sharedStrings+xml", "officeDocument/2006/relationships/sharedStrings"
    if name == "[Content_Types].xml":
        kind = f"application/vnd.openxmlformats-officedocument.{kind}"
        return part.replace(
            b"</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
        )
    if name == "xl/_rels/workbook.xml.rels":
        more = (
            f'<Relationship Id="texts" Type="http://schemas.openxmlformats.org/{relation}" Target="sharedStrings.xml"/>'
        )
        return part.replace(b"</Relationships>", f"{more}</Relationships>".encode())
    return part


def numbered_anew(content: bytes) -> bytes:
    """Sheets whose numbers are not those of their parts, as where one before them was deleted."""

    def change(name: str, part: bytes) -> bytes:
        if name != "xl/workbook.xml":
            return part
        book = etree.fromstring(part)
        for sheet in book.findall("m:sheets/m:sheet", _NAMES):
            sheet.set("sheetId", str(int(sheet.get("sheetId", "0")) + 1))
        return etree.tostring(book)

    return edited(content, change)


def with_sparklines(content: bytes, drawn: Sequence[tuple[str, str]], part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Small charts in cells of a sheet: each of a range, in a cell."""
    each = "".join(
        f"<x14:sparkline><xm:f>{source}</xm:f><xm:sqref>{cell}</xm:sqref></x14:sparkline>" for source, cell in drawn
    )
    more = _SPARKLINES.format(main=_MAIN, each=each).encode()
    return edited(
        content, lambda name, old: old.replace(b"</worksheet>", more + b"</worksheet>") if name == part else old
    )


def left(rng: random.Random, files: Folder, content: bytes) -> str | None:
    """The path of what an agent left: the file, mostly, but also a damaged one or none."""
    chance = rng.random()
    if chance < 0.88:
        return files.write(content, ".xlsx")
    if chance < 0.94:
        return files.write(_without_a_part(rng, content), ".xlsx")
    return rng.choice((None, files.missing(".xlsx"), files.write(damaged(rng, content), ".xlsx")))


def _without_a_part(rng: random.Random, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        hurt = rng.choice(archive.namelist())
    how = rng.choice(("gone", "damaged"))
    return edited(
        content,
        lambda name, part: part if name != hurt else None if how == "gone" else damaged(rng, part),
    )
