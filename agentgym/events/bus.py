"""The bus: numbers the events of a run and hands each to all who subscribed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from agentgym.events.askers import Askers
from agentgym.events.points import Interception, Interceptor, OnHookError, interception
from agentgym.events.record import Record
from agentgym.events.runids import new_run_id, utc_now
from agentgym.events.types import Event, Failed, ModelResponse, Reset, Step, ToolCalled, event_type, event_type_named

__all__ = ["Bus", "Subscriber"]

Subscriber: TypeAlias = Callable[[Record], object]


class Bus:
    """Numbers the events of a run and hands each to all who subscribed, in order, before ``publish`` returns.

    Events that a subscriber publishes follow the one that it was handed, for every subscriber. Any thread may publish.

    Attributes:
        askers: which model call asked for which tool call.

    Args:
        run_id: of all records; drawn if not given.
        clock: the wall clock, aware of its zone.
    """

    def __init__(self, run_id: str | None = None, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._subscribers: tuple[tuple[Subscriber, frozenset[str] | None], ...] = ()
        self.askers = Askers()
        self._interceptions: dict[str, tuple[Interception, ...]] = {}
        self.begin(run_id or new_run_id(clock()))

    def begin(self, run_id: str) -> None:
        """Starts another run: ``idx`` and ``episode`` count from 0 again, subscribers and interceptors stay."""
        self.run_id = run_id
        self.episode = 0
        self._resets = 0
        self._delivered = -1
        self._told: BaseException | None = None
        self._pending: deque[_Delivery] = deque()
        self._delivering = False
        self._lock = threading.RLock()

    def subscribe(self, fn: Subscriber, *event_types: str | type[Event]) -> Callable[[], None]:
        """Calls ``fn`` with each record from now on; returns what ends that.

        Args:
            fn: called in the publisher's thread. If it raises, the others still get the record; then ``publish``
                raises the error, with a note that names the subscriber.
            event_types: names or classes; all events if none is given.

        Raises:
            UsageError: if one is no type of events.
        """
        names = frozenset(event_type_named(kind) if isinstance(kind, str) else event_type(kind) for kind in event_types)
        entry = (fn, names or None)
        self._subscribers = (*self._subscribers, entry)
        return lambda: self._unsubscribe(entry)

    def intercept(
        self, point: str, fn: Interceptor, *, order: float = 0, on_error: OnHookError = "raise", name: str = ""
    ) -> Callable[[], None]:
        """Lets each such call pass through ``fn`` from now on; returns what ends that.

        Args:
            point: one of `agentgym.events.POINTS`.
            fn: as `agentgym.events.interceptors` has it.
            order: lower is further out; of equal ones the first that came is outermost.
            on_error: whether an error of its own is raised, or published as `Failed` while the call goes on without it.
            name: by which it is called in errors and in the stream; its own if not given.

        Raises:
            UsageError: if there is no such point.
        """
        entry = interception(point, fn, order=order, on_error=on_error, name=name)
        standing = self._interceptions.get(point, ())
        self._interceptions[point] = tuple(sorted((*standing, entry), key=lambda one: one.order))
        return lambda: self._let_pass(point, entry)

    def interceptions(self, point: str) -> tuple[Interception, ...]:
        """Those who intercept such a call, outermost first."""
        return self._interceptions.get(point, ())

    @property
    def is_fresh(self) -> bool:
        """Whether nothing of the present run has been published yet."""
        return self._delivered < 0 and not self._pending

    def publish(self, event: Event) -> Record:
        """Gives the event its number and hands it out.

        Raises:
            UsageError: if it is no event.
            Exception: what a subscriber raised; an ExceptionGroup if several did.
        """
        with self._lock:
            delivery = _Delivery(self._record(event))
            self._pending.append(delivery)
            if not self._delivering:
                self._deliver_pending()
        return delivery.record

    def publish_failure(self, error: BaseException, event: Failed) -> None:
        """Publishes what broke, unless this error has been told already, by someone nearer to it.

        If a subscriber raises, the error says that it was not told: it is about to be raised, and is not replaced.
        """
        if error is self._told:
            return
        self._told = error
        try:
            self.publish(event)
        except Exception as refused:  # noqa: BLE001 - a subscriber's, while something worse is on its way
            error.add_note(f"this was not recorded: {type(refused).__name__}: {refused}")

    def _record(self, event: Event) -> Record:
        if isinstance(event, ModelResponse | ToolCalled | Step | Reset):
            self.askers.hear(event)
        if isinstance(event, Reset):
            self.episode = self._resets
            self._resets += 1
        idx = self._pending[-1].record.idx + 1 if self._pending else self._delivered + 1
        now = self._clock().isoformat(timespec="milliseconds")
        return Record(now, self.run_id, self.episode, idx, event_type(event), event)

    def _deliver_pending(self) -> None:
        # An interrupt (Ctrl-C) may leave at any line: what was not handed out stays pending and goes out with the
        # next event; the subscriber that was interrupted gets its record again.
        errors: list[Exception] = []
        self._delivering = True
        try:
            while self._pending:
                delivery = self._pending[0]
                if delivery.record.idx > self._delivered:
                    delivery.hand_out(self._subscribers, errors)
                    self._delivered = delivery.record.idx
                self._pending.popleft()
        finally:
            self._delivering = False
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("several subscribers raised", errors)

    def _unsubscribe(self, entry: tuple[Subscriber, frozenset[str] | None]) -> None:
        self._subscribers = tuple(other for other in self._subscribers if other is not entry)

    def _let_pass(self, point: str, entry: Interception) -> None:
        self._interceptions[point] = tuple(other for other in self._interceptions[point] if other is not entry)


class _Delivery:
    """A record on its way, and how many subscribers have had it."""

    __slots__ = ("_served", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._served = 0

    def hand_out(
        self, subscribers: tuple[tuple[Subscriber, frozenset[str] | None], ...], errors: list[Exception]
    ) -> None:
        for fn, names in subscribers[self._served :]:
            if names is None or self.record.event_type in names:
                try:
                    fn(self.record)
                except Exception as error:  # noqa: BLE001 - foreign code; raised again once the others were served
                    name = getattr(fn, "__qualname__", repr(fn))
                    error.add_note(f"raised by the subscriber {name} of {self.record.event_type!r} events")
                    errors.append(error)
            self._served += 1
