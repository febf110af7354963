"""Metrics on how word processors' documents look, and on Writer's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypeAlias, TypedDict

from agentgym.evaluators.metrics.documentreading import read_docx, read_odt
from agentgym.evaluators.metrics.documents import compare_docx_files, read_tables
from agentgym.evaluators.metrics.packages import settings
from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["METRICS"]

Colour: TypeAlias = tuple[int, int, int]
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_RED, _BLUE = (255, 0, 0), (0, 0, 255)
_FOURTEEN_POINTS = 14.0


class Font(TypedDict):
    font_name: str


class PageBreaks(TypedDict):
    page_break_count: NotRequired[int | None]


def compare_line_spacing(result: str | None, expected: str | None) -> float:
    """Whether two .docx files have the same words and each paragraph the same distance of lines.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    if not compare_docx_files(result, expected):
        return 0.0
    found, wanted = read_docx(result, _spacings), read_docx(expected, _spacings)
    return float(found is not None and found == wanted)


def compare_font_names(result: str | None, rules: Font, *, strict: bool = False) -> float:
    """Whether all text of a .docx file is said to be in ``rules["font_name"]``; not that of tables.

    Args:
        strict: 0 for a document without text.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    names = read_docx(result, lambda document: [run.font.name for run in _runs(document)])
    if names is None or (strict and not names):
        return 0.0
    return float(all(name == rules["font_name"] for name in names))


def compare_subscript_contains(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Whether a piece of text is a subscript in both .docx files, at the same place.

    Args:
        strict: the words are the same, and all that is a subscript in one of them is in the other.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    if strict:
        found, wanted = read_docx(result, _lowered), read_docx(expected, _lowered)
        return float(found is not None and found == wanted and any(low for text in found for _, low in text))
    here, there = read_docx(result, _subscripts), read_docx(expected, _subscripts)
    if here is None or there is None:
        return 0.0
    pieces = (pair for texts in zip(here, there, strict=False) for pair in zip(*texts, strict=False))
    return float(any(all(pair) for pair in pieces))


def contains_page_break(result: str | None, rules: PageBreaks) -> float:
    """Whether a .docx file has page breaks, and ``rules["page_break_count"]`` of them if that is said.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    count = read_docx(result, _page_breaks)
    if not count:
        return 0.0
    return float(rules.get("page_break_count") in (None, count))


def is_first_line_centered(result: str | None) -> float:
    """Whether a .docx file's first paragraph is said to be centred.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    alignment = read_docx(result, lambda document: document.paragraphs[0].paragraph_format.alignment)
    return float(
        alignment is not None and alignment == needed("docx.enum.text", extra="office").WD_ALIGN_PARAGRAPH.CENTER
    )


def has_page_numbers_in_footers(result: str | None, *, strict: bool = False) -> float:
    """Whether each section's footer begins with a line in which a digit stands.

    Args:
        strict: it has the number of the page as a field.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    footers = read_docx(result, _page_fields if strict else _footers)
    if footers is None:
        return 0.0
    return float(
        all(any(character.isdigit() for character in footer) for footer in footers) if not strict else all(footers)
    )


def check_tabstops(
    result: str | None, expected: str | None, *, word_number_split_by_tabstop: int | None = None, index: int = 0
) -> float:
    """How near the tab stops of two .docx files' paragraphs are to each other, as a part of the width of the page.

    0 where they are not as many, or of another kind.

    Args:
        word_number_split_by_tabstop: how many words each paragraph has in its part ``index`` between tabs.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = read_docx(result, _tabbed), read_docx(expected, _tabbed)
    width = read_docx(expected, _text_width)
    if not found or not wanted or not width or len(found) != len(wanted):
        return 0.0
    if word_number_split_by_tabstop is not None:
        counts = [_words_between_tabs(text, index) for text, _ in found]
        if any(count != word_number_split_by_tabstop for count in counts):
            return 0.0
    pairs = [(one, other) for (_, one), (_, other) in zip(found, wanted, strict=True)]
    if any([kind for kind, _ in one] != [kind for kind, _ in other] for one, other in pairs):
        return 0.0
    apart = sum(abs(here - there) for pair in pairs for (_, here), (_, there) in zip(*pair, strict=True))
    return max(0.0, 1 - apart / width / len(found))


def evaluate_colored_words_in_tables(
    result: str | None, expected: str | None, *, threshold: float = 3.5, strict: bool = False
) -> float:
    """Whether in a .docx file's tables words that begin with a vowel are red and others blue.

    Beside them both files have the same words.

    Args:
        threshold: how far a colour may be from red or blue, as CIEDE2000 counts.
        strict: the words in the tables are the same, too, and there are some.

    Raises:
        MissingDependencyError: if python-docx or scikit-image is not installed.
    """
    if not compare_docx_files(result, expected):
        return 0.0
    words = read_docx(result, _coloured)
    if words is None or (strict and (not words or read_docx(result, read_tables) != read_docx(expected, read_tables))):
        return 0.0
    near: dict[tuple[Colour, Colour], bool] = {}
    for word, colour in words:
        wanted = _RED if word[0].lower() in "aeiou" else _BLUE
        if colour is None:
            return 0.0
        if (colour, wanted) not in near:
            near[colour, wanted] = _difference(colour, wanted) <= threshold
        if not near[colour, wanted]:
            return 0.0
    return 1.0


def evaluate_strike_through_last_paragraph(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Whether a .docx file has the same words as another, and its last paragraph is struck through.

    Args:
        strict: there is something to strike through.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    if not compare_docx_files(result, expected):
        return 0.0
    struck = read_docx(result, lambda document: [bool(run.font.strike) for run in document.paragraphs[-1].runs])
    return float(struck is not None and all(struck) and (bool(struck) or not strict))


def check_highlighted_words(result: str | None, expected: str | None) -> float:
    """Whether an .odt file has the same words as another and none of them is highlighted in yellow.

    Raises:
        MissingDependencyError: if odfpy is not installed.
    """
    if not compare_docx_files(result, expected):
        return 0.0
    highlighted = read_odt(result, _has_yellow)
    return float(highlighted is False)


def check_italic_font_size_14(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Whether a .docx file has the same words as another and all in italics is said to be of 14 points.

    Args:
        strict: the same words are in italics, too.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    if not compare_docx_files(result, expected):
        return 0.0
    italics = read_docx(result, _italics)
    if italics is None or any(size != _FOURTEEN_POINTS for _, size in italics):
        return 0.0
    if not strict:
        return 1.0
    wanted = read_docx(expected, _italics)
    return float(wanted is not None and _together(italics) == _together(wanted))


def find_default_font(result: str | None, rules: Font) -> float:
    """Whether Writer's default font is ``rules["font_name"]``."""
    values = list(settings(result, "/org.openoffice.Office.Writer/DefaultFont", "Standard"))
    return float(values[-1:] == [rules["font_name"]])


