from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from agentgym.backends.miniwob.devtools import DevTools
from agentgym.errors import BackendError


class Peer:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def say(self, *messages: object) -> None:
        self.sock.sendall(b"".join(json.dumps(message).encode() + b"\0" for message in messages))


@pytest.fixture
def ends() -> Iterator[tuple[DevTools, Peer]]:
    ours, theirs = socket.socketpair()
    devtools = DevTools(ours)
    with theirs:
        yield devtools, Peer(theirs)
        devtools.close()


def test_the_answer_is_that_of_its_number(ends: tuple[DevTools, Peer]) -> None:
    devtools, peer = ends
    first, second = devtools.send("A"), devtools.send("B", of=1)
    peer.say({"id": first, "result": {"is": "a"}}, {"id": second, "result": {"is": "b"}})
    assert devtools.answer(second, 1.0) == {"is": "b"}
    asked = [json.loads(text) for text in peer.sock.recv(1000).split(b"\0")[:-1]]
    assert asked == [{"id": 1, "method": "A", "params": {}}, {"id": 2, "method": "B", "params": {"of": 1}}]


def test_an_event_that_came_before_the_answer_is_kept(ends: tuple[DevTools, Peer]) -> None:
    devtools, peer = ends
    number = devtools.send("A")
    peer.say({"method": "Loaded", "params": {"at": 3}}, {"id": number, "result": {}})
    assert devtools.answer(number, 1.0) == {}
    assert devtools.await_event("Loaded") == {"at": 3}
    peer.say({"method": "Loaded", "params": {"at": 4}})
    devtools.forget_events()
    assert devtools.await_event("Loaded") == {"at": 4}


def test_no_answer_in_time_is_none_and_of_a_call_an_error(ends: tuple[DevTools, Peer]) -> None:
    devtools, _ = ends
    assert devtools.answer(devtools.send("A"), 0.01) is None
    with pytest.raises(BackendError, match=r"did not answer 'B' within 0\.01 s"):
        devtools.call("B", patience_s=0.01)
    with pytest.raises(BackendError, match="told no 'Loaded'"):
        devtools.await_event("Loaded", patience_s=0.01)


def test_what_the_browser_refuses_is_an_error_of_the_application(ends: tuple[DevTools, Peer]) -> None:
    devtools, peer = ends
    peer.say({"id": 1, "error": {"code": -32601, "message": "'A' wasn't found"}})
    with pytest.raises(BackendError, match="the browser refused: 'A' wasn't found") as caught:
        devtools.call("A")
    assert caught.value.kind == "application"


def test_a_browser_that_is_gone_is_an_error(ends: tuple[DevTools, Peer]) -> None:
    devtools, peer = ends
    peer.sock.close()
    with pytest.raises(BackendError, match="the browser is gone"):
        devtools.await_event("Loaded")
    with pytest.raises(BackendError, match="the browser is gone"):
        devtools.call("A")
