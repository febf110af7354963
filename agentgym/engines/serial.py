"""The engine that runs everything in this process, one item after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from agentgym.engines.base import Outcome, attempt, engines
from agentgym.engines.policy import Limits, schedule
from agentgym.errors import UsageError

__all__ = ["SerialEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")


class SerialEngine:
    """Good for debugging: a breakpoint stops, an interrupt ends.

    Args:
        workers: 1; a number that other engines take, too.
        timeout_s: None; what runs here cannot be ended from here.
        retries: see `agentgym.engines.policy.Limits`, as for ``max_failures``.

    Raises:
        UsageError: if an option cannot work.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        timeout_s: float | None = None,
        retries: int = 0,
        max_failures: int | None = None,
    ) -> None:
        self._limits = Limits(workers=workers, timeout_s=timeout_s, retries=retries, max_failures=max_failures)
        if workers > 1:
            raise UsageError(f"the engine 'serial' runs one item at a time, not {workers}; 'processes' runs more")
        if timeout_s is not None:
            raise UsageError(
                f"the engine 'serial' cannot end an item after {timeout_s:g} s, since it runs in this process; "
                "'processes' can"
            )

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, in their order but for those that are tried again."""
        return schedule(_Here(fn), items, self._limits)


class _Here:
    """A crew of one, who works while one waits for it."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self._fn = fn
        self._waiting: list[tuple[int, Any]] = []

    def room(self) -> int:
        return 1 - len(self._waiting)

    def start(self, index: int, item: Any) -> None:
        self._waiting.append((index, item))

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Any]]:
        index, item = self._waiting.pop()
        return [attempt(index, self._fn, item)]

    def kill(self, index: int) -> None:
        self._waiting.clear()

    def close(self) -> None:
        self._waiting.clear()


engines.register("serial", SerialEngine)
