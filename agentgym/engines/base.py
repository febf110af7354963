"""The protocol of an engine, and the table of those that can be named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from agentgym.registry import Registry

__all__ = ["Engine", "Outcome", "engines"]

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome(Generic[Value]):
    """What became of one item.

    Attributes:
        index: the item's place in what was mapped, from 0.
        value: what the function returned; None if it raised.
        error: what it raised, or a ``BackendError`` if its process was lost; None if it returned.
    """

    index: int
    value: Value | None = None
    error: Exception | None = None

    def unwrap(self) -> Value:
        """The value; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error, None is what the function returned


class Engine(Protocol):
    """Maps a function over items.

    One outcome comes for each item, as they finish; the loss of one item never touches another. An engine that is
    not read to the end (``close`` of the iterator, ``break``) ends what is still running.
    """

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]: ...


engines: Registry[Callable[..., Engine]] = Registry("engine")
"""By name: what makes an engine from keyword options."""


def attempt(index: int, fn: Callable[[Any], Value], item: Any) -> Outcome[Value]:
    """Calls the function here and now."""
    try:
        return Outcome(index, value=fn(item))
    except Exception as error:  # noqa: BLE001  # whatever the caller's function raises is that item's outcome
        return Outcome(index, error=error)
