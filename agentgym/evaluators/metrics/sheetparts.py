"""What stands in the XML of a workbook's sheets, as OSWorld reads it there: by the number that a sheet has."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

__all__ = ["part_of", "sparklines_of", "values_of_part"]

_NAMES = {
    "main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "x14": "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main",
    "xm": "http://schemas.microsoft.com/office/excel/2006/main",
}
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_TEXTS = "xl/sharedStrings.xml"


def values_of_part(path: Path, sheet: str) -> Mapping[str, Any]:
    """A value by each cell's place: numbers and dates as floats, none of what is true or false.

    They are those of the part of the sheet's number, as OSWorld takes them, which may be another sheet.
    """
    with zipfile.ZipFile(path) as archive:
        part = _numbered(archive, sheet)
        if part is None:
            return {}
        texts = _shared(archive)
        cells = _all(etree.fromstring(archive.read(part)), ".//main:row/main:c")
        return {str(cell.get("r")): _value(cell, texts) for cell in reversed(cells)}


def sparklines_of(path: Path, sheet: str, *, strict: bool = False) -> Mapping[str, str]:
    """By the cell of each sparkline, the range that it draws.

    Args:
        strict: of the sheet's own part, not that of its number; how a range is written does not count.
    """
    with zipfile.ZipFile(path) as archive:
        own = part_of(archive, sheet)
        part = own if strict else _numbered(archive, sheet) or own
        if part is None:
            return {}
        found = _all(etree.fromstring(archive.read(part)), ".//x14:sparkline")
    drawn = {_text(one, "xm:sqref") or "": _text(one, "xm:f") or "" for one in found}
    return {cell: text.replace("$", "").replace("'", "") for cell, text in drawn.items()} if strict else drawn


def part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The part of the archive in which a sheet stands."""
    named = _sheet(archive, sheet)
    if named is None or _RELATIONS not in archive.namelist():
        return None
    relations = etree.fromstring(archive.read(_RELATIONS))
    target = next((one.get("Target", "") for one in relations if one.get("Id") == named.get(_RELATION)), "")
    part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return part if part in archive.namelist() else None


def _numbered(archive: zipfile.ZipFile, sheet: str) -> str | None:
    named = _sheet(archive, sheet)
    part = "" if named is None else f"xl/worksheets/sheet{named.get('sheetId')}.xml"
    return part if part in archive.namelist() else None


def _sheet(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    if _BOOK not in archive.namelist():
        return None
    sheets = _all(etree.fromstring(archive.read(_BOOK)), ".//main:sheets/main:sheet")
    return next((one for one in reversed(sheets) if one.get("name") == name), None)


def _shared(archive: zipfile.ZipFile) -> Sequence[str]:
    if _TEXTS not in archive.namelist():
        return ()
    entries = _all(etree.fromstring(archive.read(_TEXTS)), "main:si")
    return ["".join(text.text or "" for text in _all(entry, ".//main:t")) for entry in entries]


def _value(cell: etree._Element, texts: Sequence[str]) -> Any:
    kind, said = cell.get("t", "n"), _text(cell, "main:v")
    try:
        match kind:
            case "n":
                return None if said is None else float(said)
            case "s":
                return None if said is None else texts[int(said)]
            case "str" | "e":
                return said
            case "inlineStr":
                return _with_space(cell.find("main:is/main:t", _NAMES))
    except (ValueError, IndexError):
        return None
    return None


def _with_space(element: etree._Element | None) -> Any:
    """A text; one whose blanks count becomes what OSWorld takes it for, an object that is equal to no text."""
    if element is None:
        return None
    text = (element.text or "").strip()
    if element.get(_SPACE) is None:
        return text or None
    return {f"@{_SPACE[1:].replace('}', ':')}": element.get(_SPACE), **({"#text": text} if text else {})}


def _text(element: etree._Element, path: str) -> str | None:
    found = element.find(path, _NAMES)
    return None if found is None else (found.text or "").strip() or None


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(path, _NAMES)
