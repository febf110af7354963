"""Reading word processors' documents, of which any may be missing, damaged or none at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.extras import needed

__all__ = ["read_docx", "read_odt", "read_texts"]

_Read = TypeVar("_Read")


def read_docx(path: str | None, read: Callable[[Any], _Read]) -> _Read | None:
    """What ``read`` gives of a ``docx.Document``, or None where that or the file is missing or damaged.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    return _read(path, needed("docx", extra="office").Document, read)


def read_odt(path: str | None, read: Callable[[Any], _Read]) -> _Read | None:
    """What ``read`` gives of an ``odf.opendocument.OpenDocument``, or None as above.

    Raises:
        MissingDependencyError: if odfpy is not installed.
    """
    return _read(path, needed("odf.opendocument", extra="office").load, read)


def read_texts(path: str | None) -> list[str] | None:
    """The texts of a document's paragraphs, or None for what is neither .docx nor .odt by name, missing or damaged.

    Raises:
        MissingDependencyError: if the library for its kind is not installed.
    """
    suffix = Path(path or "").suffix
    if suffix == ".docx":
        return read_docx(path, lambda document: [paragraph.text for paragraph in document.paragraphs])
    return read_odt(path, _odt_texts) if suffix == ".odt" else None


def _read(path: str | None, load: Callable[[str], Any], read: Callable[[Any], _Read]) -> _Read | None:
    if not path:
        return None
    return unless_damaged(lambda: read(load(path)))


def _odt_texts(document: Any) -> list[str]:
    """Of each paragraph what stands in it or in its spans; not what is deeper, nor tabs and runs of blanks."""
    paragraphs = document.getElementsByType(needed("odf.text", extra="office").P)
    return ["".join(map(_odt_text, paragraph.childNodes)) for paragraph in paragraphs]


def _odt_text(node: Any) -> str:
    if node.nodeType == node.TEXT_NODE:
        return str(node.data)
    if node.nodeType != node.ELEMENT_NODE or node.tagName != "text:span":
        return ""
    return "".join(str(child.data) for child in node.childNodes if child.nodeType == child.TEXT_NODE)
