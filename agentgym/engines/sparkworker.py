"""What runs on a worker of Spark: one item after the other, as they come over a connection of its own."""

from __future__ import annotations

import os
import queue
import socket
import struct
import threading
from multiprocessing.connection import Client, Connection

from agentgym.engines.errand import Errand
from agentgym.engines.interruption import Interruptible

__all__ = ["INDEX", "STOP", "Address", "send_at_once", "serve"]

Address = tuple[str, int]

INDEX = struct.Struct(">q")
"""Before each message: the index of the item that it is about."""

STOP = b""
"""Instead of an item: it is given up. Instead of an outcome: so it was."""


def serve(address: Address, key: bytes, lane: int, errand: Errand) -> None:
    """Works until the other end closes the connection; then ends what runs."""
    with Client(address, authkey=key) as connection:
        send_at_once(connection)
        connection.send_bytes(INDEX.pack(lane))
        work = _Work(connection)
        threading.Thread(target=work.receive, name="agentgym-orders", daemon=True).start()
        while (order := work.orders.get()) is not None:
            index, item, call = order
            try:
                outcome = errand.run(index, item, call)
            except KeyboardInterrupt:
                outcome = STOP
            try:
                connection.send_bytes(INDEX.pack(index) + outcome)
            except OSError:
                return


def send_at_once(connection: Connection) -> None:
    """The parts of a long message do not wait for each other's receipt."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Work:
    """What has come, for the main thread."""

    def __init__(self, connection: Connection) -> None:
        self.orders: queue.SimpleQueue[tuple[int, bytes, Interruptible] | None] = queue.SimpleQueue()
        self._connection = connection
        self._index = -1
        self._call = Interruptible()

    def receive(self) -> None:
        try:
            while True:
                message = self._connection.recv_bytes()
                (index,) = INDEX.unpack(message[: INDEX.size])
                item = message[INDEX.size :]
                if item != STOP:
                    self._index, self._call = index, Interruptible()
                    self.orders.put((index, item, self._call))
                elif index == self._index:
                    self._call.interrupt()
        except (EOFError, OSError):
            # Whoever sent the items wants nothing any more, or is lost.
            self._call.interrupt()
            self.orders.put(None)
