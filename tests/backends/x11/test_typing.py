"""Text that is typed into real applications is what they save."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentgym.actions import Action, Batch, Hotkey, Press, TypeText
from agentgym.backends.x11.input import InputDriver
from agentgym.backends.x11.windows import list_windows
from agentgym.cli.requirements import what_is_lacking

if TYPE_CHECKING:
    from tests.backends.conftest import Display

pytestmark = pytest.mark.desktop

WaitUntil = Callable[[Callable[[], bool]], None]

TEXTS = [
    "".join(map(chr, range(0x20, 0x7F))),
    'for (i = 0; i < 10 && a[i] > ~b; i++) { print("#$%^*_|\\\\`?!@"); }',
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ ÀÉÎÕÜ ßẞ Łł Ššž €£ – “quoted” …",
    "Привет, мир! Ωω שלום مرحبا 日本語テキスト 한국어",
    "".join(random.Random(0).sample([chr(code) for code in range(0x4E00, 0x9FA0)], 200)),
    "😀🎉👍🏽 a👩‍👩‍👧b 🇩🇪 𝒜𝔅 𐍈 ok",
    "three\nlines of 1\nfew words 😀\n\nand a fifth",
]


@pytest.fixture
def connection(desktop: Display) -> Iterator[Any]:
    connection = desktop.connect()
    yield connection
    connection.disconnect()


@pytest.fixture
def perform(desktop: Display, connection: Any) -> Callable[[Action], None]:
    """Does an action and waits for the applications."""
    driver = InputDriver(connection, screen=(1280, 720), drain=lambda: desktop.rest(0.006))
    driver.reset()

    def act(action: Action) -> None:
        driver.perform(action)
        desktop.rest()

    return act


@pytest.fixture
def wait_for_window(desktop: Display, connection: Any, wait_until: WaitUntil) -> Callable[[str], None]:
    def wait(title: str) -> None:
        wait_until(lambda: any(title in window.title and window.active for window in list_windows(connection)))
        desktop.rest(0.1)

    return wait


def test_mousepad_saves_what_was_typed(
    desktop: Display,
    perform: Callable[[Action], None],
    wait_for_window: Callable[[str], None],
    wait_until: WaitUntil,
) -> None:
    saved = desktop.home / "note.txt"
    saved.touch()
    desktop.start(["mousepad", str(saved)])
    wait_for_window("note.txt")
    for text in TEXTS:
        perform(Batch((Hotkey(("ctrl", "a")), Press("delete"), TypeText(text), Hotkey(("ctrl", "s")))))
        wait_until(_holds(saved, text))


def test_xterm_passes_on_what_was_typed(
    desktop: Display,
    perform: Callable[[Action], None],
    wait_for_window: Callable[[str], None],
    wait_until: WaitUntil,
) -> None:
    got = desktop.home / "got.txt"
    desktop.start(["xterm", "-u8", "-T", "typed", "-e", f"cat > {got}"])
    wait_for_window("typed")
    wait_until(got.exists)
    for text in TEXTS:
        perform(Batch((TypeText(text), Press("enter"))))
    wait_until(lambda: got.read_text() == "\n".join([*TEXTS, ""]))


@pytest.mark.slow
def test_writer_saves_what_was_typed(
    desktop: Display,
    perform: Callable[[Action], None],
    wait_for_window: Callable[[str], None],
    wait_until: WaitUntil,
) -> None:
    _configure_writer(desktop.home)
    saved = desktop.home / "note.txt"
    saved.write_text("x")
    options = ["--norestore", "--nologo", "--nolockcheck", f"-env:UserInstallation=file://{desktop.home}/office"]
    desktop.start(["soffice", *options, "--writer", str(saved)], env={"SAL_USE_VCLPLUGIN": "gtk3"})
    wait_for_window("note.txt")
    for text in TEXTS:
        perform(Batch((Hotkey(("ctrl", "a")), Press("delete"), TypeText(text), Hotkey(("ctrl", "s")))))
        wait_until(_holds(saved, text))


@pytest.mark.slow
@pytest.mark.skipif(what_is_lacking(["chromium"]) is not None, reason=str(what_is_lacking(["chromium"])))
def test_text_field_in_chromium_holds_what_was_typed(
    desktop: Display,
    perform: Callable[[Action], None],
    wait_for_window: Callable[[str], None],
    wait_until: WaitUntil,
) -> None:
    with _TextField() as field:
        # Everything runs as whoever runs the tests, which in containers is root.
        options = ["--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"]
        desktop.start(["chromium", *options, f"--app={field.address}"])
        wait_for_window("text field")
        wait_until(lambda: field.focused)
        for text in TEXTS:
            perform(Batch((Hotkey(("ctrl", "a")), Press("delete"), TypeText(text))))
            wait_until(partial(field.holds, text))


def _holds(path: Path, text: str) -> Callable[[], bool]:
    """Whether a file holds the text, but for what editors add at its ends."""
    return lambda: path.read_text().strip("\ufeff\n") == text


class _TextField:
    """A web page with a text field that tells this process its value."""

    _PAGE = """<!doctype html><meta charset=utf-8><title>text field</title>
    <textarea style="width:95%;height:600px" spellcheck=false></textarea><script>
    const field = document.querySelector("textarea");
    let sent = Promise.resolve();
    const tell = () => { sent = sent.then(() =>
        fetch("/", {method: "POST", body: JSON.stringify([document.hasFocus(), field.value])})) };
    field.oninput = onfocus = tell;
    field.focus(); tell();
    </script>"""

    def __init__(self) -> None:
        self.focused = False
        self.value = ""
        field = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(field._PAGE.encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                field.focused, field.value = json.loads(body)
                self._answer(b"")

            def log_message(self, *_: object) -> None:
                """Says nothing."""

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = HTTPServer(("127.0.0.1", 0), Page)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def holds(self, text: str) -> bool:
        return self.value == text

    def __enter__(self) -> _TextField:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _configure_writer(home: Path) -> None:
    """No correction while typing, no questions, no tips, no blinking cursor."""
    settings = home / "office" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    values = {
        "/org.openoffice.Office.Writer/AutoFunction/Format/ByInput": ("Enable", "false"),
        "/org.openoffice.Office.Writer/AutoFunction/Completion": ("Enable", "false"),
        "/org.openoffice.Setup/Office": ("ooSetupInstCompleted", "true"),
        "/org.openoffice.Office.Common/Misc": ("ShowTipOfTheDay", "false"),
        "/org.openoffice.Office.Common/Save/Document": ("WarnAlienFormat", "false"),
        "/org.openoffice.Office.Linguistic/SpellChecking": ("IsSpellAuto", "false"),
    }
    items = [
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, (name, value) in values.items()
    ]
    header = '<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
    settings.write_text(f"{header}{''.join(items)}</oor:items>")
    toolkit = home / ".config" / "gtk-3.0" / "settings.ini"
    toolkit.parent.mkdir(parents=True)
    toolkit.write_text("[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n")
