"""A private X display for the tests of input, windows and the host backend."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
import xcffib
import xcffib.xproto

SCREEN = (1280, 720)


class Key(NamedTuple):
    """A key press as an application sees it: the keysym by the map of the moment, and which modifiers were down."""

    keysym: int
    state: int


class Event(NamedTuple):
    """One input event as it arrived; ``detail`` is a keycode or button, the place is on the screen."""

    kind: str
    detail: int
    state: int
    x: int
    y: int
    time_ms: int


class EventLog:
    """A window over the whole screen that keeps what it receives, as a plain Xlib application would."""

    def __init__(self, display: Display) -> None:
        self._connection = display.connect()
        self.events: list[Event] = []
        self.keys: list[Key] = []
        self._map: list[tuple[int, ...]] = []
        self._open_window()

    def read(self) -> None:
        """Takes up everything that the server has sent, translating keys by the map as it is now."""
        self._connection.core.GetInputFocus().reply()
        while (event := self._connection.poll_for_event()) is not None:
            self._take(event)

    def text(self) -> str:
        """What was typed, if no modifier but Shift was down."""
        self.read()
        return "".join(_character(key.keysym) for key in self.keys if key.keysym not in range(0xFFE1, 0xFFEF))

    def pressed(self, kind: str = "button_press") -> list[tuple[int, int, int]]:
        """Button and place of the events of a kind."""
        self.read()
        return [(event.detail, event.x, event.y) for event in self.events if event.kind == kind]

    def pointer(self) -> tuple[int, int]:
        place = self._connection.core.QueryPointer(self._connection.get_setup().roots[0].root).reply()
        return place.root_x, place.root_y

    def clear(self) -> None:
        self.read()
        self.events.clear()
        self.keys.clear()

    def close(self) -> None:
        self._connection.disconnect()

    def _open_window(self) -> None:
        core, masks = self._connection.core, xcffib.xproto.EventMask
        screen = self._connection.get_setup().roots[0]
        wanted = (
            masks.KeyPress | masks.KeyRelease | masks.ButtonPress | masks.ButtonRelease | masks.PointerMotion
        ) | masks.StructureNotify
        window = self._connection.generate_id()
        values = [1, wanted]
        attributes = xcffib.xproto.CW.OverrideRedirect | xcffib.xproto.CW.EventMask
        core.CreateWindow(24, window, screen.root, 0, 0, *SCREEN, 0, 1, screen.root_visual, attributes, values)
        core.MapWindow(window)
        core.SetInputFocus(xcffib.xproto.InputFocus.PointerRoot, window, 0)
        self.read()
        self.clear()

    def _take(self, event: Any) -> None:
        name = {2: "key_press", 3: "key_release", 4: "button_press", 5: "button_release", 6: "motion"}.get(
            event.response_type & 0x7F
        )
        if event.response_type & 0x7F == 34:
            self._map = []
        if name is None:
            return
        self.events.append(Event(name, event.detail, event.state, event.root_x, event.root_y, event.time))
        if name == "key_press":
            self.keys.append(Key(self._translate(event.detail, event.state), event.state))

    def _translate(self, keycode: int, state: int) -> int:
        """The keysym by the rules of the core protocol, groups and Num Lock aside."""
        if not self._map:
            reply = self._connection.core.GetKeyboardMapping(8, 248).reply()
            width = reply.keysyms_per_keycode
            keysyms = list(reply.keysyms)
            self._map = [tuple(keysyms[i : i + width]) for i in range(0, len(keysyms), width)]
        first, second = self._map[keycode - 8][:2]
        shift, lock = bool(state & 1), bool(state & 2)
        if lock and first in range(ord("a"), ord("z") + 1):
            shift = not shift
        return second if shift and second else first


def _character(keysym: int) -> str:
    special = {0xFF0D: "\n", 0xFF09: "\t", 0xFF08: "\b"}
    if keysym in special:
        return special[keysym]
    if keysym >= 0x01000000:
        return chr(keysym - 0x01000000)
    return chr(keysym) if keysym < 0x100 else f"<{keysym:#x}>"


class Display:
    """An X server of one's own, with a home for the applications that are started on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "LANG": "C.UTF-8",
            "GTK_USE_PORTAL": "0",
            "NO_AT_BRIDGE": "1",
        }
        self.name = self._start_server()
        self.environment["DISPLAY"] = self.name

    def connect(self) -> Any:
        """A connection that is the caller's to close."""
        return cast("Any", xcffib).connect(self.name)

    def start(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Starts an application, which is killed when the display is closed."""
        with open(self.home / "applications.log", "ab") as log:
            process = subprocess.Popen(
                argv,
                env={**self.environment, **(env or {})},
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def rest(self, quiet_s: float = 0.02, timeout_s: float = 30.0) -> None:
        """Returns when no process of the display runs any more."""
        deadline = time.monotonic() + timeout_s
        pids = self._pids()
        before, quiet_since = _ran(pids), time.monotonic()
        while time.monotonic() - quiet_since < quiet_s:
            assert time.monotonic() < deadline, "the display did not come to rest"
            select.select([], [], [], 0.001)
            now = _ran(pids)
            if now != before or None in now.values():
                pids = self._pids()
                before, quiet_since = _ran(pids), time.monotonic()

    def kill_server(self) -> None:
        self._processes[0].kill()
        self._processes[0].wait()

    def close(self) -> None:
        for pid in self._pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for process in self._processes:
            process.wait()

    def _start_server(self) -> str:
        reader, writer = os.pipe()
        width, height = SCREEN
        argv = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-extension", "GLX"]
        with open(self.home / "server.log", "wb") as log:
            server = subprocess.Popen(
                [*argv, "-nolisten", "tcp", "-noreset"],
                env=self.environment,
                pass_fds=[writer],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(server)
        os.close(writer)
        with open(reader, "rb") as announced:
            ready, _, _ = select.select([announced], [], [], 30)
            number = announced.readline().decode().strip() if ready else ""
        assert number, (self.home / "server.log").read_text()
        return f":{number}"

    def _pids(self) -> set[int]:
        """Every process with this home, whoever started it."""
        mark = f"HOME={self.home}\0".encode()
        pids = set()
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if mark in Path(f"/proc/{entry}/environ").read_bytes():
                        pids.add(int(entry))
                except OSError:
                    continue
        return pids


def _ran(pids: set[int]) -> dict[str, bytes | None]:
    """How long each thread has run so far; None for one that runs or is ready to."""
    ran: dict[str, bytes | None] = {}
    for pid in pids:
        try:
            tasks = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for tid in tasks:
            task = Path(f"/proc/{pid}/task/{tid}")
            try:
                asleep = b") S " in (task / "stat").read_bytes()
                ran[tid] = (task / "schedstat").read_bytes() if asleep else None
            except OSError:
                continue
    return ran


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits for a condition; fails after half a minute."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            select.select([], [], [], 0.005)

    return wait


@pytest.fixture
def make_display() -> Iterator[Callable[[], Display]]:
    """Starts X servers without a window manager, each with a home of its own."""
    with ExitStack() as stack:

        def make() -> Display:
            # Not below pytest's own folders: applications put sockets there, whose paths may have 107 characters.
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="home-", ignore_cleanup_errors=True))
            display = Display(Path(home))
            stack.callback(display.close)
            return display

        yield make


@pytest.fixture
def display(make_display: Callable[[], Display]) -> Display:
    """An X server without a window manager."""
    return make_display()


@pytest.fixture
def desktop(display: Display) -> Display:
    """An X server with a window manager."""
    display.start(["openbox", "--sm-disable"])
    display.rest()
    return display


@pytest.fixture
def open_log() -> Iterator[Callable[[Display], EventLog]]:
    """Opens fresh windows; one at a time on each display, the last one on top."""
    logs: dict[str, EventLog] = {}

    def open_one(display: Display) -> EventLog:
        if display.name in logs:
            logs[display.name].close()
        logs[display.name] = EventLog(display)
        return logs[display.name]

    yield open_one
    for log in logs.values():
        log.close()


@pytest.fixture
def event_log(display: Display, open_log: Callable[[Display], EventLog]) -> EventLog:
    """What arrives at the only window of the display."""
    return open_log(display)
