"""Cases of the metrics on archives, books and pages of HTML."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.evaluators.osworld.case import Case, Folder, damaged
from tests.evaluators.osworld.cases.pdf import _drawn, _pdf

_TEXTS = ("", "one\n", "one\ntwo\n", "One\nTwo", "a,b\n1,2\n", "  one \n\n two", "größer\n")
_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_LINES = (
    "<navPoint id='a'>",
    "<text>One</text>",
    "<dc:identifier>7</dc:identifier>",
    "<dc:title>Pass Through</dc:title>",
    "<item/>",
)
_ELEMENTS = (
    "<p>one</p>",
    "<p class='a b'>one</p>",
    "<td sdval='1' sdnum='1033;'>1</td>",
    "<td sdval='1' sdnum='1031;'>1</td>",
    "<td>1</td>",
    "<!-- one -->",
    "text",
    "<b><i>é</i></b>",
    "<p>one",
    "&lt;x&gt;",
)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield rng.choice((_archive, _archive_of_pdfs, _book, _page))(rng, files)


def _archive(rng: random.Random, files: Folder) -> Case:
    inner = rng.choice(("", "", "texts"))
    names = rng.sample(("a.txt", "b.txt", "ü.txt"), rng.randint(0, 3))
    wanted = {name: rng.choice(_TEXTS).encode() for name in names}
    changed = {name: rng.choice(_TEXTS).encode() for name in names}
    found = rng.choice(
        (wanted, wanted, changed, {**changed, "c.txt": b"x"}, {name: wanted[name] for name in names[1:]})
    )
    kind = rng.choice(({}, {"file_type": "text"}, {"file_type": "text"}, {"file_type": "csv"}))
    said = {"file_path": inner} if inner or rng.random() < 0.2 else {}
    more = {"ignore_case": True} if rng.random() < 0.3 else {}
    inside = inner if rng.random() < 0.9 else "other"
    result = _left(rng, files, _packed(rng, inside, found))
    options = {**kind, **said, **more}
    return Case("compare_archive", [result, files.write(*_packed(rng, inner, wanted))], options)


def _archive_of_pdfs(rng: random.Random, files: Folder) -> Case:
    wanted = {f"{number}.pdf": _pdf(rng, _drawn(rng)) for number in range(rng.randint(1, 2))}
    found = rng.choice(
        (wanted, {name: rng.choice((content, damaged(rng, content))) for name, content in wanted.items()})
    )
    result = _left(rng, files, _packed(rng, "slides", found))
    options = {"file_path": "slides", "file_type": "pdf"}
    return Case("compare_archive", [result, files.write(*_packed(rng, "slides", wanted))], options)


def _book(rng: random.Random, files: Folder) -> Case:
    wanted = _parts(rng)
    changed = {name: text if rng.random() < 0.7 else _text(rng, name) for name, text in wanted.items()}
    found = rng.choice((wanted, changed, changed, dict(list(wanted.items())[1:]), {**changed, **_parts(rng)}))
    args = [{name: text.encode() for name, text in parts.items()} for parts in (found, wanted)]
    result = _left(rng, files, (_zip("", args[0]), ".epub"))
    known = "pages in folders" if any("/" in name for name in {**found, **wanted}) else ""
    return Case("compare_epub", [result, files.write(_zip("", args[1]), ".epub")], known=known)


def _parts(rng: random.Random) -> dict[str, str]:
    names = ["toc.ncx", "content.opf", "a.html", "b.html", "style.css", "mimetype"]
    names += ["text/c.html"] if rng.random() < 0.1 else []
    return {name: _text(rng, name) for name in rng.sample(names, rng.randint(0, len(names)))}


def _text(rng: random.Random, name: str) -> str:
    if name.endswith(".html"):
        return _html(rng)
    return rng.choice(("\n", "\r\n")).join(rng.choice(_LINES) for _ in range(rng.randint(0, 5)))


def _html(rng: random.Random) -> str:
    return "\n".join(["<html><body>", *(rng.choice(_ELEMENTS) for _ in range(rng.randint(0, 5))), "</body></html>"])


def _page(rng: random.Random, files: Folder) -> Case:
    page = _html(rng)
    found = rng.choice((page, page.replace("1033", "1031"), page.replace("\n", ""), _html(rng), "", page[:-25]))
    found = rng.choice(("", "", "", "<?xml version='1.0'?>", "<!DOCTYPE html>")) + found
    options = rng.choice(({}, {"ignore_sdnum": True}, {"ignore_sdnum": False}))
    return Case("compare_htmls", [_left(rng, files, (found.encode(), ".html")), files.write(page, ".html")], options)


def _left(rng: random.Random, files: Folder, made: tuple[bytes, str]) -> str | None:
    content, suffix = made
    if rng.random() < 0.8:
        return files.write(content, suffix)
    return rng.choice((None, files.missing(suffix), files.write(damaged(rng, content), suffix)))


def _packed(rng: random.Random, inner: str, parts: Mapping[str, bytes]) -> tuple[bytes, str]:
    suffix = rng.choice(_SUFFIXES)
    return (_zip(inner, parts) if suffix == ".zip" else _tar(inner, parts, suffix)), suffix


def _zip(inner: str, parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"{inner}/{name}" if inner else name, content)
    return buffer.getvalue()


def _tar(inner: str, parts: Mapping[str, bytes], suffix: str) -> bytes:
    buffer = io.BytesIO()
    mode = {".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}.get(suffix, "w:")
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload] # one of several by a name
        for name, content in parts.items():
            entry = tarfile.TarInfo(f"{inner}/{name}" if inner else name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
