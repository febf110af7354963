"""PDF files, made of lines."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

__all__ = ["pdf"]

# Half typed: each use of it would be an error.
_mupdf: Any = import_module("pymupdf")


def pdf(lines: Sequence[str]) -> bytes:
    """A .pdf file of one page."""
    with _mupdf.open() as made:
        page = made.new_page()
        for place, line in enumerate(lines):
            page.insert_text((72, 72 + 16 * place), line)
        content: bytes = made.tobytes()
    return content
