"""The engine for items that wait: threads of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from agentgym.engines.base import Outcome, attempt, engines
from agentgym.engines.policy import Limits, schedule
from agentgym.errors import BackendError

__all__ = ["GivenUp", "ThreadEngine", "leave_if_given_up"]

Item = TypeVar("Item")
Value = TypeVar("Value")

_LEAVE_PATIENCE_S = 5.0


class GivenUp(BaseException):
    """Ends an item that nobody waits for any more; no ``except Exception`` keeps it."""


def leave_if_given_up() -> None:
    """For what takes long in small steps: raises ``GivenUp`` in the thread of an item that was given up."""
    hand = getattr(_present, "hand", None)
    if hand is not None and hand.given_up:
        raise GivenUp("nobody waits for this item any more")


class ThreadEngine:
    """Runs items in threads, many at a time: for agents that wait on a model, and not for what computes.

    A thread cannot be killed. An item that is out of time, or not wanted any more, is given up at once; its thread is
    told so, which ends an episode at its next step (`leave_if_given_up`), and is counted in `abandoned` until it ends.
    It never keeps the interpreter from ending. What modules, the environment and the working directory hold, all items
    have in common.

    Args:
        workers: how many run at a time.
        timeout_s: see `agentgym.engines.policy.Limits`, as for ``retries`` and ``max_failures``.

    Raises:
        UsageError: if an option cannot work.
    """

    def __init__(
        self,
        *,
        workers: int = 32,
        timeout_s: float | None = None,
        retries: int = 0,
        max_failures: int | None = None,
    ) -> None:
        self.limits = Limits(workers=workers, timeout_s=timeout_s, retries=retries, max_failures=max_failures)
        self._given_up: list[_Hand] = []

    @property
    def abandoned(self) -> int:
        """How many threads run still, of items that were given up."""
        self._given_up[:] = [hand for hand in self._given_up if hand.thread.is_alive()]
        return len(self._given_up)

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, as they finish."""
        return schedule(_Hands(fn, self.limits.workers, self._given_up), items, self.limits)


class _Hand:
    """A thread that is given one item after the other."""

    def __init__(self, fn: Callable[[Any], Any], results: SimpleQueue[_Result]) -> None:
        self._fn = fn
        self._results = results
        self.given_up = False
        self.leave_by = float("inf")
        self.inbox: SimpleQueue[tuple[int, Any] | None] = SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="agentgym-item", daemon=True)
        self.thread.start()

    def give_up(self) -> None:
        """Tells it that nobody waits for it."""
        self.given_up = True
        self.leave_by = time.monotonic() + _LEAVE_PATIENCE_S
        self.inbox.put(None)

    def _work(self) -> None:
        _present.hand = self
        while (numbered := self.inbox.get()) is not None:
            self._results.put((self, self._outcome(*numbered)))

    def _outcome(self, index: int, item: Any) -> Outcome[Any]:
        try:
            return attempt(index, self._fn, item)
        except BaseException as error:  # noqa: BLE001  # the thread is this engine's; what would end it is told
            return Outcome(index, error=BackendError(f"the thread of item {index} was ended by {type(error).__name__}"))


class _Hands:
    """A crew of threads."""

    def __init__(self, fn: Callable[[Any], Any], workers: int, given_up: list[_Hand]) -> None:
        self._fn = fn
        self._workers = workers
        self._given_up = given_up
        self._idle: list[_Hand] = []
        self._busy: dict[int, _Hand] = {}
        self._results: SimpleQueue[_Result] = SimpleQueue()

    def room(self) -> int:
        return self._workers - len(self._busy)

    def start(self, index: int, item: Any) -> None:
        hand = self._idle.pop() if self._idle else _Hand(self._fn, self._results)
        self._busy[index] = hand
        hand.inbox.put((index, item))

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Any]]:
        ended = []
        try:
            results = [self._results.get(timeout=timeout_s)]
            while not self._results.empty():
                results.append(self._results.get())
        except Empty:
            return []
        for hand, outcome in results:
            if not hand.given_up:
                self._idle.append(self._busy.pop(outcome.index))
                ended.append(outcome)
        return ended

    def kill(self, index: int) -> None:
        hand = self._busy.pop(index)
        hand.give_up()
        self._given_up.append(hand)

    def close(self) -> None:
        for hand in self._idle:
            hand.inbox.put(None)
        for index in list(self._busy):
            self.kill(index)
        for hand in self._given_up:
            # That it may close what it has open.
            hand.thread.join(max(0.0, hand.leave_by - time.monotonic()))
        self._given_up[:] = [hand for hand in self._given_up if hand.thread.is_alive()]


_Result: TypeAlias = tuple[_Hand, Outcome[Any]]
_present = threading.local()

engines.register("threads", ThreadEngine)
