"""The accessibility tree: as applications give it, as OSWorld's readers take it, and when something is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from ast import literal_eval
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from agentgym.backends.x11.accessibility import AccessibilityClient
from agentgym.errors import BackendError

if TYPE_CHECKING:
    from tests.backends.conftest import Display

SCREEN = (1280, 720)
_NAMESPACES = {
    name: f"https://accessibility.ubuntu.example.org/ns/{long}"
    for name, long in {"st": "state", "attr": "attributes", "cp": "component", "val": "value", "act": "action"}.items()
}
_CONFIG = "/usr/share/defaults/at-spi2/accessibility.conf"
_SYSTEM_PYTHON = "/usr/bin/python3"
_WALK = Path(__file__).parents[3] / "benchmarks" / "atspi_walk.py"
_SETTINGS = "[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n"


class Desk:
    """A display whose applications can be read, and a client that reads them."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self._buses = {name: display.home / name for name in ("DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS")}
        display.environment |= {name: f"unix:path={path}" for name, path in self._buses.items()}
        display.environment |= {"NO_AT_BRIDGE": "0", "GTK_MODULES": "gail:atk-bridge", "SAL_USE_VCLPLUGIN": "gtk3"}
        settings = display.home / ".config/gtk-3.0/settings.ini"
        settings.parent.mkdir(parents=True)
        settings.write_text(_SETTINGS)
        self.bus = [self._start_bus(name) for name in self._buses][-1]
        self.client = AccessibilityClient(self.connect)

    def connect(self) -> socket.socket:
        return _connected(self._buses["AT_SPI_BUS_ADDRESS"])

    def start(self, *argv: str, until: str) -> subprocess.Popen[bytes]:
        """Starts an application and returns when its tree has what is searched for."""
        process = self.display.start(argv)
        self.wait(lambda: bool(self.find(until)))
        self.display.rest()
        return process

    def tree(self) -> etree._Element:
        return etree.fromstring(self.client.tree(SCREEN))

    def find(self, path: str) -> list[Any]:
        found = self.tree().xpath(path, namespaces=_NAMESPACES)
        assert isinstance(found, list)
        return found

    def wait(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            self.display.rest()

    def pid_of(self, program: str) -> int:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment, name = (entry / "environ").read_bytes(), (entry / "comm").read_text()
            except OSError:
                continue
            if f"HOME={self.display.home}\0".encode() in environment and name.startswith(program[:15]):
                return int(entry.name)
        raise AssertionError(f"no {program} runs")

    def _start_bus(self, name: str) -> subprocess.Popen[bytes]:
        kind = "--session" if name.startswith("DBUS") else f"--config-file={_CONFIG}"
        address = f"--address=unix:path={self._buses[name]}"
        bus = self.display.start(["dbus-daemon", kind, address, "--nofork", "--nopidfile"])
        self.wait(lambda: _listens(self._buses[name]))
        return bus


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _listens(path: Path) -> bool:
    try:
        _connected(path).close()
    except OSError:
        return False
    return True


@pytest.fixture
def desk(desktop: Display) -> Iterator[Desk]:
    desk = Desk(desktop)
    yield desk
    desk.client.close()


_MOUSEPAD = ("mousepad",)
_MOUSEPAD_IS_THERE = "application[@name='mousepad']//text[@st:showing]"


def _walk(desk: Desk) -> dict[str, Any]:
    done = subprocess.run(
        [_SYSTEM_PYTHON, _WALK, "1"], env=desk.display.environment, capture_output=True, timeout=100, check=True
    )
    walked = json.loads(done.stdout)
    assert isinstance(walked, dict)
    return walked


def _has_gi() -> bool:
    try:
        subprocess.run([_SYSTEM_PYTHON, "-c", "import gi; gi.require_version('Atspi', '2.0')"], check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _flat(nodes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _flat(node["children"])


def _as_walked(element: etree._Element) -> dict[str, Any]:
    """What the walk says of an element, from our XML."""
    said: dict[str, Any] = {"role": element.tag.replace("-", " "), "name": element.get("name")}
    said["states"] = list(_in_namespace(element, "st"))
    if {"visible", "showing"} <= set(said["states"]):
        boxes = _in_namespace(element, "cp").values()
        actions = _in_namespace(element, "act")
        names = [name.removesuffix("_desc") for name in actions if name.endswith("_desc")]
        said |= {"extents": [number for box in boxes for number in literal_eval(box)], "text": element.text or ""}
        said |= {"attributes": _in_namespace(element, "attr"), "values": list(_in_namespace(element, "val").values())}
        said["actions"] = {name: [actions[f"{name}_desc"], actions[f"{name}_kb"]] for name in names}
    return said


def _in_namespace(element: etree._Element, prefix: str) -> dict[str, str]:
    start = f"{{{_NAMESPACES[prefix]}}}"
    return {str(name).removeprefix(start): str(value) for name, value in element.attrib.items() if start in str(name)}


def _as_read(node: dict[str, Any]) -> dict[str, Any]:
    """The walk's node in the form of `_as_walked`."""
    said = {"role": node["role"], "name": node["name"], "states": node["states"]}
    if {"visible", "showing"} <= set(node["states"]):
        said |= {"extents": node.get("extents", []), "text": node.get("text", "").replace("\ufffc", "")}
        said |= {"attributes": node["attributes"], "values": [str(value) for value in node.get("values", ())]}
        said["actions"] = {name.replace(" ", "-"): [what, key] for name, what, key in node.get("actions", ())}
    return said


@pytest.mark.desktop
@pytest.mark.skipif(not _has_gi(), reason="python3-gi and gir1.2-atspi-2.0 are not installed")
def test_tree_of_mousepad_is_what_a_gi_walk_finds(desk: Desk) -> None:
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    walked = [_as_read(node) for node in _flat(_walk(desk)["applications"])]
    assert [_as_walked(element) for element in desk.find("//*")[1:]] == walked
    assert len(walked) > 300


@pytest.mark.desktop
@pytest.mark.skipif(not _has_gi(), reason="python3-gi and gir1.2-atspi-2.0 are not installed")
def test_cells_of_a_list_are_what_a_gi_walk_finds(desk: Desk) -> None:
    desk.start("thunar", str(desk.display.home), until="//table-cell[@name='File System']")
    walked = [_as_read(node) for node in _flat(_walk(desk)["applications"]) if "showing" in node["states"]]
    assert [_as_walked(element) for element in desk.find("//*[@st:showing]")] == walked


@pytest.mark.desktop
def test_osworlds_reader_keeps_the_menus_with_their_places(desk: Desk) -> None:
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    # The conditions of `judge_node` of OSWorld's `heuristic_retrieve`.
    kept = [
        node
        for node in desk.find("//*[@st:showing='true'][@st:visible='true'][@st:enabled='true']")
        if node.tag.endswith(("item", "button", "label", "menu")) and node.get("name")
    ]
    menus = {
        node.get("name"): literal_eval(_in_namespace(node, "cp")["screencoord"]) for node in kept if node.tag == "menu"
    }
    assert list(menus) == ["File", "Edit", "Search", "View", "Document", "Help"]
    assert all(0 <= x < SCREEN[0] and 0 <= y < SCREEN[1] for x, y in menus.values())
    assert sorted(menus.values()) == list(menus.values())


@pytest.mark.desktop
def test_text_that_is_typed_is_in_the_tree(desk: Desk) -> None:
    note = desk.display.home / "note.txt"
    note.write_text('<b> & "quotes"\n\tПривет 你好 😀\n')
    desk.start("mousepad", str(note), until="//text[contains(., 'quotes')]")
    (text,) = desk.find("application[@name='mousepad']//text[@st:showing]")
    assert text.text == note.read_text()


@pytest.mark.desktop
def test_same_desktop_gives_the_same_tree(desk: Desk) -> None:
    desk.start("xfce4-terminal", "--disable-server", until="//terminal[@st:focused]")
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    trees = {desk.client.tree(SCREEN) for _ in range(5)}
    assert len(trees) == 1
    assert [node.get("name") for node in desk.tree()] == ["mousepad", "xfce4-terminal"]


@pytest.mark.desktop
def test_terminal_is_what_the_terminal_shows(desk: Desk) -> None:
    assert desk.client.focused_terminal() == ""
    script = "printf 'one\\ntwo é\\n'; exec sleep 1000"
    desk.start("xfce4-terminal", "--disable-server", "-x", "sh", "-c", script, until="//terminal[@st:focused]")
    desk.wait(lambda: desk.client.focused_terminal() == "one\ntwo é")


@pytest.mark.desktop
def test_hanging_application_is_there_without_children_and_comes_back(desk: Desk) -> None:
    desk.client.close()
    desk.client = AccessibilityClient(desk.connect, patience_s=2.0)
    mousepad = desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    desk.start("xfce4-terminal", "--disable-server", until="//terminal[@st:focused]")
    mousepad.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    stopped, terminal = desk.tree()
    assert time.monotonic() - started < 15.0
    assert (stopped.tag, stopped.get("name"), len(stopped)) == ("application", "mousepad", 0)
    assert terminal.xpath("boolean(.//terminal)")
    mousepad.send_signal(signal.SIGCONT)
    desk.wait(lambda: bool(desk.find(_MOUSEPAD_IS_THERE)))


@pytest.mark.desktop
def test_applications_that_die_while_they_are_read_are_left_out(desk: Desk) -> None:
    for delay in range(6):
        mousepad = desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
        killer = threading.Timer(delay * 0.002, mousepad.kill)
        killer.start()
        desk.client.tree(SCREEN)
        killer.join()
        mousepad.wait()
        desk.wait(lambda: len(desk.tree()) == 0)


@pytest.mark.desktop
def test_application_that_is_older_than_the_client_is_read(desk: Desk) -> None:
    desk.display.start(_MOUSEPAD)
    desk.display.rest(quiet_s=0.2)
    desk.wait(lambda: len(desk.find(_MOUSEPAD_IS_THERE)) == 1)


@pytest.mark.desktop
def test_new_registry_is_registered_with(desk: Desk) -> None:
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE).kill()
    os.kill(desk.pid_of("at-spi2-registr"), signal.SIGKILL)
    desk.wait(lambda: len(desk.tree()) == 0)
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)


@pytest.mark.desktop
def test_death_of_the_bus_is_a_backend_error(desk: Desk) -> None:
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    desk.bus.kill()
    desk.bus.wait()
    with pytest.raises(BackendError, match="accessibility bus") as caught:
        desk.client.tree(SCREEN)
    assert caught.value.kind == "machine"
    with pytest.raises(BackendError, match="cannot connect to the accessibility bus"):
        desk.client.focused_terminal()


@pytest.mark.desktop
def test_works_inside_a_running_event_loop_and_leaves_no_thread_and_no_descriptor(desk: Desk) -> None:
    desk.start(*_MOUSEPAD, until=_MOUSEPAD_IS_THERE)
    desk.client.close()
    descriptors, threads = set(os.listdir("/proc/self/fd")), threading.active_count()

    async def read() -> str:
        return desk.client.tree(SCREEN)

    assert "mousepad" in asyncio.run(read())
    desk.client.close()
    desk.client.close()
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert threading.active_count() == threads


@pytest.mark.desktop
@pytest.mark.slow
def test_visible_cells_of_a_spreadsheet_are_in_the_tree(desk: Desk) -> None:
    sheet = desk.display.home / "sheet.csv"
    sheet.write_text("\n".join(f"row {row},{row * row}" for row in range(2000)))
    calc = ("soffice", "--calc", "--norestore", "--nologo", "--infilter=CSV:44,34,76,1", str(sheet))
    desk.start(*calc, until="//table-cell[@name='B10']")
    cells = desk.find("//table-cell")
    assert {cell.get("name"): cell.text for cell in cells}["B10"] == "81"
    assert 100 < len(cells) < 1500
    boxes = [literal_eval(cell.get(f"{{{_NAMESPACES['cp']}}}screencoord")) for cell in cells]
    assert all(0 <= x < SCREEN[0] and 0 <= y < SCREEN[1] for x, y in boxes)
    assert len(set(boxes)) == len(boxes)
    # A start that went quickly has menus that are still told to be enabled when the cells are there.
    desk.wait(lambda: desk.client.tree(SCREEN) == desk.client.tree(SCREEN))
    (cell,) = desk.find("//table-cell[@name='B10']")
    x, y, width, height = _box(cell)
    desk.display.start(["xdotool", "mousemove", str(x + width // 2), str(y + height // 2), "click", "1"])
    desk.wait(lambda: bool(desk.find("//table-cell[@name='B10'][@st:focused]")))
    for pane in desk.find("//root-pane[@cp:size]"):
        assert _box(pane) == _box(pane.getparent())


def _box(element: Any) -> tuple[int, ...]:
    cp = _NAMESPACES["cp"]
    return (*literal_eval(element.get(f"{{{cp}}}screencoord")), *literal_eval(element.get(f"{{{cp}}}size")))


def test_other_end_that_refuses_us_is_a_backend_error() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"REJECTED EXTERNAL\r\nERROR\r\n")
        with pytest.raises(BackendError, match="refused us"):
            AccessibilityClient(lambda: ours).tree(SCREEN)
    assert ours.fileno() == -1


@pytest.mark.parametrize("last_words", [b"", b"DATA\r\n", b"DATA\r\nOK 1\r\n"])
def test_other_end_that_hangs_up_is_a_backend_error(last_words: bytes) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(last_words)
    theirs.shutdown(socket.SHUT_WR)
    with theirs, pytest.raises(BackendError, match="accessibility bus"):
        AccessibilityClient(lambda: ours).tree(SCREEN)


@pytest.mark.parametrize("last_words", [b"", b"DATA\r\nOK 1\r\n"])
def test_other_end_that_is_silent_is_a_backend_error(last_words: bytes) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(last_words)
    with theirs, pytest.raises(BackendError, match="does not answer"):
        AccessibilityClient(lambda: ours, patience_s=0.05).tree(SCREEN)


def test_other_end_that_sends_rubbish_is_a_backend_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"DATA\r\nOK 1\r\n")
    client = AccessibilityClient(lambda: ours)
    with theirs:
        speaker = threading.Thread(target=_answer, args=(theirs, b"rubbish" * 10))
        speaker.start()
        with pytest.raises(BackendError, match="begins with"):
            client.tree(SCREEN)
        speaker.join()


def _answer(connection: socket.socket, answer: bytes) -> None:
    """Sends an answer to the first call."""
    heard = b""
    while b"Hello" not in heard:
        heard += connection.recv(1000)
    connection.sendall(answer)
