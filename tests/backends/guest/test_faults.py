"""What becomes of a guest's server that is slow, fails, babbles or hangs up."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from agentgym.backends.guest.backend import GuestBackend
from agentgym.backends.guest.endpoints import Timeouts
from agentgym.errors import BackendError, UsageError
from tests.backends.guest.server import Fault, GuestServer

pytestmark = pytest.mark.episodes

SCREEN = (1280, 720)
_SHORT = Timeouts(screenshot=2, file=2, upload=2, accessibility=2, terminal=2, command=2, margin=0.2)
_FAULTS: list[Fault] = ["500", "broken", "cut", "silent", "slow"]
_SOME_FAULTS: list[Fault] = ["500", "cut", "silent", "slow"]


def _opened(guest: GuestServer, timeouts: Timeouts | None = None) -> GuestBackend:
    backend = GuestBackend(guest.url, screen_size=SCREEN, require_terminal=True, timeouts=timeouts)
    backend.reset(seed=0)
    guest.stall_s = 60.0
    return backend


def _timeouts(fault: Fault) -> Timeouts | None:
    """Short ones where there is something to wait for; elsewhere they would only cut good answers."""
    return _SHORT if fault == "slow" else None


def _kind(fault: Fault) -> str:
    return "machine" if fault in ("500", "broken") else "network"


_LOOKS: list[tuple[str, Callable[[GuestBackend], object]]] = [
    ("/screenshot", lambda backend: backend.observe(["screenshot"])),
    ("/accessibility", lambda backend: backend.observe(["accessibility_tree"])),
    ("/terminal", lambda backend: backend.observe(["terminal"])),
]
# Every fault where there is an image, some where there is text.
_CASES = [(*_LOOKS[0], fault) for fault in _FAULTS] + [(*_LOOKS[1], "broken"), (*_LOOKS[1], "cut"), (*_LOOKS[2], "500")]


@pytest.mark.parametrize(("path", "look", "fault"), _CASES)
def test_a_look_is_taken_again(
    guest: GuestServer, path: str, look: Callable[[GuestBackend], object], fault: Fault
) -> None:
    backend = _opened(guest, _timeouts(fault))
    guest.faults[path] = [fault, fault]
    before = guest.count(path)
    look(backend)
    assert guest.count(path) - before == 3


@pytest.mark.parametrize(("path", "look", "fault"), _CASES)
def test_a_fault_that_stays_is_the_machines(
    guest: GuestServer, path: str, look: Callable[[GuestBackend], object], fault: Fault
) -> None:
    backend = _opened(guest, _timeouts(fault))
    guest.faults[path] = [fault] * 9
    with pytest.raises(BackendError, match=f"GET {guest.url}{path}: .*, tried 3 times") as caught:
        look(backend)
    assert caught.value.kind == _kind(fault)
    guest.faults.clear()
    backend.reset(seed=0)
    look(backend)


@pytest.mark.parametrize("fault", _SOME_FAULTS)
def test_files_are_read_and_written_again(guest: GuestServer, fault: Fault) -> None:
    backend = _opened(guest, _timeouts(fault))
    guest.faults = {"/file": [fault], "/setup/upload": [fault]}
    backend.write("~/file", b"content")
    assert backend.read("~/file") == b"content"
    assert (guest.count("/setup/upload"), guest.count("/file")) == (2, 2)


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_command_is_never_run_twice(guest: GuestServer, fault: Fault) -> None:
    backend = _opened(guest, _timeouts(fault))
    guest.faults["/execute"] = [fault]
    with pytest.raises(BackendError, match=f"POST {guest.url}/execute: ") as caught:
        backend.run(["true"])
    assert (guest.count("/execute"), caught.value.kind) == (1, _kind(fault))


@pytest.mark.parametrize("fault", _SOME_FAULTS)
def test_nothing_is_launched_twice(guest: GuestServer, fault: Fault) -> None:
    backend = _opened(guest, Timeouts(window=0.3) if fault == "slow" else None)
    guest.faults["/setup/launch"] = [fault]
    with pytest.raises(BackendError, match="/setup/launch") as caught:
        backend.launch(["true"])
    assert (guest.count("/setup/launch"), caught.value.kind) == (1, _kind(fault))


def test_a_command_that_hangs_is_ended_in_the_guest(guest: GuestServer) -> None:
    backend = _opened(guest)
    with pytest.raises(TimeoutError, match=r"sh did not end within 0\.3 s$"):
        backend.run(["sh", "-c", "sleep 1000 & sleep 1000"], timeout_s=0.3)


def test_no_command_is_given_more_than_the_server_gives(guest: GuestServer) -> None:
    backend = _opened(guest, Timeouts(command=0.3))
    with pytest.raises(TimeoutError, match="the most that OSWorld's server allows"):
        backend.run(["sleep", "1000"], timeout_s=1000)


def test_a_server_that_never_comes_is_a_fault_of_the_network() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    started = time.monotonic()
    with pytest.raises(BackendError, match=r"did not come within 0\.5 s: .*no connection") as caught:
        GuestBackend(f"http://127.0.0.1:{port}", boot_timeout=0.5).reset(seed=0)
    assert caught.value.kind == "network"
    assert time.monotonic() - started < 5


def test_a_guest_that_is_not_running_says_so(guest: GuestServer) -> None:
    backend = GuestBackend(guest.url, screen_size=SCREEN)
    for _ in range(2):
        with pytest.raises(BackendError, match="call reset"):
            backend.observe(["screenshot"])
        backend.reset(seed=0)
        backend.close()


@pytest.mark.parametrize("url", ["", "ftp://there", "there:5000"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="it must be http://host:port"):
        GuestBackend(url).reset(seed=0)


def test_arguments_that_cannot_work() -> None:
    with pytest.raises(UsageError, match="needs the url of its server, or a provider"):
        GuestBackend()
    with pytest.raises(UsageError, match="os_type is 'BeOS'"):
        GuestBackend("http://there", os_type="BeOS")
    with pytest.raises(UsageError, match="no guest provider named 'dokcer'; did you mean 'docker'"):
        GuestBackend(provider="dokcer")
