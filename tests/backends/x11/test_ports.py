"""A port that something listens on inside a desktop is reached from outside, and nothing of that is left behind."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator

import pytest

from agentgym.backends.base import BackendOptions, ReachesPorts
from agentgym.backends.memory import MemoryBackend
from agentgym.backends.sandbox.ports import Ports
from agentgym.backends.x11.backend import X11Backend

pytestmark = pytest.mark.desktop

_AWAIT = "until bash -c '</dev/tcp/127.0.0.1/{}' 2>/dev/null; do sleep 0.02; done"


@pytest.fixture(scope="module")
def desktop() -> Iterator[X11Backend]:
    machine = X11Backend(screen=(640, 480), accessibility=False)
    yield machine
    machine.close()


def _serve(desktop: X11Backend, port: int, content: bytes) -> None:
    desktop.write("~/served/file", content)
    argv = ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", "served"]
    desktop.launch(argv)
    desktop.run(["sh", "-c", _AWAIT.format(port)])


def _fetched(desktop: X11Backend, port: int) -> bytes:
    host, outer = desktop.address_of(port)
    with urllib.request.urlopen(f"http://{host}:{outer}/file", timeout=30) as answer:
        return bytes(answer.read())


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "port" in thread.name]


def test_server_of_the_desktop_is_reached_and_no_other(desktop: X11Backend) -> None:
    desktop.reset(seed=0)
    content = bytes(range(256)) * 20_000
    _serve(desktop, 8000, content)
    assert [_fetched(desktop, 8000) for _ in range(3)] == [content] * 3
    assert desktop.address_of(8000) == desktop.address_of(8000) != desktop.address_of(8001)
    with pytest.raises(ConnectionResetError):
        _fetched(desktop, 8001)
    with socket.create_server(("127.0.0.1", 0)) as ours, pytest.raises(ConnectionResetError):
        # What listens outside is not what is meant.
        _fetched(desktop, ours.getsockname()[1])


def test_reset_cuts_what_was_open(desktop: X11Backend) -> None:
    desktop.reset(seed=0)
    _serve(desktop, 8000, b"first")
    before = desktop.address_of(8000)
    with socket.create_connection(before) as open_one:
        # Without the server at its other end it would be cut by itself.
        assert _fetched(desktop, 8000) == b"first"
        desktop.reset(seed=1)
        assert open_one.recv(1) == b""
    assert _threads() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(before).close()
    _serve(desktop, 8000, b"second")
    assert _fetched(desktop, 8000) == b"second"


def test_close_ends_every_thread_in_the_middle_of_a_transfer(desktop: X11Backend) -> None:
    desktop.reset(seed=0)
    _serve(desktop, 8000, bytes(50_000_000))
    with socket.create_connection(desktop.address_of(8000)) as reader:
        reader.sendall(b"GET /file HTTP/1.0\r\n\r\n")
        assert reader.recv(100)
        desktop.close()
        assert _threads() == []


def test_port_without_a_sandbox_is_that_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        machine = X11Backend(sandbox="none")
        assert machine.address_of(server.getsockname()[1]) == server.getsockname()
    assert X11Backend(network=True).address_of(80) == ("127.0.0.1", 80)


def test_machines_say_whether_they_have_ports() -> None:
    assert isinstance(X11Backend(), ReachesPorts)
    assert not isinstance(MemoryBackend(screen=BackendOptions().screen), ReachesPorts)


def test_end_of_one_direction_leaves_the_other_open() -> None:
    near, far = socket.socketpair()
    ports = Ports(lambda _: far)
    with near, socket.create_connection(ports.address_of(1)) as client:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert near.recv(100, socket.MSG_WAITALL) == b"question"
        near.sendall(b"answer")
        near.close()
        assert client.recv(100) == b"answer"
        assert client.recv(100) == b""
    ports.close()
    assert _threads() == []
