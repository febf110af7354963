"""The life of a private desktop: what it starts, what it answers, what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.actions import Press, TypeText
from agentgym.backends.sandbox.machine import Machine
from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import BackendError
from tests.backends.conftest import Display

pytestmark = pytest.mark.desktop

_OWNER = """
import sys
from agentgym.actions import Press, TypeText
from agentgym.backends.x11.backend import X11Backend
backend = X11Backend(sandbox=sys.argv[1])
backend.reset(seed=0)
backend.launch(["mousepad"])
backend.run(["sh", "-c", "setsid sleep 1000 & (sleep 1000 &) &"])
backend.settle(20.0)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def running() -> Iterator[X11Backend]:
    backend = X11Backend()
    yield backend
    backend.close()


@pytest.fixture
def backend(running: X11Backend) -> X11Backend:
    running.reset(seed=0)
    return running


def _wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, thread.read_text().split()):
            found |= {child} | _descendants(child)
    return found


def _runs(pid: int) -> bool:
    """A process that has ended but that the machine's first process has not collected yet is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _traces() -> set[str]:
    """Everything a desktop could leave in shared places."""
    folders = [Path("/tmp"), Path("/tmp/.X11-unix"), Path("/dev/shm"), Path("/run/user")]
    # Not by their names alone: a display's number is taken again by the next.
    return {f"{entry} {entry.lstat().st_ino}" for folder in folders if folder.is_dir() for entry in folder.iterdir()}


@pytest.mark.parametrize("sandbox", ["bwrap", "none"])
def test_sigkill_of_the_owner_leaves_nothing_within_two_seconds(sandbox: str) -> None:
    before = _traces()
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, sandbox], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdin is not None
    assert owner.stdout is not None
    with owner.stdin, owner.stdout:
        assert owner.stdout.readline() == "ready\n"
        family = _descendants(owner.pid)
        assert len(family) > 6
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert _wait_until(lambda: not any(map(_runs, family)), 2.0)
    assert not {trace for trace in _traces() - before if "agentgym" in trace or "X11" in trace or ".X" in trace}


def test_twenty_desktops_leave_no_descriptor_and_no_thread() -> None:
    def open_and_close() -> None:
        backend = X11Backend()
        backend.reset(seed=0)
        backend.observe(["screenshot"])
        backend.close()

    open_and_close()
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(20):
        open_and_close()
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert threading.active_count() == threads


def test_desktop_outlives_the_thread_that_started_it() -> None:
    backend = X11Backend()
    starter = threading.Thread(target=backend.reset, kwargs={"seed": 0})
    starter.start()
    starter.join()
    try:
        assert backend.run(["echo", "alive"]).stdout == b"alive\n"
    finally:
        backend.close()


def test_desktop_ends_although_a_forked_child_lives_on() -> None:
    backend = X11Backend()
    backend.reset(seed=0)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    started = time.monotonic()
    backend.close()
    assert time.monotonic() - started < 4.5
    os.close(writer)
    os.close(reader)
    os.waitpid(child, 0)


def test_two_desktops_do_not_see_each_other(backend: X11Backend) -> None:
    other = X11Backend()
    other.reset(seed=0)
    try:
        other.write("~/mark", b"other")
        with pytest.raises(FileNotFoundError):
            backend.read("~/mark")
        other.launch(["xterm"])
        other.settle(20.0)
        assert [window.app_class for window in other.windows()] == ["xterm.XTerm"]
        assert not backend.windows()
    finally:
        other.close()


def test_run_gives_status_output_and_errors(backend: X11Backend) -> None:
    done = backend.run(["sh", "-c", "cat; echo wrong >&2; exit 3"], stdin="né".encode())
    assert (done.returncode, done.stdout, done.stderr) == (3, "né".encode(), b"wrong\n")


def test_run_past_its_time_is_killed_with_its_children(backend: X11Backend) -> None:
    before = backend.processes()
    with pytest.raises(TimeoutError, match="did not end within"):
        backend.run(["sh", "-c", "sleep 100 & setsid sleep 100 & sleep 100"], timeout_s=0.3)
    assert _wait_until(lambda: backend.processes() == before, 20.0)


def test_run_does_not_wait_for_a_daemon_that_keeps_its_output_open(backend: X11Backend) -> None:
    assert backend.run(["sh", "-c", "sleep 100 & echo started"], timeout_s=5).stdout == b"started\n"


def test_missing_program_is_file_not_found(backend: X11Backend) -> None:
    for start in (backend.run, backend.launch):
        with pytest.raises(FileNotFoundError, match="no-such-program"):
            start(["no-such-program"])


def test_files_are_written_with_their_folders_and_read_back(backend: X11Backend) -> None:
    backend.write("~/a/b/c.txt", b"\0\xff")
    assert backend.read("/home/user/a/b/c.txt") == b"\0\xff"
    with pytest.raises(FileNotFoundError):
        backend.read("~/a/none.txt")


def test_reset_empties_home_tmp_clipboard_and_processes(backend: X11Backend) -> None:
    servers = backend.processes()
    home = backend.run(["find", "/home/user", "-printf", "%P %m %s %T@\n"]).stdout
    litter = "chmod 0 ~/.config; mkdir -p ~/x/y /tmp/z /dev/shm/q; touch ~/.hidden /var/tmp/v; chmod 0 ~/x"
    script = f"{litter}; echo secret | xclip -sel c"
    backend.run(["sh", "-c", script], timeout_s=5)
    backend.launch(["xterm"])
    backend.settle(20.0)
    backend.reset(seed=1)
    left = backend.run(["find", "/tmp", "/var/tmp", "/dev/shm", "-mindepth", "1"]).stdout.decode().split()
    assert [path for path in left if "X11-unix" not in path and ".X0-lock" not in path] == []
    assert backend.run(["find", "/home/user", "-printf", "%P %m %s %T@\n"]).stdout.split()[4:] == home.split()[4:]
    assert backend.run(["xclip", "-o", "-sel", "c"], timeout_s=5).returncode != 0
    assert backend.processes() == servers
    assert not backend.windows()


def test_death_of_the_x_server_is_named_and_reset_recovers(backend: X11Backend) -> None:
    backend.run(["pkill", "-KILL", "Xvfb"])
    with pytest.raises(BackendError, match="X server died"):
        backend.settle(10.0)
    backend.reset(seed=0)
    assert backend.observe(["screenshot"])["screenshot"].shape == (720, 1280, 3)


def test_end_of_the_x_server_while_the_desktop_is_waited_for_is_a_machine_fault(backend: X11Backend) -> None:
    """It takes what it draws in away, which a timer that fires has looked at."""
    backend.launch(["python3", "-c", "import select\nwhile True: select.select([], [], [], 0.3)"])
    backend.launch(["sh", "-c", "sleep 0.25; kill $(pgrep Xvfb); exec sleep 9"])
    with pytest.raises(BackendError, match=r"X server|servers need"):
        backend.settle(10.0)
    backend.reset(seed=0)
    assert backend.observe(["screenshot"])["screenshot"].shape == (720, 1280, 3)


@pytest.mark.parametrize("look", ["perform", "observe"])
def test_death_of_the_x_server_is_seen_by_whatever_comes_next(backend: X11Backend, look: str) -> None:
    backend.run(["pkill", "-KILL", "Xvfb"])
    with pytest.raises(BackendError):
        backend.perform(Press("a")) if look == "perform" else backend.observe(["screenshot"])
    backend.reset(seed=0)
    assert backend.observe(["screenshot"])["screenshot"].shape == (720, 1280, 3)
    backend.run(["pkill", "-KILL", "Xvfb"])
    with pytest.raises(BackendError):
        backend.perform(Press("a"))
    backend.close()


def test_closed_desktop_without_a_sandbox_takes_its_socket_with_it() -> None:
    backend = X11Backend(sandbox="none", accessibility=False)
    backend.reset(seed=0)
    display = backend.run(["sh", "-c", "echo $DISPLAY"]).stdout.decode().strip().removeprefix(":")
    socket = Path(f"/tmp/.X11-unix/X{display}")
    assert socket.exists()
    backend.close()
    assert not socket.exists()
    assert not Path(f"/tmp/.X{display}-lock").exists()


def test_desktops_without_a_sandbox_leave_each_other_and_the_machines_displays_alone(display: Display) -> None:
    others = [X11Backend(sandbox="none", accessibility=False) for _ in range(2)]
    for backend in others:
        backend.reset(seed=0)
    displays = [backend.run(["sh", "-c", "echo $DISPLAY"]).stdout.decode().strip() for backend in others]
    assert len({display.name, *displays}) == 3
    display.connect().disconnect()
    for backend in others:
        backend.settle(20.0)
        backend.close()


def test_typing_into_an_application_that_hangs_is_waited_for_once(backend: X11Backend) -> None:
    backend.launch(["mousepad"])
    assert backend.settle(10.0)
    backend.run(["pkill", "-STOP", "mousepad"])
    started = time.monotonic()
    backend.perform(TypeText("a line\n" * 500))
    assert time.monotonic() - started < 20.0


@pytest.mark.parametrize(
    "make",
    ["mkfifo", "ln -s /dev/zero", "truncate -s 1G", "mkdir"],
)
def test_what_is_no_file_to_read_is_told_at_once(backend: X11Backend, make: str) -> None:
    backend.run(["sh", "-c", f"{make} /home/user/odd"])
    with pytest.raises(OSError, match="odd"):
        backend.read("~/odd")


def test_crash_of_an_application_is_named_and_reset_recovers(backend: X11Backend) -> None:
    backend.launch(["mousepad"])
    assert backend.settle(10.0)
    backend.run(["pkill", "-SEGV", "mousepad"])
    with pytest.raises(BackendError, match="mousepad died of SIGSEGV") as caught:
        backend.settle(10.0)
    assert caught.value.kind == "application"
    backend.reset(seed=0)
    assert backend.settle(10.0)


def test_application_that_quits_by_itself_is_no_fault(backend: X11Backend) -> None:
    backend.launch(["sh", "-c", "exit 1"])
    assert backend.settle(10.0)


@pytest.mark.parametrize("hang", ["STOP", "loop"])
def test_hanging_application_leaves_the_desktop_unsettled(backend: X11Backend, hang: str) -> None:
    if hang == "loop":
        backend.launch(["sh", "-c", "while :; do :; done"])
    else:
        backend.launch(["mousepad"])
        assert backend.settle(10.0)
        backend.run(["pkill", "-STOP", "mousepad"])
    started = time.monotonic()
    assert not backend.settle(0.3)
    assert time.monotonic() - started < 5.0


def test_use_after_close_says_to_reset() -> None:
    backend = X11Backend()
    with pytest.raises(BackendError, match="call reset"):
        backend.settle(1.0)


def test_files_that_are_laid_do_not_show_the_time_of_day(running: X11Backend) -> None:
    running.reset(seed=0)
    running.write("~/Documents/new/note.txt", b"note")
    places = ["~/Documents/new/note.txt", "~/Documents/new", "~/Documents", "~"]
    seen = running.run(["sh", "-c", f"stat -c %y {' '.join(places)}"]).stdout.decode().splitlines()
    assert seen == ["2024-01-01 00:00:00.000000000 +0000"] * len(places)


def test_first_reset_gives_the_home_that_every_other_gives() -> None:
    backend = X11Backend()
    try:
        homes = []
        for _ in range(2):
            backend.reset(seed=0)
            homes.append(backend.run(["find", "/home/user", "-printf", "%P %s %m\n"]).stdout)
        assert homes[0] == homes[1]
    finally:
        backend.close()


def test_program_is_starting_until_the_desktop_has_come_to_rest_once(
    backend: X11Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    ask = Machine.settle

    def settle(machine: Machine, **given: Any) -> bool:
        asked.append(given["starting"])
        return ask(machine, **given)

    monkeypatch.setattr(Machine, "settle", settle)
    backend.launch(["sh", "-c", "while [ ! -e ~/enough ]; do :; done"])
    assert not backend.settle(0.05)
    backend.write("~/enough", b"")
    assert backend.settle(10.0)
    assert backend.settle(10.0)
    assert asked == [True, True, False]
