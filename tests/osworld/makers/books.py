"""Workbooks, made of rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import openpyxl

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["Row", "Rows", "beside", "csv_of", "ods", "workbook"]

# What has no types, and would be an error at each import.
_odf: Any = import_module("odf.opendocument")
_table: Any = import_module("odf.table")
_text: Any = import_module("odf.text")

Row: TypeAlias = tuple[object, ...]
Rows: TypeAlias = Sequence[Row]


def workbook(sheets: Mapping[str, Rows] | Rows, *, then: Callable[[Workbook], None] | None = None) -> bytes:
    """An .xlsx file of sheets by name, or of the one sheet ``Sheet1``; None is an empty cell.

    Args:
        then: what is done to it besides.
    """
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in (sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}).items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if then is not None:
        then(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def ods(rows: Rows) -> bytes:
    """An .ods file of one sheet, of which all cells are texts."""
    book = _odf.OpenDocumentSpreadsheet()
    sheet = _table.Table(name="Sheet1")
    book.spreadsheet.addElement(sheet)
    for row in rows:
        line = _table.TableRow()
        sheet.addElement(line)
        for content in row:
            cell = _table.TableCell(valuetype="string")
            cell.addElement(_text.P(text=str(content)))
            line.addElement(cell)
    buffer = io.BytesIO()
    book.write(buffer)
    return buffer.getvalue()


def csv_of(rows: Rows) -> bytes:
    """A .csv file as LibreOffice writes one of what its cells show."""
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows).encode()


def beside(rows: Rows, column: Sequence[object]) -> Rows:
    """Rows with one column more, at the right."""
    return [(*row, cell) for row, cell in zip(rows, column, strict=True)]
