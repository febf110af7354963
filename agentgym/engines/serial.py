"""The engine that runs everything in this process, one item after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from agentgym.engines.base import Outcome, attempt, engines

__all__ = ["SerialEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")


class SerialEngine:
    """Good for debugging: a breakpoint stops, an interrupt ends."""

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        for index, item in enumerate(items):
            yield attempt(index, fn, item)


engines.register("serial", SerialEngine)
