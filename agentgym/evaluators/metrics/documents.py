"""Metrics on the content of word processors' documents."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from PIL import Image
from rapidfuzz import fuzz

from agentgym.evaluators.metrics.documentreading import read_docx, read_texts
from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS", "compare_docx_files", "read_tables"]


class Paragraphs(TypedDict):
    expected: list[tuple[str, str | None]]


def compare_docx_files(
    result: str | None,
    expected: str | None,
    *,
    ignore_blanks: bool = True,
    ignore_case: bool = False,
    ignore_order: bool = False,
    content_only: bool = False,
    fuzzy_match: bool = False,
    delete_empty_lines: bool = False,
) -> float:
    """Whether two .docx or two .odt files, by their names, have the same paragraphs of text.

    Args:
        ignore_blanks: the whole text is compared, runs of blanks as one; otherwise paragraph by paragraph.
        ignore_case: upper and lower case count as equal.
        ignore_order: the paragraphs may stand in any order.
        content_only: the score is the similarity of the whole texts.
        fuzzy_match: the score is the similarity, of the whole texts or as the mean of the paragraphs'.
        delete_empty_lines: paragraphs without text do not count.

    Raises:
        MissingDependencyError: if python-docx, or odfpy for .odt, is not installed.
    """
    found, wanted = _both_texts(result, expected)
    if found is None or wanted is None:
        return 0.0
    if ignore_order:
        found, wanted = sorted(found), sorted(wanted)
    if delete_empty_lines:
        found, wanted = [text for text in found if text.strip()], [text for text in wanted if text.strip()]
    if ignore_case:
        found, wanted = [text.lower() for text in found], [text.lower() for text in wanted]
    if content_only or ignore_blanks:
        found, wanted = [_joined(found)], [_joined(wanted)]
    if len(found) != len(wanted):
        return 0.0
    if content_only or fuzzy_match:
        return _similarity(found, wanted)
    return float(found == wanted)


def check_docx_paragraphs(result: str | None, rules: Paragraphs) -> float:
    """Whether each of ``rules["expected"]`` stands in the document, in this order, as ``[text, style]``; ours.

    A style of None is any style.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    paragraphs = read_docx(result, lambda document: [(one.text, one.style.name) for one in document.paragraphs])
    if paragraphs is None:
        return 0.0
    left = iter(paragraphs)
    return float(all(any(_is(one, text, style) for one in left) for text, style in rules["expected"]))


def _is(paragraph: tuple[str, str], text: str, style: str | None) -> bool:
    return paragraph[0].strip() == text and style in (None, paragraph[1])


def _similarity(found: list[str], wanted: list[str]) -> float:
    ratios = [fuzz.ratio(one, other) / 100 for one, other in zip(found, wanted, strict=True)]
    return math.fsum(ratios) / len(ratios) if ratios else 1.0


def _joined(paragraphs: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(paragraphs)).strip()


def compare_docx_files_and_ignore_new_lines(
    result: str | None, expected: str | None, *, ignore_blanks: bool = True
) -> float:
    """Whether two .docx files have the same paragraphs of text but for empty ones.

    Args:
        ignore_blanks: the whole text is compared, runs of blanks as one.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = _both_texts(result, expected, suffixes=(".docx",))
    if found is None or wanted is None:
        return 0.0
    found, wanted = [text for text in found if text], [text for text in wanted if text]
    return float(_joined(found) == _joined(wanted) if ignore_blanks else found == wanted)


def compare_docx_tables(result: str | None, expected: str | None) -> float:
    """Whether two .docx files have the same words in the cells of as many tables; nothing else counts.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = read_docx(result, read_tables), read_docx(expected, read_tables)
    return float(found is not None and found == wanted)


