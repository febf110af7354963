"""Metrics on PDF files."""

from __future__ import annotations

import io
import logging
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from PIL import Image, UnidentifiedImageError
from rapidfuzz import fuzz

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["METRICS", "compare_pdfs"]

_RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_ALIKE = 5
"""Of 64 bits of two images' hashes, how many may differ."""


class Pages(TypedDict):
    relation: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    ref_value: int


def check_pdf_pages(result: str | None, rules: Pages) -> float:
    """Whether the number of pages is in ``rules["relation"]`` to ``rules["ref_value"]``: ``eq``, ``ne``, ``lt`` ….

    Raises:
        MissingDependencyError: if pypdf is not installed.
        ValueError: if there is no such relation.
    """
    relation = _RELATIONS.get(rules["relation"])
    if relation is None:
        raise ValueError(f"check_pdf_pages has no relation {rules['relation']!r}; it has {', '.join(_RELATIONS)}")
    pages = _page_count(result)
    return float(pages is not None and relation(pages, rules["ref_value"]))


def compare_pdfs(
    result: str | Sequence[str | None] | None, expected: str | Sequence[str] | None, *, strict: bool = False
) -> float:
    """How alike the texts of two PDF files are, from 0 to 1, or of several the mean over the expected ones.

    Args:
        strict: two without any text are not alike unless they have as many pages, and as many images; otherwise a
            missing file is like one without text, too.

    Raises:
        MissingDependencyError: if PyMuPDF is not installed.
    """
    found, wanted = (result, expected) if isinstance(expected, list | tuple) else ([result], [expected])
    if not wanted or not isinstance(found, list | tuple):
        return 0.0
    return sum(_likeness(one, other, strict) for one, other in zip(found, wanted, strict=False)) / len(wanted)


def compare_pdf_images(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Share of the images of two PDF files that look alike, in their order; 0 if one has more of them.

    Args:
        strict: two files without images are compared by their texts; otherwise they are alike.

    Raises:
        MissingDependencyError: if PyMuPDF or ImageHash is not installed.
    """
    found, wanted = _images(result), _images(expected)
    if found is None or wanted is None or len(found) != len(wanted):
        return 0.0
    if not found:
        return _likeness(result, expected, strict) if strict else 1.0
    phash = needed("imagehash", extra="images").phash
    alike = [bool(phash(one) - phash(other) <= _ALIKE) for one, other in zip(found, wanted, strict=True)]
    return sum(alike) / len(alike)


def _likeness(one: Any, other: Any, strict: bool) -> float:
    # OSWorld's reads what is missing as an empty file.
    texts = "" if one is None and not strict else _text(one), _text(other)
    if texts[0] is None or texts[1] is None:
        return 0.0
    if strict and texts == ("", ""):
        return float(_shape(one) == _shape(other))
    return fuzz.ratio(texts[0], texts[1]) / 100


def _text(path: Any) -> str | None:
    pages = _of_pages(path, lambda page: page.get_text())
    return None if pages is None else "".join(pages).strip()


def _shape(path: Any) -> Sequence[int] | None:
    return _of_pages(path, lambda page: len(page.get_images(full=True)))


def _images(path: Any) -> Sequence[Image.Image] | None:
    """The images of a file that can be read, page by page; None if it is no PDF file."""
    pages = _of_pages(path, lambda page: [page.parent.extract_image(one[0])["image"] for one in page.get_images(True)])
    if pages is None:
        return None
    read = [_image(content) for page in pages for content in page]
    return [image for image in read if image is not None]


def _image(content: bytes) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(content))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _of_pages(path: Any, look: Callable[[Any], Any]) -> Sequence[Any] | None:
    """What is seen on each page; None if it is no file that MuPDF can read."""
    mupdf = needed("pymupdf", extra="pdf")
    if not isinstance(path, str):
        return None
    # It would tell of every fault of a damaged file on standard error.
    mupdf.TOOLS.mupdf_display_errors(False)
    mupdf.TOOLS.mupdf_display_warnings(False)

    def looked() -> Sequence[Any]:
        with mupdf.open(path) as document:
            return [look(page) for page in document]

    return unless_damaged(looked)


def _page_count(path: str | None) -> int | None:
    pypdf = needed("pypdf", extra="pdf")
    if path is None:
        return None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    return unless_damaged(lambda: len(pypdf.PdfReader(path).pages))


METRICS: Mapping[str, Metric] = {
    "check_pdf_pages": check_pdf_pages,
    "compare_pdf_images": compare_pdf_images,
    "compare_pdfs": compare_pdfs,
}
