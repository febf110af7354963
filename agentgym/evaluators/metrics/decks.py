"""What a .pptx file shows, as plain values: slides, shapes, paragraphs, runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.extras import needed

__all__ = [
    "PICTURE",
    "Bullet",
    "Deck",
    "Paint",
    "Paragraph",
    "Picture",
    "Run",
    "Shape",
    "Slide",
    "read_deck",
    "read_pictures",
]

PICTURE = 13
"""Of a shape's kind."""

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FILLS = ("noFill", "solidFill", "gradFill", "blipFill", "pattFill", "grpFill")

Paint: TypeAlias = tuple[str, ...]
"""A colour as the file has it: ``("srgbClr", "FF0000")``, ``("schemeClr", "bg1", "lumMod=50000")``."""


@dataclass(frozen=True)
class Run:
    """A stretch of text in one font; what is None is not said here and inherited.

    Attributes:
        paint: None also where it is no one colour, such as a gradient.
    """

    text: str
    name: str | None
    size: int | None
    bold: bool | None
    italic: bool | None
    underline: Any
    paint: Paint | None
    strike: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; ``place`` is where it stands among all of its slide, shapes or not."""

    text: str
    alignment: Any
    level: int
    runs: tuple[Run, ...]
    place: int


@dataclass(frozen=True)
class Bullet:
    """What stands before a paragraph with text.

    Attributes:
        place: which of the slide's paragraphs it is.
        styled: whether the paragraph has properties at all.
        kind: ``buNone``, ``buAutoNum arabicPeriod`` and the like.
    """

    place: int
    text: str
    styled: bool
    level: str | None
    char: str | None
    kind: str | None


@dataclass(frozen=True)
class Shape:
    """One shape.

    Attributes:
        kind: a member of python-pptx's ``MSO_SHAPE_TYPE``; None for one that it does not know.
        box: left, top, width, height in EMU, each None where nothing says it.
        paragraphs: None for what has no text, such as a picture.
        table: rows of cells of paragraphs.
        members: of a group.
    """

    kind: int | None
    box: tuple[int | None, int | None, int | None, int | None]
    text: str
    paragraphs: tuple[Paragraph, ...] | None
    table: tuple[tuple[tuple[Paragraph, ...], ...], ...] | None
    members: tuple[Shape, ...]

    @property
    def has_text(self) -> bool:
        """Whether text can stand in it, also where none does."""
        return self.paragraphs is not None


@dataclass(frozen=True)
class Slide:
    """One slide.

    Attributes:
        paint: the one colour of its background, or of its master's.
        backdrop: that, or the kind of fill it is instead.
        bullets: None where a run without text keeps OSWorld from reading them.
    """

    paint: Paint | None
    backdrop: Paint | None
    notes: str
    shapes: tuple[Shape, ...]
    bullets: tuple[Bullet, ...]
    has_empty_run: bool


@dataclass(frozen=True)
class Deck:
    """A presentation; its size in EMU."""

    width: int | None
    height: int | None
    slides: tuple[Slide, ...]


def read_deck(path: str | Path | None) -> Deck | None:
    """A presentation, or None for what is missing, damaged or no presentation.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    if path is None:
        return None
    pptx = needed("pptx", extra="office")
    return unless_damaged(lambda: _deck(pptx.Presentation(str(path))))


def _deck(presentation: Any) -> Deck:
    slides = tuple(_slide(slide) for slide in presentation.slides)
    return Deck(presentation.slide_width, presentation.slide_height, slides)


def _slide(slide: Any) -> Slide:
    # Before anything else: to read is to write in python-pptx, which makes the properties that it is asked for.
    paragraphs = list(slide._element.iter(f"{_A}p"))
    places = {paragraph: place for place, paragraph in enumerate(paragraphs)}
    bullets = tuple(bullet for bullet in map(_bullet, range(len(paragraphs)), paragraphs) if bullet.text.strip())
    empty = any(not text.text for paragraph in paragraphs for text in paragraph.iter(f"{_A}t"))
    fill, paint = _fill_of(slide)
    return Slide(
        paint=paint,
        backdrop=paint or (None if fill is None else (fill,)),
        notes=_notes(slide),
        shapes=tuple(_shape(shape, places) for shape in slide.shapes),
        bullets=bullets,
        has_empty_run=empty,
    )


