"""Metrics on word processors' documents."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from typing import Any

from rapidfuzz import fuzz

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


def compare_docx_files(
    result: str | None,
    expected: str | None,
    *,
    ignore_blanks: bool = True,
    ignore_case: bool = False,
    ignore_order: bool = False,
    content_only: bool = False,
) -> float:
    """Whether two .docx files have the same paragraphs of text.

    Args:
        ignore_blanks: the whole text is compared, runs of blanks as one.
        content_only: the score is the similarity of the whole texts.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    found, wanted = _paragraphs(result), _paragraphs(expected)
    if found is None or wanted is None:
        return 0.0
    if ignore_case:
        found, wanted = [text.lower() for text in found], [text.lower() for text in wanted]
    if ignore_order:
        found, wanted = sorted(found), sorted(wanted)
    if content_only:
        return fuzz.ratio(_joined(found), _joined(wanted)) / 100
    return float(_joined(found) == _joined(wanted) if ignore_blanks else found == wanted)


def check_docx_paragraphs(result: str | None, rules: Mapping[str, Any]) -> float:
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