def compare_docx_images(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Whether two .docx files have the same pictures, in the order in which the files list them.

    Args:
        strict: pictures have the same width and height, too, not only the same bytes of pixels.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = read_docx(result, _pictures), read_docx(expected, _pictures)
    if found is None or wanted is None:
        return 0.0
    return float(found == wanted if strict else [one[-1] for one in found] == [one[-1] for one in wanted])


def compare_references(
    result: str | None,
    expected: str | None,
    *,
    reference_indicator: str = "References",
    reference_base_result: float = 0.5,
    content_only: bool = False,  # noqa: ARG001 - a task says it; OSWorld does not look at it
    strict: bool = False,
) -> float:
    """How alike the paragraphs after the one that is ``reference_indicator`` are, in the mean.

    Args:
        reference_base_result: what counts as 0; from there to 1 the score is stretched.
        strict: 0 where neither document has references.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    texts = _both_texts(result, expected, suffixes=(".docx",))
    if texts[0] is None or texts[1] is None:
        return 0.0
    found, wanted = (_after(one, reference_indicator) for one in (texts[0], texts[1]))
    if found is None and wanted is None:
        return float(not strict)
    if not found or not wanted or len(found) != len(wanted):
        return 0.0
    # Summed as OSWorld does: the last digit decides at the edge.
    likeness = sum(fuzz.ratio(one, other) / 100 for one, other in zip(found, wanted, strict=True)) / len(found)
    if likeness < reference_base_result + _ABOVE_BASE:
        return 0.0
    return (likeness - reference_base_result) / (1 - reference_base_result)


def compare_unique_train_records(result: str | None, expected: Sequence[str | None] | None) -> float:
    """Whether a .docx file has one line for each train of the first expected file, all of them lines of the second.

    A line is ``time,train,station,platform``.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    if not isinstance(expected, list) or len(expected) < 2:
        return 0.0
    found, wanted, before = (read_docx(path, _lines) for path in (result, *expected[:2]))
    if found is None or wanted is None or before is None:
        return 0.0
    trains = _trains(found)
    return float(
        set(found) <= set(before)
        and len(trains) == len(set(trains))
        and set(trains) == set(_trains(wanted))
        and len(found) == len(wanted)
    )


def read_tables(document: Any) -> list[tuple[int, list[list[str]]]]:
    """How many columns each table of a ``docx.Document`` has, and the words in its cells."""
    return [(len(table.columns), list(map(list, _rows(table)))) for table in document.tables]


_ABOVE_BASE = 0.01


def _rows(table: Any) -> list[list[str]]:
    columns = range(len(table.columns))
    rows = (table.row_cells(row) for row in range(len(table.rows)))
    return [[cells[column].text.strip() for column in columns] for cells in rows]


def _pictures(document: Any) -> list[tuple[str, tuple[int, int], bytes]]:
    parts = [one.target_part for one in document.part.rels.values() if "image" in one.reltype]
    pictures = [Image.open(io.BytesIO(part.blob)) for part in parts]
    return [(picture.mode, picture.size, picture.tobytes()) for picture in pictures]


def _after(texts: list[str], indicator: str) -> list[str] | None:
    if indicator not in texts:
        return None
    return [text for text in texts[texts.index(indicator) + 1 :] if text.strip()]


def _lines(document: Any) -> list[str]:
    return [line for line in (paragraph.text.strip() for paragraph in document.paragraphs) if line]


def _trains(lines: list[str]) -> list[str]:
    records = (line.split(",") for line in lines)
    return [record[1].strip() for record in records if len(record) == 4]


def _both_texts(
    result: str | None, expected: str | None, suffixes: tuple[str, ...] = (".docx", ".odt")
) -> tuple[list[str] | None, list[str] | None]:
    """The paragraphs of two documents of the same kind."""
    kind = Path(result or "").suffix
    if kind not in suffixes or kind != Path(expected or "").suffix:
        return None, None
    return read_texts(result), read_texts(expected)


METRICS: Mapping[str, Metric] = {
    "check_docx_paragraphs": check_docx_paragraphs,
    "compare_docx_files": compare_docx_files,
    "compare_docx_files_and_ignore_new_lines": compare_docx_files_and_ignore_new_lines,
    "compare_docx_images": compare_docx_images,
    "compare_docx_tables": compare_docx_tables,
    "compare_references": compare_references,
    "compare_unique_train_records": compare_unique_train_records,
}
