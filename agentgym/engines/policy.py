"""What all engines do alike: take items as there is room, watch the clock, try again, give up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from agentgym.engines.base import Outcome
from agentgym.errors import BackendError, TooManyFailures, UsageError

__all__ = ["Crew", "Limits", "check_count", "schedule"]

Value = TypeVar("Value")


@dataclass(frozen=True)
class Limits:
    """The options that every engine has.

    Attributes:
        workers: how many items run at a time.
        timeout_s: after that many seconds an item is given up, which is a machine's fault; None to wait for ever.
        retries: how often an item is tried again after a machine's fault: a ``BackendError``, which a lost worker and
            a time-out are, too. What else the function raises is the item's outcome at once.
        max_failures: after that many items whose outcome is an error the engine gives up; None for never.

    Raises:
        UsageError: if a value cannot work.
    """

    workers: int = 1
    timeout_s: float | None = None
    retries: int = 0
    max_failures: int | None = None

    def __post_init__(self) -> None:
        check_count("workers", self.workers, least=1)
        check_count("retries", self.retries, least=0)
        if self.max_failures is not None:
            check_count("max_failures", self.max_failures, least=1)
        if self.timeout_s is not None and not (_is_number(self.timeout_s) and self.timeout_s > 0):
            raise UsageError(f"timeout_s must be a number of seconds above 0, or None, got {self.timeout_s!r}")


class Crew(Protocol[Value]):
    """Where the items of one ``map`` run; what an engine is made of, under `schedule`.

    An item is known by its index, and runs once at a time.
    """

    def room(self) -> int:
        """How many more items may be started now."""

    def start(self, index: int, item: Any) -> None:
        """Begins an item; called only while there is room.

        Raises:
            UsageError: if the item cannot be sent to where it is to run: that is its outcome.
            BackendError: if its worker cannot be started: that is this attempt's.
        """

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Value]]:
        """What has ended since, at most one outcome for each start.

        Returns as soon as there is one, as there is more room than before, or as the time is over; None is without end.
        """

    def kill(self, index: int) -> None:
        """Gives up an item: there is no outcome of it any more. Does not wait for its end."""

    def close(self) -> None:
        """Ends whatever runs, and what it has open."""


def schedule(crew: Crew[Value], items: Iterable[Any], limits: Limits) -> Iterator[Outcome[Value]]:
    """One outcome for each item, as they finish; closes the crew.

    No more items are taken than there is room for.

    Raises:
        TooManyFailures: as the limits say.
    """
    course = _Course(crew, items, limits)
    failures = 0
    with closing(crew):
        while (outcomes := course.more()) is not None:
            yield from outcomes
            failures += sum(outcome.error is not None for outcome in outcomes)
            if limits.max_failures is not None and failures >= limits.max_failures:
                last = [outcome for outcome in outcomes if outcome.error is not None][-1]
                raise TooManyFailures(
                    f"{failures} items failed and max_failures is {limits.max_failures}; "
                    f"the last was item {last.index}: {_in_words(last.error)}"
                ) from last.error


def check_count(name: str, value: object, *, least: int) -> None:
    """Raises a UsageError unless the option is a whole number, and not too small."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"{name} must be a whole number, got {value!r}")
    if value < least:
        raise UsageError(f"{name} must be at least {least}, got {value}")


@dataclass(frozen=True)
class _Attempt:
    index: int
    item: Any
    number: int = 1
    faults: tuple[str, ...] = ()
    deadline: float = float("inf")


class _Course(Generic[Value]):
    """How far it has come."""

    def __init__(self, crew: Crew[Value], items: Iterable[Any], limits: Limits) -> None:
        self._crew = crew
        self._items = enumerate(items)
        self._limits = limits
        self._exhausted = False
        self._broken: Exception | None = None
        self._again: deque[_Attempt] = deque()
        self._running: dict[int, _Attempt] = {}
        self._ready: list[Outcome[Value]] = []

    def more(self) -> list[Outcome[Value]] | None:
        """Outcomes as there are some, perhaps none yet; None once all have been given."""
        self._fill()
        if not self._ready:
            if self._over():
                return None
            self._settle(self._crew.wait(self._patience_s()))
            self._settle(self._late())
            # So that nobody is idle while the caller looks at what there is.
            self._fill()
        ready, self._ready = self._ready, []
        return ready

    def _over(self) -> bool:
        over = self._exhausted and not self._running and not self._again
        if over and self._broken is not None:
            raise self._broken
        return over

    def _fill(self) -> None:
        """Starts what there is room for, up to the first that cannot be started: that has its outcome before others."""
        ready = len(self._ready)
        while len(self._ready) == ready and self._crew.room() > 0 and (attempt := self._next()) is not None:
            timeout_s = self._limits.timeout_s
            deadline = float("inf") if timeout_s is None else time.monotonic() + timeout_s
            self._running[attempt.index] = replace(attempt, deadline=deadline)
            try:
                self._crew.start(attempt.index, attempt.item)
            except (UsageError, BackendError) as error:
                self._settle([Outcome(attempt.index, error=error)])

    def _next(self) -> _Attempt | None:
        if self._again:
            return self._again.popleft()
        if self._exhausted:
            return None
        try:
            return _Attempt(*next(self._items))
        except StopIteration:
            self._exhausted = True
        except Exception as error:  # noqa: BLE001  # the caller's own; raised after what runs has ended
            self._exhausted, self._broken = True, error
        return None

    def _settle(self, ended: Iterable[Outcome[Value]]) -> None:
        """Makes outcomes ready, or attempts that are to be made again."""
        for one in ended:
            attempt = self._running.pop(one.index)
            if isinstance(one.error, BackendError) and attempt.number <= self._limits.retries:
                faults = (*attempt.faults, _in_words(one.error))
                self._again.append(replace(attempt, number=attempt.number + 1, faults=faults))
            else:
                self._ready.append(replace(one, attempts=attempt.number, faults=attempt.faults))

    def _patience_s(self) -> float | None:
        soonest = min((attempt.deadline for attempt in self._running.values()), default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest - time.monotonic())

    def _late(self) -> list[Outcome[Value]]:
        """Gives up what is out of time."""
        now = time.monotonic()
        late = [index for index, attempt in self._running.items() if attempt.deadline <= now]
        for index in late:
            self._crew.kill(index)
        return [Outcome(index, error=self._timeout(index)) for index in late]

    def _timeout(self, index: int) -> BackendError:
        seconds = self._limits.timeout_s
        return BackendError(
            f"item {index} gave no result in the {seconds:g} s allowed and was given up", kind="timeout"
        )


def _in_words(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
