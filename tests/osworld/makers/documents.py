"""Documents, made of paragraphs."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import docx

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["document", "odt", "old_document"]

# What has no types, and would be an error at each import.
_odf: Any = import_module("odf.opendocument")
_style: Any = import_module("odf.style")
_text: Any = import_module("odf.text")


def document(paragraphs: Sequence[str], *, then: Callable[[Document], None] | None = None) -> bytes:
    """A .docx file of paragraphs.

    Args:
        then: what is done to it besides.
    """
    made = docx.Document()
    for text in paragraphs:
        made.add_paragraph(text)
    if then is not None:
        then(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def odt(pieces: Sequence[str], *, highlighted: Collection[int] = ()) -> bytes:
    """An .odt file of one paragraph.

    Args:
        pieces: of its text.
        highlighted: the places of those with yellow behind them.
    """
    made = _odf.OpenDocumentText()
    yellow = _style.Style(name="Yellow", family="text")
    yellow.addElement(_style.TextProperties(backgroundcolor="#ffff00"))
    made.automaticstyles.addElement(yellow)
    paragraph = _text.P()
    for place, text in enumerate(pieces):
        paragraph.addElement(_text.Span(text=text, stylename=yellow) if place in highlighted else _text.Span(text=text))
    made.text.addElement(paragraph)
    buffer = io.BytesIO()
    made.write(buffer)
    return buffer.getvalue()


def old_document(paragraphs: Sequence[str]) -> bytes:
    """A .doc file of paragraphs in ASCII, as RTF, which word processors save under that name, too."""
    return ("{\\rtf1\\ansi " + "\\par ".join(paragraphs) + "}").encode("ascii")