def _runs(document: Any) -> Iterator[Any]:
    for paragraph in document.paragraphs:
        yield from paragraph.runs


def _spacings(document: Any) -> list[Any]:
    return [paragraph.paragraph_format.line_spacing for paragraph in document.paragraphs]


def _subscripts(document: Any) -> list[list[bool]]:
    return [[bool(run.font.subscript) for run in paragraph.runs] for paragraph in document.paragraphs]


def _lowered(document: Any) -> list[list[tuple[str, bool]]]:
    """Each character and whether it is a subscript."""
    return [
        [(character, bool(run.font.subscript)) for run in paragraph.runs for character in run.text]
        for paragraph in document.paragraphs
    ]


def _page_breaks(document: Any) -> int:
    breaks = (found for run in _runs(document) for found in run.element.iter(f"{_W}br"))
    return sum(found.get(f"{_W}type") == "page" for found in breaks)


def _footers(document: Any) -> list[str]:
    lines = (section.footer.paragraphs for section in document.sections)
    return [line[0].text if line else "" for line in lines]


def _page_fields(document: Any) -> list[str]:
    """The fields that are the number of the page, of each section."""
    footers = (section.footer._element for section in document.sections)
    fields = (
        "".join(found.text or "" for found in footer.iter(f"{_W}instrText"))
        + "".join(found.get(f"{_W}instr", "") for found in footer.iter(f"{_W}fldSimple"))
        for footer in footers
    )
    return ["".join(re.findall(r"\bPAGE\b", field)) for field in fields]


def _tabbed(document: Any) -> list[tuple[str, list[tuple[Any, int]]]]:
    """The texts that are not blank, each with the kinds and positions of its tab stops."""
    kinds = needed("docx.enum.text", extra="office").WD_TAB_ALIGNMENT
    return [
        (
            paragraph.text,
            [
                (stop.alignment, int(stop.position))
                for stop in paragraph.paragraph_format.tab_stops
                if stop.alignment != kinds.CLEAR and (stop.alignment, stop.position) != (kinds.LEFT, 0)
            ],
        )
        for paragraph in document.paragraphs
        if paragraph.text.strip()
    ]


def _text_width(document: Any) -> int:
    section = document.sections[0]
    return int(section.page_width - section.left_margin - section.right_margin)


def _words_between_tabs(text: str, index: int) -> int | None:
    parts = text.split("\t")
    return len(parts[index].split()) if -len(parts) <= index < len(parts) else None


def _coloured(document: Any) -> list[tuple[str, Colour | None]]:
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    runs = (run for cell in cells for paragraph in cell.paragraphs for run in paragraph.runs)
    return [(run.text, None if run.font.color.rgb is None else tuple(run.font.color.rgb)) for run in runs if run.text]


def _difference(one: Colour, other: Colour) -> float:
    """CIEDE2000 of two colours in sRGB."""
    color = needed("skimage.color", extra="images")
    labs = (color.rgb2lab([part / 255 for part in colour]) for colour in (one, other))
    return float(color.deltaE_ciede2000(*labs))


def _has_yellow(document: Any) -> bool:
    """Whether a span has an automatic style with a yellow background."""
    named = {
        span.getAttribute("stylename") for span in document.getElementsByType(needed("odf.text", extra="office").Span)
    }
    styles = (style for style in document.automaticstyles.childNodes if named and style.getAttribute("name") in named)
    return any(part.getAttribute("backgroundcolor") == "#ffff00" for style in styles for part in style.childNodes)


def _italics(document: Any) -> list[tuple[str, float | None]]:
    runs = (run for run in _runs(document) if run.italic)
    return [(run.text, None if run.font.size is None else run.font.size.pt) for run in runs]


def _together(italics: list[tuple[str, float | None]]) -> str:
    return "".join(text for text, _ in italics)


METRICS: Mapping[str, Metric] = {
    "check_highlighted_words": check_highlighted_words,
    "check_italic_font_size_14": check_italic_font_size_14,
    "check_tabstops": check_tabstops,
    "compare_font_names": compare_font_names,
    "compare_line_spacing": compare_line_spacing,
    "compare_subscript_contains": compare_subscript_contains,
    "contains_page_break": contains_page_break,
    "evaluate_colored_words_in_tables": evaluate_colored_words_in_tables,
    "evaluate_strike_through_last_paragraph": evaluate_strike_through_last_paragraph,
    "find_default_font": find_default_font,
    "has_page_numbers_in_footers": has_page_numbers_in_footers,
    "is_first_line_centered": is_first_line_centered,
}
