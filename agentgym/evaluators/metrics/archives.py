"""Metrics on files that hold others: archives, and books as EPUB."""

from __future__ import annotations

import difflib
import functools
import inspect
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from lxml import etree

from agentgym.evaluators.metrics.registry import Metric, metrics

__all__ = ["METRICS"]

_METRIC_OF = {
    "text": "compare_text_file",
    "pdf": "compare_pdfs",
    "docx": "compare_docx_files",
    "ppt": "compare_pptx_files",
    "image": "compare_images",
    "csv": "compare_csv",
    "table": "compare_table",
    "audio": "compare_audios",
    "video": "compare_videos",
}
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    shutil.ReadError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What a damaged or hostile archive makes the standard library raise; RuntimeError is an encrypted one's."""

_LISTS = {"toc.ncx": "navPoint", "content.opf": "dc:identifier"}
"""Of which files of a book which lines do not count: those that are drawn by lot when it is made."""


def compare_archive(
    result: str | None,
    expected: str | None,
    *,
    file_path: str = "",
    file_type: Literal["text", "pdf", "docx", "ppt", "image", "csv", "table", "audio", "video"] = "text",
    strict: bool | None = None,
    **options: Any,
) -> float:
    """The mean score of an archive's files, each against the one of its name; 0 if the names are not the same.

    Args:
        file_path: the folder in it that is compared.
        file_type: which metric compares: `compare_text_file`, `compare_pdfs`, `compare_docx_files`,
            `compare_pptx_files`, `compare_images`, `compare_csv`, `compare_table`, `compare_audios` or
            `compare_videos`.
        strict: that of that metric, if it has one; None for what is usual there.
        options: those of that metric.

    Raises:
        ValueError: if there is no such type.
    """
    if file_type not in _METRIC_OF:
        raise ValueError(f"compare_archive has no file type {file_type!r}; it has {', '.join(_METRIC_OF)}")
    metric = metrics[_METRIC_OF[file_type]]
    if strict is not None and "strict" in inspect.signature(metric).parameters:
        options = {**options, "strict": strict}
    compare = functools.partial(metric, **options)
    with _unpacked(result) as found, _unpacked(expected) as wanted:
        names = _names(found, file_path)
        if found is None or wanted is None or not names or names != _names(wanted, file_path):
            return 0.0
        pairs = [(found / file_path / name, wanted / file_path / name) for name in names]
        return sum(compare(str(one), str(other)) for one, other in pairs if one.is_file()) / len(names)


def compare_epub(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """How alike the parts of two books are, from 0 to 1: contents, list of files and pages, in their order.

    Args:
        strict: parts are compared by their names, and one that only one book has counts as 0; otherwise the mean is
            over the result's parts, as far as both books go.
    """
    found, wanted = _parts(result), _parts(expected)
    if not found or wanted is None:
        return 0.0
    if strict:
        common = [_likeness(found[name], wanted[name]) for name in sorted({*found} & {*wanted})]
        return sum(common) / len({*found, *wanted})
    pairs = zip(sorted(found), sorted(wanted), strict=False)
    return sum(_likeness(found[one], wanted[other]) for one, other in pairs) / len(found)


@contextmanager
def _unpacked(path: str | None) -> Iterator[Path | None]:
    """A folder that holds what an archive does, while it is needed; None if it is none."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) if path is not None and _unpack(path, folder) else None


def _unpack(path: str, folder: str) -> bool:
    # Of tar files, nothing may come to lie elsewhere; of zip files, nothing does.
    safely: dict[str, Any] = {} if path.endswith(".zip") else {"filter": "data"}
    try:
        shutil.unpack_archive(path, folder, **safely)
    except _UNREADABLE:
        return False
    return True


def _names(folder: Path | None, inner: str) -> list[str]:
    place = None if folder is None else folder / inner
    return sorted(one.name for one in place.iterdir()) if place is not None and place.is_dir() else []


def _parts(path: str | None) -> Mapping[str, list[str]] | None:
    """The lines of a book's parts by their names; None if it cannot be read, and none if it is no archive."""
    if path is None:
        return None
    try:
        with zipfile.ZipFile(path) as book:
            names = [name for name in book.namelist() if name in _LISTS or name.endswith(".html")]
            return {name: _lines(name, book.read(name).decode()) for name in names}
    except zipfile.BadZipFile:
        return {}
    except (*_UNREADABLE, etree.LxmlError):
        return None


def _lines(name: str, text: str) -> list[str]:
    if name in _LISTS:
        return [line for line in text.splitlines() if _LISTS[name] not in line]
    from lxml import html

    page = html.fromstring(text.replace("\n", "").replace("\r", "").encode())
    return str(html.tostring(page, pretty_print=True, encoding="unicode")).splitlines()


def _likeness(one: list[str], other: list[str]) -> float:
    return difflib.SequenceMatcher(a=one, b=other).ratio()


METRICS: Mapping[str, Metric] = {"compare_archive": compare_archive, "compare_epub": compare_epub}
