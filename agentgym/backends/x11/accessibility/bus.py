"""A connection to an accessibility bus: many calls at once, and nobody waited for longer than is sensible."""

from __future__ import annotations

import select
import socket
import time
from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from agentgym.backends.x11.accessibility.wire import Call, Reply, WireError, encode, split
from agentgym.errors import BackendError

__all__ = ["Asking", "Bus", "converse", "value_of"]

T = TypeVar("T")
Asking: TypeAlias = Generator[Sequence[Call], Sequence[Reply | None], T]
"""A procedure that yields the calls it wants made and is sent their answers, None for each that did not come."""

_IN_FLIGHT = 128
"""Calls that one application may owe an answer to. A burst without bound fills the buffers of the bus."""

_LONGEST = 4
"""How many patiences a whole batch may take, however lively its applications are."""

_CHUNK = 1 << 18
_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class Bus:
    """A connection to a bus, used from one thread at a time.

    Args:
        connection: a connected stream socket, which now belongs to this object.
        patience_s: how long an application that owes answers may be silent.

    Raises:
        BackendError: if what is at the other end is no message bus.
    """

    def __init__(self, connection: socket.socket, *, patience_s: float) -> None:
        self._socket = connection
        self._patience_s = patience_s
        self._serial = 0
        self._received = bytearray()
        self._outgoing = bytearray()
        self._silent: set[str] = set()
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def call(self, member: str, signature: str = "", *arguments: str | int) -> Reply | None:
        """The answer of the bus itself."""
        return self.call_all([Call(*_BUS, member, signature, arguments)])[0]

    def call_all(self, calls: Sequence[Call]) -> list[Reply | None]:
        """The answers in the order of the calls; None where the application fell silent.

        One that has fallen silent is waited for a tenth of the time, until it is heard of again.

        Raises:
            BackendError: if the bus is gone.
        """
        patience = {call.destination: self._patience_s for call in calls}
        patience |= dict.fromkeys(self._silent & patience.keys(), self._patience_s / 10)
        conversation = _Conversation(calls, patience, first_serial=self._serial + 1, outgoing=self._outgoing)
        self._serial += len(calls)
        try:
            while conversation.open:
                self._exchange(conversation)
        except WireError as error:
            raise BackendError(f"the accessibility bus sent {error}", kind="machine") from error
        except (EOFError, OSError) as error:
            raise BackendError(f"the accessibility bus is gone: {error}", kind="machine") from error
        self._silent |= conversation.silent
        return conversation.answers

    def close(self) -> None:
        self._socket.close()

    def _exchange(self, conversation: _Conversation) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        for _, event in poll.poll(conversation.patience_left_s() * 1000):
            if event & select.POLLOUT:
                del self._outgoing[: self._socket.send(self._outgoing)]
            if event & ~select.POLLOUT:
                self._receive()
                replies = split(self._received)
                self._silent -= {reply.sender for reply in replies}
                conversation.take(replies)
        conversation.give_up_on_the_silent()

    def _receive(self) -> None:
        chunk = self._socket.recv(_CHUNK)
        if not chunk:
            raise EOFError("it closed the connection")
        self._received += chunk

    def _greet(self) -> None:
        self._socket.settimeout(self._patience_s)
        try:
            # Without an identity the bus takes that of the socket's other end: the name of a user means nothing in
            # another user namespace.
            self._socket.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\n")
            answer = chunk = self._socket.recv(_CHUNK)
            while chunk and answer.count(b"\r\n") < 2:
                chunk = self._socket.recv(_CHUNK)
                answer += chunk
            if not answer.startswith(b"DATA\r\nOK "):
                raise BackendError(f"the accessibility bus refused us: it said {answer!r}", kind="machine")
            self._socket.sendall(b"BEGIN\r\n")
        except OSError as error:
            raise BackendError(f"the accessibility bus does not answer: {error}", kind="machine") from error
        self._socket.setblocking(False)
        if self.call("Hello") is None:
            raise BackendError("the accessibility bus does not answer: no word to our Hello", kind="machine")


