"""The host backend drives the screen that its process finds, here an X display of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.backends.conftest import Display, EventLog

pytestmark = pytest.mark.desktop

_HOST = """
import sys
from agentgym.actions import *
from agentgym.backends.base import BackendOptions, backends
backend = backends["host"](BackendOptions())
for line in sys.stdin:
    try:
        answer = ("value", eval(line))
    except Exception as error:
        answer = (type(error).__name__, str(error))
    print(repr(answer), flush=True)
"""


class Host:
    """A host backend in a process of its own: pyautogui looks for the display once, when it is imported."""

    def __init__(self, display: Display) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOST],
            env=display.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, expression: str) -> tuple[str, Any]:
        """What the expression gives: ``("value", value)`` or the error's name and message."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(expression + "\n")
        self._process.stdin.flush()
        answer: tuple[str, Any] = eval(self._process.stdout.readline(), {"Completed": dict, "Window": dict})  # noqa: S307
        return answer

    def value(self, expression: str) -> Any:
        kind, value = self.ask(expression)
        assert kind == "value", value
        return value

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def host(display: Display) -> Iterator[Host]:
    host = Host(display)
    yield host
    host.close()


def test_pointer_and_keyboard_arrive(host: Host, event_log: EventLog) -> None:
    for action in (
        "Click(10, 20)",
        "DoubleClick(30, 40)",
        "RightClick(50, 60)",
        "Scroll(dy=-1, x=70, y=80)",
        "Batch((MoveTo(100, 100), MouseDown(), MoveTo(120, 120), MouseUp()))",
        "DragTo(200, 200)",
    ):
        host.value(f"backend.perform({action})")
    places = [(1, 10, 20), (1, 30, 40), (1, 30, 40), (3, 50, 60), (5, 70, 80), (1, 100, 100), (1, 120, 120)]
    assert event_log.pressed() == places
    assert event_log.pressed("button_release")[-2:] == [(1, 120, 120), (1, 200, 200)]


def test_all_of_ascii_is_typed(host: Host, event_log: EventLog) -> None:
    text = "".join(map(chr, range(0x20, 0x7F))) + "\tend\n"
    host.value(f"backend.perform(TypeText({text!r}))")
    assert event_log.text() == text


def test_keys_and_hotkeys_arrive(host: Host, event_log: EventLog) -> None:
    for action in ("Press('a', 2)", "KeyDown('ctrl')", "Press('b')", "KeyUp('ctrl')", "Hotkey(('alt', 'f4'))"):
        host.value(f"backend.perform({action})")
    event_log.read()
    assert [key for key in event_log.keys if key.keysym < 0xFFE0] == [(97, 0), (97, 0), (98, 4), (0xFFC1, 8)]


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("TypeText('caf\\xe9')", "no key for 'é'"),
        ("Press('f13')", "no key for 'f13'"),
        ("Press('volumeup')", "no key for 'volumeup'"),
        ("Click(5000, 1)", "1280 wide and 720 high"),
        ("Batch((TypeText('a'), Press('nokey')))", "no key for 'nokey'"),
    ],
)
def test_what_cannot_be_done_is_refused_undone(host: Host, event_log: EventLog, action: str, reason: str) -> None:
    kind, message = host.ask(f"backend.perform({action})")
    assert kind == "ActionError"
    assert reason in message
    assert event_log.text() == ""


def test_reset_releases_what_is_held(host: Host, event_log: EventLog) -> None:
    host.value("backend.perform(Batch((MoveTo(5, 5), MouseDown('right'), KeyDown('shift'), KeyDown('x'))))")
    host.value("backend.reset(seed=0)")
    host.value("backend.perform(Press('a'))")
    event_log.read()
    assert event_log.keys[-1] == (ord("a"), 0)
    assert event_log.pressed("button_release") == [(3, 5, 5)]


def test_screenshot_is_the_screen(host: Host, display: Display) -> None:
    assert host.value("backend.screen") == (1280, 720)
    shape = (
        "(lambda shot: (shot.shape, str(shot.dtype), int(shot.max())))(backend.observe(['screenshot'])['screenshot'])"
    )
    assert host.value(shape) == ((720, 1280, 3), "uint8", 0)
    display.start(["xterm", "-bg", "white"])
    display.rest()
    assert host.value(shape) == ((720, 1280, 3), "uint8", 255)


def test_other_observations_are_refused(host: Host) -> None:
    assert host.ask("backend.observe(['terminal'])")[0] == "UsageError"
    assert host.ask("backend.snapshot()")[0] == "UsageError"


def test_still_screen_settles_and_a_moving_one_does_not(
    host: Host, display: Display, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    assert host.value("backend.settle(20.0)") is True
    display.start(["xterm", "-e", "while :; do date +%N; sleep 0.01; done"])
    wait_until(lambda: host.value("backend.settle(1.0)") is False)


def test_commands_run_and_files_are_written_on_this_machine(host: Host, display: Display) -> None:
    home = display.home
    host.value("backend.write('~/a/b.txt', b'hello')")
    assert (home / "a" / "b.txt").read_bytes() == b"hello"
    assert host.value("backend.read('~/a/b.txt')") == b"hello"
    run = "(lambda done: (done.returncode, done.stdout, done.stderr))(backend.run({}))"
    shell = "['sh', '-c', 'cat; pwd; echo $X >&2; exit 3'], stdin=b'in ', cwd='~/a', env={'X': 'y'}"
    assert host.value(run.format(shell)) == (3, f"in {home}/a\n".encode(), b"y\n")
    assert host.ask("backend.read('~/none')")[0] == "FileNotFoundError"
    assert host.ask("backend.run(['no-such-program'])")[0] == "FileNotFoundError"
    assert host.ask("backend.launch(['no-such-program'])")[0] == "FileNotFoundError"


def test_command_that_hangs_is_killed_with_its_children(
    host: Host, display: Display, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    command = "['sh', '-c', 'sleep 1000 & echo $! > ~/child; wait']"
    assert host.ask(f"backend.run({command}, timeout_s=2)") == ("TimeoutError", "sh did not end within 2 s")
    child = int((display.home / "child").read_text())
    wait_until(lambda: not _alive(child))


def test_windows_are_listed_activated_and_closed(
    host: Host, desktop: Display, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    titles = "[window.title for window in backend.windows()]"
    host.value("backend.launch(['xterm', '-T', 'launched'])")
    wait_until(lambda: bool(host.value(titles) == ["launched"]))
    assert host.value("backend.activate_window('LAUNCH')") is True
    assert host.value("backend.activate_window('other')") is False
    assert host.value("backend.close_window('xterm.XTerm', strict=True, by_class=True)") is True
    wait_until(lambda: bool(host.value(titles) == []))


def test_pointer_in_a_corner_stops_the_agent(host: Host) -> None:
    host.value("backend.perform(MoveTo(0, 0))")
    kind, message = host.ask("backend.perform(Press('a'))")
    assert kind == "BackendError"
    assert "the user stopped the agent" in message


def test_dead_display_is_a_backend_error(host: Host, display: Display) -> None:
    host.value("backend.screen")
    display.kill_server()
    assert host.ask("backend.perform(Click(5, 5))")[0] == "BackendError"
    assert host.ask("backend.windows()")[0] == "BackendError"


def test_no_display_is_a_backend_error() -> None:
    code = "from agentgym.backends.host import HostBackend; HostBackend()"
    environment = {key: value for key, value in os.environ.items() if key != "DISPLAY"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "BackendError: no screen to drive: DISPLAY is None" in done.stderr


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
