"""Presentations, written as LibreOffice would: it says everything of every text, so that saving changes nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_AUTO_SIZE, PP_ALIGN
from pptx.util import Cm, Pt

if TYPE_CHECKING:
    from pptx.slide import Slide

__all__ = ["Box", "Grid", "Page", "Picture", "Text", "deck"]

Place: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height in centimetres."""

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_ALIGNMENTS = {"left": PP_ALIGN.LEFT, "center": PP_ALIGN.CENTER, "right": PP_ALIGN.RIGHT}
_TITLE, _CONTENT = (2.0, 1.0, 24.0, 3.0), (2.0, 5.0, 24.0, 12.0)
_TITLE_ONLY, _TITLE_AND_CONTENT, _BLANK = 5, 1, 6


@dataclass(frozen=True)
class Text:
    """Text in one font; each line is a paragraph."""

    words: str = ""
    size: int = 24
    font: str = "Arial"
    colour: str = "000000"
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    underline: bool = False
    bullet: str = ""
    struck: int = 0
    """How many of the first lines are struck through."""


@dataclass(frozen=True)
class Box:
    """A box of text."""

    text: Text
    place: Place


@dataclass(frozen=True)
class Picture:
    """A picture."""

    png: bytes
    place: Place


@dataclass(frozen=True)
class Grid:
    """A table."""

    rows: Sequence[Sequence[str]]
    place: Place


@dataclass(frozen=True)
class Page:
    """A slide; its title and content are placeholders, and without either it is of the blank layout."""

    title: Text | None = None
    content: Text | None = None
    shapes: Sequence[Box | Picture | Grid] = ()
    notes: str = ""
    background: str = "FFFFFF"
    title_at: Place = _TITLE


def deck(*pages: Page) -> bytes:
    """A .pptx file of slides of 28 by 21 cm."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Cm(28), Cm(21)
    for page in pages:
        _add(presentation, page)
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def _add(presentation: Any, page: Page) -> None:
    layout = _BLANK if page.title is None else _TITLE_ONLY if page.content is None else _TITLE_AND_CONTENT
    slide = presentation.slides.add_slide(presentation.slide_layouts[layout])
    if page.title is not None:
        _place(slide.shapes.title, page.title_at)
        _write(slide.shapes.title.text_frame, page.title)
    if page.content is not None:
        _place(slide.placeholders[1], _CONTENT)
        _write(slide.placeholders[1].text_frame, page.content)
    for shape in page.shapes:
        _draw(slide, shape)
    if page.notes:
        slide.notes_slide.notes_text_frame.text = page.notes
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = _rgb(page.background)


def _draw(slide: Slide, shape: Box | Picture | Grid) -> None:
    left, top, width, height = (Cm(side) for side in shape.place)
    match shape:
        case Box(text=text):
            _write(slide.shapes.add_textbox(left, top, width, height).text_frame, text)
        case Picture(png=png):
            slide.shapes.add_picture(io.BytesIO(png), left, top, width, height)
        case Grid(rows=rows):
            table = slide.shapes.add_table(len(rows), len(rows[0]), left, top, width, height).table
            for row, words in enumerate(rows):
                for column, word in enumerate(words):
                    _write(table.cell(row, column).text_frame, Text(word, size=18), cell=True)


def _place(shape: Any, place: Place) -> None:
    shape.left, shape.top, shape.width, shape.height = (Cm(side) for side in place)


def _write(frame: Any, text: Text, *, cell: bool = False) -> None:
    if not cell:
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.text = text.words
    for number, paragraph in enumerate(frame.paragraphs):
        paragraph.alignment = _ALIGNMENTS[text.align]
        # Without these the layout's own bullets, which differ from those that LibreOffice writes.
        _before(paragraph, text.bullet)
        for run in paragraph.runs:
            _style(run.font, text, struck=number < text.struck)


def _before(paragraph: Any, bullet: str) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", "0")
    properties.set("indent", "0")
    mark = properties.makeelement(f"{_A}buChar", {"char": bullet}) if bullet else properties.makeelement(f"{_A}buNone")
    properties.append(mark)


def _style(font: Any, text: Text, *, struck: bool) -> None:
    font.size, font.name, font.bold, font.italic = Pt(text.size), text.font, text.bold, False
    font.underline = True if text.underline else None
    font.color.rgb = _rgb(text.colour)
    font._element.set("strike", "sngStrike" if struck else "noStrike")


def _rgb(colour: str) -> Any:
    return RGBColor.from_string(colour)  # type: ignore[no-untyped-call]  # of python-pptx's few
