"""What every engine promises, as checks for engines of one's own; the functions can be pickled by name."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from agentgym.engines import Engine, Outcome
from agentgym.errors import BackendError

__all__ = ["check_engine", "check_isolation", "obey"]

_FEW = 2


def check_engine(engine: Engine) -> None:
    """Maps a few small functions.

    Raises:
        AssertionError: says which promise is broken.
    """
    assert not list(engine.map(square, [])), "no items must have no outcomes"
    values = [outcome.unwrap() for outcome in _in_order(engine, square, range(5))]
    assert values == [0, 1, 4, 9, 16], f"the outcomes, by their index, must be those of the items; got {values}"
    first, second, third = _in_order(engine, square, [1, -2, 3])
    assert isinstance(second.error, ValueError), f"what the function raises must be its item's error; got {second}"
    assert (first.value, third.value) == (1, 9), "an item that raises must not touch the others"
    taken: list[int] = []
    outcomes = engine.map(square, _counted(taken))
    next(outcomes)
    assert len(taken) <= _FEW * (os.cpu_count() or 1), f"items must be taken as they are needed; {len(taken)} were"


def check_isolation(engine: Engine) -> None:
    """Kills processes, of an engine that promises that this loses no item but their own.

    Raises:
        AssertionError: says which promise is broken.
    """
    good, killed, ended, also_good = _in_order(engine, obey, ["a", "die", "exit", "b"])
    assert (good.value, also_good.value) == ("a", "b"), "a process that dies must not touch the other items"
    for lost in (killed, ended):
        assert isinstance(lost.error, BackendError), f"a lost process is a broken machine; got {lost}"
    (refused,) = engine.map(return_a_function, [0])
    assert refused.error is not None, "a value that cannot be pickled must be its item's error"


def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number * number


def obey(order: str) -> str:
    """Hangs, is killed, exits or has a fault as it is told; returns any other order."""
    match order:
        case "hang":
            select.select([], [], [])
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "fault":
            raise BackendError("the X server died", kind="display")
        case "rare fault":
            raise RareError(7, reason="two arguments")
    return order


class RareError(Exception):
    """Cannot be pickled."""

    def __init__(self, number: int, *, reason: str) -> None:
        super().__init__(f"{number}: {reason}")


def return_a_function(_: int) -> Callable[[], None]:
    return lambda: None


def process_id(_: int) -> int:
    return os.getpid()


def _in_order(engine: Engine, fn: Callable[[Any], Any], items: Sequence[Any]) -> list[Outcome[Any]]:
    outcomes = sorted(engine.map(fn, items), key=lambda outcome: outcome.index)
    indices = [outcome.index for outcome in outcomes]
    assert indices == list(range(len(items))), f"each item must have one outcome; got those of {indices}"
    return outcomes


def _counted(taken: list[int]) -> Iterator[int]:
    for number in range(1000):
        taken.append(number)
        yield number
