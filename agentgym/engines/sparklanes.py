"""What goes on between this process and Spark: one job for each worker, and a port where the workers report."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from queue import SimpleQueue
from typing import Any

from agentgym.engines.sparkcluster import load
from agentgym.engines.sparkworker import INDEX, send_at_once

__all__ = ["Arrived", "Broken", "Ended", "Inbox", "Lane", "Port"]

_HANDSHAKE_S = 10
_LONGEST_HANDSHAKE = 256
_ENOUGH = 3


@dataclass(frozen=True, eq=False)
class Arrived:
    """A worker that has reported, and can be told items."""

    lane: int
    connection: Connection

    def tell(self, index: int, item: bytes) -> None:
        self.connection.send_bytes(INDEX.pack(index) + item)


@dataclass(frozen=True)
class Ended:
    """The job of a lane is over, and its worker with it."""

    lane: int


@dataclass(frozen=True)
class Broken:
    """No worker begins in a lane."""

    lane: int
    error: Exception | None


Event = Arrived | Ended | Broken


class Inbox:
    """What other threads tell; can be waited for like a file."""

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._reads, self._writes = os.pipe()

    def fileno(self) -> int:
        return self._reads

    def put(self, event: Event) -> None:
        self._events.put(event)
        os.write(self._writes, b"!")

    def take(self) -> Event:
        """The next; there is one for each time that this can be read."""
        os.read(self._reads, 1)
        return self._events.get()

    def latecomers(self) -> list[Arrived]:
        """Who has arrived where nobody looks any more."""
        events = [self._events.get() for _ in range(self._events.qsize())]
        return [event for event in events if isinstance(event, Arrived)]

    def close(self) -> None:
        os.close(self._reads)
        os.close(self._writes)


class Port:
    """Where workers report, who prove by a key that they are ours, with the number of their lane."""

    def __init__(self, bind: str, arrived: Callable[[int, Connection], None]) -> None:
        self.key = secrets.token_bytes(32)
        self._server = socket.create_server((bind, 0))
        self._arrived = arrived
        self._thread = threading.Thread(target=self._accept, name="agentgym-port", daemon=True)
        self._thread.start()

    @property
    def number(self) -> int:
        number: int = self._server.getsockname()[1]
        return number

    def close(self) -> None:
        # A close alone does not end an accept that waits.
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            self._greet(caller)

    def _greet(self, caller: socket.socket) -> None:
        connection = Connection(caller.detach())
        _give_time(connection, _HANDSHAKE_S)
        try:
            deliver_challenge(connection, self.key)
            answer_challenge(connection, self.key)
            (lane,) = INDEX.unpack(connection.recv_bytes(_LONGEST_HANDSHAKE))
            send_at_once(connection)
            _give_time(connection, 0)
        except (AuthenticationError, EOFError, OSError, struct.error):
            # Not one of ours, or lost already, of which its job tells.
            connection.close()
            return
        self._arrived(lane, connection)


class Lane:
    """Has Spark run one worker: a job with one task, and another when that is over, until it is closed."""

    def __init__(self, context: Any, task: Callable[[int], None], number: int, inbox: Inbox) -> None:
        self.greeted = False
        self._context = context
        self._task = task
        self._number = number
        self._inbox = inbox
        self._group = f"agentgym-{uuid.uuid4().hex}"
        self._closing = threading.Event()
        # Java has a thread of its own for each of these, whose group of jobs it knows.
        self._thread = load().InheritableThread(target=self._keep, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Has Spark kill the worker."""
        with suppress(Exception):  # Java's, of any class: Spark has ended, and the worker with it
            self._context.cancelJobGroup(self._group)

    def close(self) -> None:
        """Begins no other job. The worker ends when its connection does."""
        self._closing.set()

    def join(self, timeout_s: float) -> bool:
        """Whether it is over."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _keep(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self.greeted = False
            error = self._run()
            if self._closing.is_set():
                return
            failures = 0 if self.greeted else failures + 1
            if failures == _ENOUGH:
                self._inbox.put(Broken(self._number, error))
                return
            self._inbox.put(Ended(self._number))

    def _run(self) -> Exception | None:
        try:
            self._context.setJobGroup(self._group, "agentgym episodes", interruptOnCancel=True)
            self._context.parallelize([self._number], 1).foreach(self._task)
        except Exception as error:  # noqa: BLE001  # Java's, of any class: the worker was lost, or Spark is
            return error
        return None


def _give_time(connection: Connection, seconds: int) -> None:
    """How long a read may take; 0 for as long as it does. A socket's own time-out is not felt by a Connection."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
