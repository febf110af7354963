"""The XML within an office program's file, and the settings of LibreOffice."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator

__all__ = ["read_part", "settings"]

_OOR = "{http://openoffice.org/2001/registry}"
_UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    ET.ParseError,
    zipfile.BadZipFile,
    zlib.error,
)
"""A part may be missing, cut short, of an unknown compression, encrypted, or no XML."""


def read_part(path: str | None, name: str) -> ET.Element | None:
    """The XML of a part of a zipped file, or None where it is missing or damaged."""
    if path is None:
        return None
    try:
        with zipfile.ZipFile(path) as package, package.open(name) as part:
            return ET.parse(part).getroot()
    except _UNREADABLE:
        return None


def settings(path: str | None, place: str, name: str) -> Iterator[str]:
    """The values that ``registrymodifications.xcu`` gives one setting, in its order; none if it is missing or damaged.

    A property without a value gives an empty one.

    Args:
        place: ``/org.openoffice.Office.Impress/Misc/Start``.
        name: of the property there.
    """
    if path is None:
        return
    try:
        root = ET.parse(path).getroot()
    except _UNREADABLE:
        return
    for item in root.iter("item"):
        if item.get(f"{_OOR}path") == place:
            yield from _values(item, name)


def _values(item: ET.Element, name: str) -> Iterator[str]:
    for prop in item.iter("prop"):
        if prop.get(f"{_OOR}name") == name:
            yield from [value.text or "" for value in prop.findall("value")] or [""]
