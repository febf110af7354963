"""The protocol of an engine, and the table of those that can be named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from agentgym.errors import BackendError, UsageError
from agentgym.registry import Registry, suggestion

__all__ = ["Engine", "Outcome", "engines", "make_engine"]

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Outcome(Generic[Value]):
    """What became of one item.

    Attributes:
        index: the item's place in what was mapped, from 0.
        value: what the function returned; None if it raised.
        error: what it raised, or a ``BackendError`` if its worker was lost or out of time; None if it returned.
        attempts: how often the function was called for it, this last time included.
        faults: what broke the machines of the attempts before the last, in words.
    """

    index: int
    value: Value | None = None
    error: Exception | None = None
    attempts: int = 1
    faults: tuple[str, ...] = ()

    def unwrap(self) -> Value:
        """The value; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # without an error, None is what the function returned


class Engine(Protocol):
    """Maps a function over items.

    One outcome comes for each item, as they finish; the loss of one item never touches another. Items are taken as
    there is room to run them, so that they may be made lazily, and without end. An engine that is not read to the end
    (``close`` of the iterator, ``break``, Ctrl-C) ends what is still running.

    Every engine is made with the keywords ``workers``, ``timeout_s``, ``retries`` and ``max_failures`` of
    `agentgym.engines.policy.Limits`, and may have others.
    """

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]: ...


engines: Registry[Callable[..., Engine]] = Registry("engine")
"""By name: what makes an engine from keyword options."""

engines.register_lazily("ray", "agentgym.engines.ray:RayEngine")
engines.register_lazily("spark", "agentgym.engines.spark:SparkEngine")


def make_engine(name: str, **options: Any) -> Engine:
    """An engine by name.

    Args:
        options: keyword options of the engine.

    Raises:
        UnknownNameError: if the table has no such name.
        UsageError: if the engine has no such option, or its value cannot work.
        MissingDependencyError: if the package that it runs on is not installed.
    """
    make = engines[name]
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            raise UsageError(f"the engine {name!r} has no option {option!r}; {suggestion(option, known)}")
    return make(**options)


def attempt(index: int, fn: Callable[[Any], Value], item: Any) -> Outcome[Value]:
    """Calls the function here and now; one that leaves the interpreter has broken its machine."""
    try:
        return Outcome(index, value=fn(item))
    except SystemExit as error:
        return Outcome(index, error=BackendError(f"item {index} left with exit status {error.code}"))
    except Exception as error:  # noqa: BLE001  # whatever the caller's function raises is that item's outcome
        return Outcome(index, error=error)
