"""Metrics on word processors' documents."""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from typing import Any, TypedDict

from rapidfuzz import fuzz

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


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
    """Whether two .docx files have the same paragraphs of text.

    Args:
        ignore_blanks: the whole text is compared, runs of blanks as one; otherwise paragraph by paragraph.
        ignore_case: upper and lower case count as equal.
        ignore_order: the paragraphs may stand in any order.
        content_only: the score is the similarity of the whole texts.
        fuzzy_match: the score is the similarity, of the whole texts or as the mean of the paragraphs'.
        delete_empty_lines: paragraphs without text do not count.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = _paragraphs(result), _paragraphs(expected)
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
    document = _document(result)
    if document is None:
        return 0.0
    left = iter([(paragraph.text, paragraph.style.name) for paragraph in document.paragraphs])
    return float(all(any(_is(one, text, style) for one in left) for text, style in rules["expected"]))


def _is(paragraph: tuple[str, str], text: str, style: str | None) -> bool:
    return paragraph[0].strip() == text and style in (None, paragraph[1])


def _similarity(found: list[str], wanted: list[str]) -> float:
    ratios = [fuzz.ratio(one, other) / 100 for one, other in zip(found, wanted, strict=True)]
    return math.fsum(ratios) / len(ratios) if ratios else 1.0


def _joined(paragraphs: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(paragraphs)).strip()


def _paragraphs(path: str | None) -> list[str] | None:
    document = _document(path)
    return None if document is None else [paragraph.text for paragraph in document.paragraphs]


def _document(path: str | None) -> Any:
    if path is None:
        return None
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
    except ImportError as error:
        raise MissingDependencyError("python-docx is not installed: pip install 'agentgym-envs[office]'") from error
    try:
        return docx.Document(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, PackageNotFoundError):
        return None


METRICS: Mapping[str, Metric] = {
    "compare_docx_files": compare_docx_files,
    "check_docx_paragraphs": check_docx_paragraphs,
}
