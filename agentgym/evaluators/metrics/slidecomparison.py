"""The metric that compares presentations, in what a task asks to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentgym.evaluators.metrics.decks import PICTURE, Deck, Shape, Slide, read_deck
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.slidetexts import Looks, Touched, same_bullets, same_flow, same_tables, same_texts

__all__ = ["METRICS"]

_FREEFORM, _TABLE = 5, 19
_LOW, _RIGHT, _HIGH = 3_600_000, 4_320_000, 1_980_000
"""Where, in EMU, what a task has moved down, to the right or up must be beyond."""
_LEFT_EDGE, _TOP, _HEIGHT = 0, 1, 3
_MOVED_TITLE, _MOVED_HINT = "Product Comparison", "Elaborate on what you want to discuss."


@dataclass(frozen=True)
class Places:
    """What of shapes' positions and sizes is compared, beside ``everything``."""

    everything: bool
    tolerance: float
    title_below: bool
    table_below: bool
    to_the_right: bool
    above: bool
    but_a_hint: bool
    image_sizes: bool
    heights: bool


@dataclass(frozen=True)
class Asked:
    """What of two presentations is compared."""

    count: bool
    background: bool
    notes: bool
    places: Places
    looks: Looks


def compare_pptx_files(
    result: str | None,
    expected: str | None,
    *,
    examine_number_of_slides: bool = True,
    examine_shape: bool = True,
    examine_text: bool = True,
    examine_indent: bool = True,
    examine_font_name: bool = True,
    examine_font_size: bool = True,
    examine_font_bold: bool = True,
    examine_font_italic: bool = True,
    examine_color_rgb: bool = True,
    examine_font_underline: bool = True,
    examine_strike_through: bool = True,
    examine_alignment: bool = True,
    examine_bullets: bool = True,
    examine_background_color: bool = True,
    examine_note: bool = True,
    examine_title_bottom_position: bool = False,
    examine_table_bottom_position: bool = False,
    examine_right_position: bool = False,
    examine_top_position: bool = False,
    examine_shape_for_shift_size: bool = False,
    examine_image_size: bool = False,
    examine_modify_height: bool = False,
    examine_run_count: bool = True,
    examine_shape_lenient_height: bool = False,  # noqa: ARG001 - tasks name it
    approximately_tolerance: float = 0.005,
    enable_debug: bool = True,  # noqa: ARG001 - it would be told that there is no such option
    strict: bool = False,
    _note: str = "",
) -> float:
    """Whether two .pptx files show the same, slide by slide and shape by shape.

    Of tables it looks at the fonts, of groups at the words and their alignment; where one slide is missing and
    ``examine_number_of_slides`` is off, at the others. Semantics of OSWorld's ``compare_pptx_files``.

    Args:
        examine_shape: positions and sizes of shapes, within ``approximately_tolerance`` of the larger.
        examine_bullets: what stands before paragraphs, and how deep they are.
        examine_title_bottom_position: the title "Product Comparison" was moved down, other shapes stay.
        examine_table_bottom_position: the table of the third slide was moved down, other shapes stay.
        examine_right_position: what has no text on the second slide was moved to the right.
        examine_top_position: pictures on the second slide were moved up.
        examine_shape_for_shift_size: shapes stay, but for one with a certain text.
        examine_image_size: pictures have the same size; other shapes stay.
        examine_modify_height: what has no text, or is drawn by hand, has the same height; other shapes stay.
        examine_run_count: whether the same text in more pieces differs; only looked at with ``strict``.
        examine_shape_lenient_height: nothing; tasks name it, OSWorld does not look at it either.
        enable_debug: nothing here.
        strict: tables have the same words, shapes in groups the same fonts, colours of the theme and none at all
            differ from others, kinds of lists and of backgrounds differ, too.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    looks = Looks(
        text=examine_text,
        indent=examine_indent,
        name=examine_font_name,
        size=examine_font_size,
        bold=examine_font_bold,
        italic=examine_font_italic,
        colour=examine_color_rgb,
        underline=examine_font_underline,
        strike=examine_strike_through,
        alignment=examine_alignment,
        bullets=examine_bullets,
        runs=examine_run_count,
        strict=strict,
    )
    places = Places(
        everything=examine_shape,
        tolerance=approximately_tolerance,
        title_below=examine_title_bottom_position,
        table_below=examine_table_bottom_position,
        to_the_right=examine_right_position,
        above=examine_top_position,
        but_a_hint=examine_shape_for_shift_size,
        image_sizes=examine_image_size,
        heights=examine_modify_height,
    )
    asked = Asked(examine_number_of_slides, examine_background_color, examine_note, places, looks)
    found, wanted = read_deck(result), read_deck(expected)
    return float(found is not None and wanted is not None and _same(found, wanted, asked))


def _same(found: Deck, wanted: Deck, asked: Asked) -> bool:
    if asked.count and len(found.slides) != len(wanted.slides):
        return False
    pairs = zip(found.slides, wanted.slides, strict=False)
    return all(_same_slide(one, other, number, asked) for number, (one, other) in enumerate(pairs, start=1))


def _same_slide(found: Slide, wanted: Slide, number: int, asked: Asked) -> bool:
    if asked.background and not _same_background(found, wanted, strict=asked.looks.strict):
        return False
    if asked.notes and found.notes.strip() != wanted.notes.strip():
        return False
    if len(found.shapes) != len(wanted.shapes):
        return False
    pairs = list(zip(found.shapes, wanted.shapes, strict=True))
    return (
        all(_in_place(one, other, number, asked.places) for one, other in pairs)
        and all(_same_content(one, other, asked.looks) for one, other in pairs)
        and _same_flows(found, wanted, asked.looks)
        and (not asked.looks.bullets or _bullets_kept(found, wanted, asked.looks))
    )


def _same_background(found: Slide, wanted: Slide, *, strict: bool) -> bool:
    return found.backdrop == wanted.backdrop if strict else found.paint == wanted.paint


def _in_place(found: Shape, wanted: Shape, number: int, places: Places) -> bool:
    """Whether a shape stands where it should, for each thing that was asked."""
    stays = all(_near(one, other, places.tolerance) for one, other in zip(found.box, wanted.box, strict=True))
    return (
        (stays or not places.everything)
        and (not places.title_below or _title_below(found, wanted, stays=stays))
        and (not places.table_below or _table_below(found, wanted, number, stays=stays))
        and (not places.to_the_right or _to_the_right(found, wanted, number))
        and (not places.above or _above(found, wanted, number))
        and (not places.but_a_hint or stays or found.text == wanted.text == _MOVED_HINT)
        and (not places.image_sizes or _same_size(found, wanted, places, stays=stays))
        and (not places.heights or _same_height(found, wanted, places, stays=stays))
    )


def _near(one: int | None, other: int | None, tolerance: float) -> bool:
    if one == other:
        return True
    if not one or not other:
        return False
    return abs(one - other) / max(abs(one), abs(other)) <= tolerance


def _moved(found: Shape, wanted: Shape, side: int, beyond: int) -> bool:
    """Whether it stands further down, or to the right, than it did, and beyond a line."""
    now, before = found.box[side], wanted.box[side]
    return now is not None and before is not None and now > before and now >= beyond


def _title_below(found: Shape, wanted: Shape, *, stays: bool) -> bool:
    if not (found.has_text and wanted.has_text and found.text == wanted.text):
        return stays
    return found.text != _MOVED_TITLE or _moved(found, wanted, _TOP, _LOW)


def _table_below(found: Shape, wanted: Shape, number: int, *, stays: bool) -> bool:
    if number == 3 and found.kind == wanted.kind == _TABLE:
        return _moved(found, wanted, _TOP, _LOW)
    return stays


def _to_the_right(found: Shape, wanted: Shape, number: int) -> bool:
    if number != 2 or found.has_text or wanted.has_text:
        return True
    return _moved(found, wanted, _LEFT_EDGE, _RIGHT)


def _above(found: Shape, wanted: Shape, number: int) -> bool:
    if number != 2 or not found.kind == wanted.kind == PICTURE:
        return True
    now, before = found.box[_TOP], wanted.box[_TOP]
    return now is not None and before is not None and now < before and now <= _HIGH


def _same_size(found: Shape, wanted: Shape, places: Places, *, stays: bool) -> bool:
    if not found.kind == wanted.kind == PICTURE:
        return stays
    return all(_near(one, other, places.tolerance) for one, other in zip(found.box[2:], wanted.box[2:], strict=True))


def _same_height(found: Shape, wanted: Shape, places: Places, *, stays: bool) -> bool:
    without_text = not found.has_text and not wanted.has_text
    if without_text or found.kind == wanted.kind == _FREEFORM:
        return _near(found.box[_HEIGHT], wanted.box[_HEIGHT], places.tolerance)
    return stays


def _same_content(found: Shape, wanted: Shape, looks: Looks) -> bool:
    """Whether tables and texts are the same; what only one of them has, OSWorld does not see, but for a table."""
    if looks.strict:
        return _same_kind(found, wanted) and _same_members(found, wanted, looks) and _same_inside(found, wanted, looks)
    return (found.kind != _TABLE or same_tables(found, wanted, looks)) and _same_text(found, wanted, looks)


def _same_kind(found: Shape, wanted: Shape) -> bool:
    return (found.has_text, found.table is None, len(found.members)) == (
        wanted.has_text,
        wanted.table is None,
        len(wanted.members),
    )


def _same_members(found: Shape, wanted: Shape, looks: Looks) -> bool:
    return all(_same_content(one, other, looks) for one, other in zip(found.members, wanted.members, strict=True))


def _same_inside(found: Shape, wanted: Shape, looks: Looks) -> bool:
    return (found.table is None or same_tables(found, wanted, looks)) and _same_text(found, wanted, looks)


def _same_text(found: Shape, wanted: Shape, looks: Looks) -> bool:
    if found.paragraphs is None or wanted.paragraphs is None:
        return True
    if looks.text and found.text.strip() != wanted.text.strip():
        return False
    return same_texts(found.paragraphs, wanted.paragraphs, looks)


def _same_flows(found: Slide, wanted: Slide, looks: Looks) -> bool:
    """Whether all texts, also those within groups, are as many and, where alignment counts, the same."""
    one, other = list(_with_text(found.shapes)), list(_with_text(wanted.shapes))
    if len(one) != len(other):
        return False
    return not looks.alignment or all(same_flow(*pair, looks) for pair in zip(one, other, strict=True))


def _with_text(shapes: tuple[Shape, ...]) -> Iterator[Shape]:
    for shape in shapes:
        if shape.has_text:
            yield shape
        yield from _with_text(shape.members)


def _bullets_kept(found: Slide, wanted: Slide, looks: Looks) -> bool:
    """Whether bullets are the same; OSWorld looks at them each time it comes by a run, and only then."""
    if looks.strict:
        return same_bullets(found, wanted, Touched(), looks)
    touched = Touched()
    for one, other in zip(found.shapes, wanted.shapes, strict=True):
        for here, there in zip(one.paragraphs or (), other.paragraphs or (), strict=False):
            touched = touched.with_pair(here, there)
            if here.runs and there.runs and not same_bullets(found, wanted, touched, looks):
                return False
    return True


METRICS: Mapping[str, Metric] = {"compare_pptx_files": compare_pptx_files}