def _bullet(place: int, paragraph: Any) -> Bullet:
    text = "".join(part.text or "" for part in paragraph.iter(f"{_A}t"))
    properties = paragraph.find(f"{_A}pPr")
    if properties is None:
        return Bullet(place, text, styled=False, level=None, char=None, kind=None)
    char = properties.find(f"{_A}buChar")
    return Bullet(
        place,
        text,
        styled=True,
        level=properties.get("lvl"),
        char=None if char is None else char.get("char"),
        kind=_kind_of_bullet(properties),
    )


def _kind_of_bullet(properties: Any) -> str | None:
    for name in ("buNone", "buAutoNum", "buChar", "buBlip"):
        found = properties.find(f"{_A}{name}")
        if found is not None:
            return " ".join((name, *filter(None, [found.get("type"), found.get("char")])))
    return None


def _fill_of(slide: Any) -> tuple[str | None, Paint | None]:
    """The kind of fill of a slide's background and its colour, or its master's where it says none of its own."""
    fill = _background(slide)
    if fill is not None and fill.tag == f"{_A}noFill":
        fill = _background(slide.slide_layout.slide_master)
    if fill is None:
        return None, None
    return fill.tag.removeprefix(_A), _paint(fill)


def _background(slide: Any) -> Any:
    """The fill of a slide or master; an element ``noFill`` also where there is no background, or only a reference."""
    background = slide._element.cSld.bg
    properties = None if background is None else background.bgPr
    if properties is None:
        return slide._element.makeelement(f"{_A}noFill")
    return next((child for child in properties if child.tag in {f"{_A}{name}" for name in _FILLS}), None)


def _paint(fill: Any) -> Paint | None:
    colour = next(iter(fill), None) if fill is not None and fill.tag == f"{_A}solidFill" else None
    if colour is None:
        return None
    value = colour.get("val", "")
    changes = (f"{child.tag.removeprefix(_A)}={child.get('val')}" for child in colour)
    name = colour.tag.removeprefix(_A)
    return (name, value.upper()) if name == "srgbClr" else (name, value, *changes)


def _notes(slide: Any) -> str:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return "" if frame is None else frame.text


def _shape(shape: Any, places: dict[Any, int]) -> Shape:
    has_text = hasattr(shape, "text") and hasattr(shape, "text_frame")
    return Shape(
        kind=_kind(shape),
        box=(shape.left, shape.top, shape.width, shape.height),
        text=shape.text if has_text else "",
        paragraphs=_paragraphs(shape.text_frame, places) if has_text else None,
        table=_table(shape.table, places) if getattr(shape, "has_table", False) else None,
        members=tuple(_shape(member, places) for member in getattr(shape, "shapes", ())),
    )


def _kind(shape: Any) -> int | None:
    try:
        return None if shape.shape_type is None else int(shape.shape_type)
    except NotImplementedError:
        return None


def _table(table: Any, places: dict[Any, int]) -> tuple[tuple[tuple[Paragraph, ...], ...], ...]:
    rows, columns = range(len(table.rows)), range(len(table.columns))
    return tuple(tuple(_paragraphs(table.cell(row, column).text_frame, places) for column in columns) for row in rows)


def _paragraphs(frame: Any, places: dict[Any, int]) -> tuple[Paragraph, ...]:
    # A shape without any paragraph gets one from python-pptx, which stands nowhere.
    return tuple(
        Paragraph(one.text, one.alignment, one.level, tuple(_runs(one)), places.get(one._p, -1))
        for one in frame.paragraphs
    )


def _runs(paragraph: Any) -> Iterator[Run]:
    for run in paragraph.runs:
        font = run.font
        yield Run(
            text=run.text,
            name=font.name,
            size=font.size,
            bold=font.bold,
            italic=font.italic,
            underline=font.underline,
            paint=_paint(font._element.find(f"{_A}solidFill")),
            strike=font._element.get("strike", "noStrike"),
        )


@dataclass(frozen=True)
class Picture:
    """A picture on a slide: its file, and where it stands."""

    content: bytes
    box: tuple[int, int, int, int]


def read_pictures(path: str | Path | None) -> tuple[tuple[int, int], tuple[Picture, ...]] | None:
    """The size of a presentation's slides and the pictures on the first, or None for what is missing or damaged.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    if path is None:
        return None
    pptx = needed("pptx", extra="office")
    return unless_damaged(lambda: _pictures(pptx.Presentation(str(path))))


def _pictures(presentation: Any) -> tuple[tuple[int, int], tuple[Picture, ...]]:
    pictures = tuple(
        Picture(shape.image.blob, (int(shape.left), int(shape.top), int(shape.width), int(shape.height)))
        for shape in presentation.slides[0].shapes
        if _kind(shape) == PICTURE
    )
    return (int(presentation.slide_width), int(presentation.slide_height)), pictures
