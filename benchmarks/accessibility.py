"""The accessibility tree: ours against a walk through `gi` as OSWorld's server makes it, of the same desktop, in turns.

    python benchmarks/accessibility.py [mousepad thunar calc writer chromium]

On a screen of 1920x1080, as OSWorld's machines have. ``calc`` is a sheet of 200 rows and 10 columns, ``writer`` a text
of 300 paragraphs, ``chromium`` a page of 120 chapters. ``first ms`` is the first tree of an application that has just
started; all else are medians. Needs ``python3-gi`` and ``gir1.2-atspi-2.0`` for the system's Python; `openpyxl` and
`python-docx` make the documents.
"""

from __future__ import annotations

import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx import Document
from lxml import etree
from openpyxl import Workbook

from agentgym.backends.x11.backend import X11Backend

_WALK = Path(__file__).parent / "atspi_walk.py"
_SCREEN = (1920, 1080)
_ROUNDS = 7
_TREES_A_ROUND = 5
_PATIENCE_S = 60.0
_WORDS = "lorem ipsum dolor sit amet "
_OFFICE = ("soffice", "--norestore", "--nologo")
_BROWSER = ("chromium", "--no-sandbox", "--no-first-run", "--force-renderer-accessibility", "--start-maximized")


def _sheet() -> bytes:
    book = Workbook()
    book.active.append([f"Column {column}" for column in range(10)])
    for row in range(1, 200):
        book.active.append([f"{row} of {column}" if column % 3 == 0 else row * column / 7 for column in range(10)])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _text() -> bytes:
    document = Document()
    for number in range(300):
        document.add_paragraph(f"Paragraph {number}: " + "the quick brown fox jumps over the lazy dog " * 8)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def _page() -> bytes:
    chapters = [
        f"<h2>Chapter {number}</h2><p>{_WORDS * 20}<a href='#{number}'>more</a></p><ul><li>a<li>b</ul>"
        for number in range(120)
    ]
    return f"<title>Chapters</title>{''.join(chapters)}".encode()


@dataclass(frozen=True)
class _Case:
    """An application with what it opens.

    Attributes:
        title: a part of its window's, once it is there.
        file: what is opened, and what makes it.
    """

    argv: Sequence[str]
    title: str
    file: tuple[str, Callable[[], bytes]] | None = None


_CASES: Mapping[str, _Case] = {
    "mousepad": _Case(("mousepad", "--disable-server"), "Mousepad"),
    "thunar": _Case(("thunar",), "Thunar"),
    "calc": _Case((*_OFFICE, "--calc", "~/sheet.xlsx"), "sheet.xlsx", ("sheet.xlsx", _sheet)),
    "writer": _Case((*_OFFICE, "--writer", "~/text.docx"), "text.docx", ("text.docx", _text)),
    "chromium": _Case((*_BROWSER, "file:///home/user/page.html"), "Chapters", ("page.html", _page)),
}


def _tree(backend: X11Backend) -> tuple[float, str]:
    started = time.perf_counter()
    tree = backend.observe(["accessibility_tree"])["accessibility_tree"]
    return time.perf_counter() - started, tree


def _walked(backend: X11Backend) -> tuple[float, int]:
    done = backend.run(["/usr/bin/python3", "walk.py", "1"], timeout_s=300)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    walked = json.loads(done.stdout)
    return walked["seconds"][0], _count(walked["applications"])


def _count(nodes: Sequence[dict[str, Any]]) -> int:
    return sum(1 + _count(node["children"]) for node in nodes)


def _open(backend: X11Backend, case: _Case) -> None:
    backend.reset(seed=0)
    backend.write("~/walk.py", _WALK.read_bytes())
    if case.file is not None:
        backend.write(f"~/{case.file[0]}", case.file[1]())
    backend.launch([word.replace("~", "/home/user") for word in case.argv])
    deadline = time.monotonic() + _PATIENCE_S
    while not any(case.title in window.title for window in backend.windows()):
        if time.monotonic() > deadline:
            raise SystemExit(f"no window {case.title!r} of {case.argv[0]} after {_PATIENCE_S:g} s")
        backend.settle(1.0)
    backend.settle(30.0)


def _measure(backend: X11Backend, name: str) -> str:
    _open(backend, _CASES[name])
    first, _ = _tree(backend)
    ours: list[float] = []
    walks: list[float] = []
    tree, walked = "", 0
    for _ in range(_ROUNDS):
        for _ in range(_TREES_A_ROUND):
            seconds, tree = _tree(backend)
            ours.append(seconds)
        seconds, walked = _walked(backend)
        walks.append(seconds)
    nodes = len(list(etree.fromstring(tree.encode()).iter())) - 1
    fast, slow = statistics.median(ours) * 1e3, statistics.median(walks) * 1e3
    return (
        f"| {name:<8} | {first * 1e3:8.0f} | {fast:7.1f} | {nodes:6} | {slow:7.0f} | {walked:6} | {slow / fast:5.1f} |"
    )


def main(names: Sequence[str]) -> None:
    if unknown := [name for name in names if name not in _CASES]:
        raise SystemExit(f"no case {unknown[0]!r}; there are {', '.join(_CASES)}")
    print("|          | first ms | ours ms |  nodes | walk ms |  nodes | ratio |")
    print("|----------|----------|---------|--------|---------|--------|-------|")
    backend = X11Backend(screen=_SCREEN)
    try:
        for name in names or _CASES:
            print(_measure(backend, name), flush=True)
    finally:
        backend.close()


if __name__ == "__main__":
    main(sys.argv[1:])
