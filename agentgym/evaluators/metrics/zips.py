"""Metrics on archives."""

from __future__ import annotations

import difflib
import io
import logging
import zipfile
import zlib
from collections.abc import Mapping

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["METRICS"]

_ALIKE = 0.95
_UNREADABLE = (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, EOFError)


def compare_zip_files(result: str | None, expected: str | None) -> float:
    """Whether two zip files have the same files by name and content; of PDF files the texts must be 95 % alike.

    Raises:
        MissingDependencyError: if there is a PDF file in them and pypdf is not installed.
    """
    if not result or not expected:
        return 0.0
    try:
        with zipfile.ZipFile(result) as left, zipfile.ZipFile(expected) as right:
            names = set(left.namelist())
            return float(names == set(right.namelist()) and all(_same(name, left, right) for name in sorted(names)))
    except _UNREADABLE:
        return 0.0


def _same(name: str, left: zipfile.ZipFile, right: zipfile.ZipFile) -> bool:
    if name.lower().endswith(".pdf"):
        text, other = _text(left.read(name)), _text(right.read(name))
        return text is not None and other is not None and difflib.SequenceMatcher(None, text, other).ratio() >= _ALIKE
    # What is small packed may be huge: it is only unpacked if it can be the same.
    return left.getinfo(name).file_size == right.getinfo(name).file_size and left.read(name) == right.read(name)


def _text(content: bytes) -> str | None:
    pypdf = needed("pypdf", extra="pdf")
    told = logging.getLogger("pypdf")
    if not told.handlers:
        # What it finds wrong with an agent's file is not for the terminal.
        told.addHandler(logging.NullHandler())
    return unless_damaged(lambda: "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


METRICS: Mapping[str, Metric] = {"compare_zip_files": compare_zip_files}
