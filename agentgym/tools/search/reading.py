"""A user's own corpus: a folder of Markdown, HTML, text and JSONL files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from agentgym.errors import UsageError
from agentgym.tools.search.html import from_html
from agentgym.tools.search.pages import Page, from_markdown, from_text

__all__ = ["read_folder"]


class _Line(msgspec.Struct, frozen=True):
    """A line of a JSONL file. Its text may be Markdown."""

    text: str
    address: str | None = None
    title: str | None = None
    revised: str | None = None


def read_folder(folder: Path) -> Iterator[Page]:
    """The pages of a folder and the folders in it, sorted by path; other kinds of files are passed over.

    A file's address is its path in the folder, ``/guide/tea.md``, so that links between files lead on. Names that begin
    with a dot are passed over too.

    Raises:
        UsageError: if there is no page, or a file cannot be read; it gives file and line.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder at {str(folder)!r}")
    found = False
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix.lower() in _READERS and path.is_file() and not any(p.startswith(".") for p in inside.parts):
            found = True
            yield from _READERS[path.suffix.lower()](f"/{inside.as_posix()}", path)
    if not found:
        raise UsageError(f"no page in {str(folder)!r}; files that are read end in {', '.join(_READERS)}")


def _markdown(address: str, path: Path) -> Iterator[Page]:
    yield from_markdown(address, _text(path))


def _html(address: str, path: Path) -> Iterator[Page]:
    yield from_html(address, path.read_bytes())


def _plain(address: str, path: Path) -> Iterator[Page]:
    yield from_text(address, _text(path))


def _jsonl(address: str, path: Path) -> Iterator[Page]:
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
        except msgspec.DecodeError as error:
            raise UsageError(f"{path}:{number}: {error}") from error
        page = from_markdown(read.address or f"{address}/{number}", read.text, read.title)
        yield msgspec.structs.replace(page, revised=read.revised or page.revised)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error}") from error


_READERS: Mapping[str, Callable[[str, Path], Iterator[Page]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".txt": _plain,
    ".jsonl": _jsonl,
}
