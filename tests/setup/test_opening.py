"""``open`` finds the application for a kind of file, sees its window come, and says what is wrong if none does."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from PIL import Image

from agentgym.actions import Hotkey
from agentgym.backends.base import Backend, BackendOptions, Completed, Window, backends
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import EvaluationError, MissingDependencyError, TaskError
from agentgym.evaluators import evaluate
from agentgym.setup import opening, run_steps
from agentgym.tasks import EvaluatorSpec, SetupStep

_KINDS = {"~/sheet.XLSX": "file /home/user/sheet.XLSX", "/notes": "file /notes", "/folder": "folder /folder"}
_KINDS |= {"/": "folder /", "/talk.pptx": "file /talk.pptx", "/page.html": "file /page.html"}


class _Machine(MemoryBackend):
    """Has some programs, whose windows are called after what they show, and a shell that knows some paths."""

    def __init__(self, *programs: str) -> None:
        super().__init__(commands={"sh": lambda _, argv: Completed(0, _KINDS.get(argv[-1], "").encode())})
        self.launched: list[tuple[str, str]] = []
        self._programs = programs

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        if argv[0] not in self._programs:
            raise FileNotFoundError(argv[0])
        self.launched.append((argv[0], argv[-1]))
        title = argv[-1].rpartition("/")[2] or argv[-1]
        self._change(windows=(*self.windows(), Window(title, argv[0], 0, 0, 64, 48, active=True)))


def _machine(*programs: str) -> _Machine:
    machine = _Machine(*programs)
    machine.reset(seed=0)
    return machine


def _open(backend: Backend, path: str) -> None:
    run_steps([SetupStep("open", {"path": path})], backend)


def test_path_is_opened_by_its_kind() -> None:
    machine = _machine("localc", "mousepad", "pcmanfm", "chromium", "loimpress")
    for path in ("~/sheet.XLSX", "/notes", "/folder", "/", "/talk.pptx", "/page.html", "https://example.org/a"):
        _open(machine, path)
    assert machine.launched == [
        ("localc", "/home/user/sheet.XLSX"),
        ("mousepad", "/notes"),
        ("pcmanfm", "/folder"),
        ("pcmanfm", "/"),
        ("loimpress", "/talk.pptx"),
        ("chromium", "/page.html"),
        ("chromium", "https://example.org/a"),
    ]


def test_first_that_is_installed_opens_it() -> None:
    machine = _machine("libreoffice", "nautilus")
    _open(machine, "~/sheet.XLSX")
    _open(machine, "/folder")
    assert [program for program, _ in machine.launched] == ["libreoffice", "nautilus"]


def test_nothing_installed_says_what_to_type() -> None:
    machine = _machine("libreoffice")
    with pytest.raises(MissingDependencyError, match=r"opens '/talk.pptx' .*sudo apt-get install libreoffice-impress$"):
        _open(machine, "/talk.pptx")
    spec = EvaluatorSpec(postconfig=(SetupStep("open", {"path": "/talk.pptx"}),), infeasible=True)
    with pytest.raises(EvaluationError, match="postconfig: nothing that opens"):
        evaluate(spec, machine, None)


def test_nothing_to_open_is_a_fault_of_the_task() -> None:
    with pytest.raises(TaskError, match=r"step 'open': there is no file or folder '~/none' to open - at \$\.config"):
        _open(_machine("mousepad"), "~/none")


def test_window_that_does_not_come_is_told_with_those_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = _machine("chromium")
    monkeypatch.setattr(opening, "WINDOW_PATIENCE_S", 0.1)
    machine._programs = ("chromium", "other")
    machine.launch(["other", "something else"])
    monkeypatch.setattr(machine, "launch", lambda argv: None)
    with pytest.raises(TaskError, match=r"no window of a browser that shows '/page.html' .*\['something else'\]"):
        _open(machine, "/page.html")


def _sheet() -> bytes:
    content = io.BytesIO()
    openpyxl.Workbook().save(content)
    return content.getvalue()


def _document() -> bytes:
    content = io.BytesIO()
    docx.Document().save(content)
    return content.getvalue()


def _picture(form: str) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (100, 100), "red").save(content, form)
    return content.getvalue()


def _sound() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(bytes(16000))
    return content.getvalue()


@pytest.fixture(scope="module")
def desktop() -> Iterator[Any]:
    machine = backends["x11"](BackendOptions(screen=(1024, 700)))
    yield machine
    machine.close()


_FILES: dict[str, tuple[bytes, str, str]] = {
    "a page.html": (b"<title>Shop</title>", "chromium", "Shop - Chromium"),
    "untitled.htm": (b"<p>x", "chromium", "untitled.htm - Chromium"),
    "a.pdf": (_picture("pdf"), "chromium", "a.pdf - Chromium"),
    "a.png": (_picture("png"), "chromium", "a.png (100×100) - Chromium"),
    "a.wav": (_sound(), "chromium", "a.wav - Chromium"),
    "a.txt": (b"text", "mousepad", "~/a.txt - Mousepad"),
    "no suffix": (b"text", "mousepad", "~/no suffix - Mousepad"),
    "a.xlsx": (_sheet(), "libreoffice-calc", "a.xlsx - LibreOffice Calc"),
    "a.csv": (b"a,b\n1,2\n", "soffice", "Text Import - [a.csv]"),
    "a.docx": (_document(), "libreoffice-writer", "a.docx - LibreOffice Writer"),
    "folder/": (b"", "pcmanfm", "folder"),
}


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.parametrize("name", _FILES)
def test_file_is_shown_by_a_real_application(desktop: Backend, name: str) -> None:
    content, app_class, title = _FILES[name]
    desktop.reset(seed=0)
    desktop.write(f"~/{name}" + ("inside" if name.endswith("/") else ""), content)
    _open(desktop, f"~/{name.rstrip('/')}")
    (window,) = [window for window in desktop.windows() if window.active]
    assert (app_class in window.app_class.lower(), window.title) == (True, title)


@pytest.mark.desktop
@pytest.mark.slow
def test_text_document_is_shown_by_the_word_processor(desktop: Backend, tmp_path: Path) -> None:
    desktop.reset(seed=0)
    desktop.write("~/a.docx", _document())
    done = desktop.run(["lowriter", "--headless", "--convert-to", "odt", "/home/user/a.docx"], cwd="/home/user")
    assert done.returncode == 0, done.stderr
    _open(desktop, "~/a.odt")
    assert [window.title for window in desktop.windows() if window.active] == ["a.odt - LibreOffice Writer"]


@pytest.mark.desktop
@pytest.mark.slow
def test_address_is_opened_in_the_browser_and_another_in_a_tab_of_it(desktop: Backend) -> None:
    desktop.reset(seed=0)
    for name in ("one", "two"):
        desktop.write(f"~/{name}/index.html", f"<title>{name}</title>".encode())
    desktop.launch(["python3", "-m", "http.server", "8765", "--bind", "127.0.0.1"], cwd="/home/user")
    desktop.run(["sh", "-c", "until bash -c '</dev/tcp/127.0.0.1/8765' 2>/dev/null; do sleep 0.05; done"])
    for name in ("one", "two", "two"):
        _open(desktop, f"http://127.0.0.1:8765/{name}/")
        assert [window.title for window in desktop.windows()] == [f"{name} - Chromium"]
    desktop.perform(Hotkey(("ctrl", "w")))
    desktop.settle(20)
    assert [window.title for window in desktop.windows()] == ["two - Chromium"]
