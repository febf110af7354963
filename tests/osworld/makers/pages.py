"""PDF files, made of lines."""

from __future__ import annotations

from collections.abc import Sequence

import pymupdf

__all__ = ["pdf"]


def pdf(lines: Sequence[str]) -> bytes:
    """A .pdf file of one page."""
    with pymupdf.open() as made:
        page = made.new_page()
        for place, line in enumerate(lines):
            page.insert_text((72, 72 + 16 * place), line)
        content: bytes = made.tobytes()
    return content
