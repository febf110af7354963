"""Ports of a machine's own loopback, carried to this process's."""

from __future__ import annotations

import os
import socket
import threading
import weakref
from collections.abc import Callable

from agentgym.errors import BackendError

__all__ = ["Ports"]

_LOOPBACK = "127.0.0.1"
_RECEIVE_AT_MOST = 1 << 16

# A forked child would keep a port open that its parent has let go of.
_open_ports: weakref.WeakSet[Ports] = weakref.WeakSet()

Dial = Callable[[int], socket.socket]
"""Connects to a port of the machine; raises OSError if nothing listens there."""


class Ports:
    """Listens here for what is to reach the machine, one port for each of its ports.

    Args:
        dial: called in threads of this object's.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._forwarded: dict[int, _Forwarded] = {}
        _open_ports.add(self)

    def address_of(self, port: int) -> tuple[str, int]:
        """Where a port of the machine is reached, as long as this is not closed; whether anything listens shows then.

        If nothing does, a connection is closed at once.
        """
        if port not in self._forwarded:
            self._forwarded[port] = _Forwarded(self._dial, port)
        return _LOOPBACK, self._forwarded[port].port

    def close(self) -> None:
        """Cuts all connections and ends their threads."""
        while self._forwarded:
            self._forwarded.popitem()[1].close()

    def forget(self) -> None:
        """Lets go of what another process goes on with."""
        while self._forwarded:
            self._forwarded.popitem()[1].forget()


class _Forwarded:
    """One port: a listener, and what came in through it."""

    def __init__(self, dial: Dial, port: int) -> None:
        self._dial, self._port = dial, port
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._closed = False
        self._sockets: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._start(self._accept)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for sock in (self._listener, *self._sockets):
                _cut(sock)
        # No other is started: whoever starts them is among them, and has nothing to accept any more.
        while threads := self._running():
            for thread in threads:
                thread.join()
        self._listener.close()

    def forget(self) -> None:
        for sock in (self._listener, *self._sockets):
            sock.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        def worked() -> None:
            try:
                work(*arguments)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        with self._lock:
            thread = threading.Thread(target=worked, name=f"agentgym-port-{self._port}", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _running(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._threads)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                # It was shut down.
                return
            self._start(self._carry, near)

    def _carry(self, near: socket.socket) -> None:
        with near:
            try:
                far = self._dial(self._port)
            except (OSError, BackendError):
                # Whoever connected is told by the end of the connection; a machine that broke says so elsewhere.
                return
            with far:
                with self._lock:
                    if self._closed:
                        return
                    self._sockets |= {near, far}
                back = threading.Thread(target=_pump, args=(far, near), name="agentgym-port-back", daemon=True)
                back.start()
                _pump(near, far)
                back.join()
                with self._lock:
                    self._sockets -= {near, far}


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Carries one direction to its end."""
    try:
        while content := source.recv(_RECEIVE_AT_MOST):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One end was cut: so is the other, in both directions.
        _cut(source)
        _cut(target)


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # It has ended by itself.
        return


def _forget_after_fork() -> None:
    for ports in list(_open_ports):
        ports.forget()


os.register_at_fork(after_in_child=_forget_after_fork)