def converse(bus: Bus, askings: Sequence[Asking[T]]) -> list[T]:
    """Runs procedures side by side, so that their applications work at the same time. Returns what they return.

    Raises:
        BackendError: if the bus is gone.
    """
    results: dict[int, T] = {}
    answers: dict[int, Sequence[Reply | None]] = {}
    while len(results) < len(askings):
        asked: dict[int, Sequence[Call]] = {}
        for place, asking in enumerate(askings):
            if place not in results:
                try:
                    asked[place] = asking.send(answers[place]) if answers else next(asking)
                except StopIteration as end:
                    results[place] = end.value
                except WireError as error:
                    raise BackendError(f"an application sent {error}", kind="application") from error
        replies = iter(bus.call_all([call for calls in asked.values() for call in calls]))
        answers = {place: list(islice(replies, len(calls))) for place, calls in asked.items()}
    return [results[place] for place in range(len(askings))]


def value_of(reply: Reply | None) -> Any | None:
    """The first value of an answer; None if there is no answer, an error, or an empty one."""
    if reply is None or reply.error is not None:
        return None
    return next(iter(reply.values()), None)


class _Queue:
    """The calls to one application: those to be sent and the serials of those that it owes an answer to."""

    def __init__(self, now: float, patience_s: float) -> None:
        self.unsent: deque[tuple[int, Call]] = deque()
        self.owed: set[int] = set()
        self.patience_s = patience_s
        self.heard_at = now
        self.ends_at = now + _LONGEST * patience_s

    @property
    def deadline(self) -> float:
        return min(self.heard_at + self.patience_s, self.ends_at)


class _Conversation:
    """A batch of calls and what has come back of it.

    Args:
        calls: to be made, in any order.
        patience_s: how long to wait, by destination.
        first_serial: the serial of the first call; those of the others follow.
        outgoing: takes up what is to be sent.
    """

    def __init__(
        self, calls: Sequence[Call], patience_s: Mapping[str, float], *, first_serial: int, outgoing: bytearray
    ) -> None:
        now = time.monotonic()
        self.answers: list[Reply | None] = [None] * len(calls)
        self.silent: set[str] = set()
        self._first_serial = first_serial
        self._outgoing = outgoing
        self._queues = {name: _Queue(now, patience) for name, patience in patience_s.items()}
        self._owners: dict[int, _Queue] = {}
        for serial, call in enumerate(calls, first_serial):
            self._queues[call.destination].unsent.append((serial, call))
        self._top_up(self._queues.values())

    @property
    def open(self) -> bool:
        return bool(self._queues)

    def patience_left_s(self) -> float:
        return max(0.0, min(queue.deadline for queue in self._queues.values()) - time.monotonic())

    def take(self, replies: Iterable[Reply]) -> None:
        """Puts answers to their calls; late ones, to calls that were given up, are dropped."""
        now = time.monotonic()
        heard = set()
        for reply in replies:
            queue = self._owners.pop(reply.serial, None)
            if queue is not None:
                queue.owed.discard(reply.serial)
                queue.heard_at = now
                self.answers[reply.serial - self._first_serial] = reply
                heard.add(queue)
        self._top_up(heard)
        self._queues = {name: queue for name, queue in self._queues.items() if queue.owed}

    def give_up_on_the_silent(self) -> None:
        now = time.monotonic()
        for name in [name for name, queue in self._queues.items() if queue.deadline <= now]:
            for serial in self._queues.pop(name).owed:
                del self._owners[serial]
            self.silent.add(name)

    def _top_up(self, queues: Iterable[_Queue]) -> None:
        for queue in queues:
            while queue.unsent and len(queue.owed) < _IN_FLIGHT:
                serial, call = queue.unsent.popleft()
                self._outgoing += encode(call, serial)
                queue.owed.add(serial)
                self._owners[serial] = queue
