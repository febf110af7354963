"""Documents, made of paragraphs."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import docx
from odf.opendocument import OpenDocumentText
from odf.style import Style, TextProperties
from odf.text import P, Span

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["document", "odt"]


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
    made = OpenDocumentText()
    yellow = Style(name="Yellow", family="text")
    yellow.addElement(TextProperties(backgroundcolor="#ffff00"))
    made.automaticstyles.addElement(yellow)
    paragraph = P()
    for place, text in enumerate(pieces):
        paragraph.addElement(Span(text=text, stylename=yellow) if place in highlighted else Span(text=text))
    made.text.addElement(paragraph)
    buffer = io.BytesIO()
    made.write(buffer)
    return buffer.getvalue()
