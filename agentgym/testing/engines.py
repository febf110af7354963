"""What every engine promises, as checks for engines of one's own; the functions can be pickled by name."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.engines import Engine, Outcome, leave_if_given_up
from agentgym.errors import BackendError, TooManyFailures, UsageError

__all__ = ["check_engine", "check_isolation", "check_timeouts", "obey", "process_id", "square"]

_PATIENCE_S = 10.0
_LOOK_S = 0.01

Make: TypeAlias = Callable[..., Engine]


def check_engine(make: Make, *, workers: int = 2) -> None:
    """Maps small functions.

    Args:
        make: makes the engine from the keywords that every engine has.
        workers: how many items it can run at a time; 1 for one that cannot run more.

    Raises:
        AssertionError: says which promise is broken.
    """
    engine = make(workers=workers)
    _check_outcomes(engine)
    _check_that_items_are_taken_as_needed(engine, workers)
    _check_that_the_items_own_error_comes_last(engine)
    _check_retries(make, workers)
    _check_max_failures(make, workers)
    _check_that_wrong_options_are_refused(make)
    if workers > 1:
        _check_that_a_close_ends_what_runs(engine)


def check_isolation(make: Make, *, workers: int = 2) -> None:
    """Kills processes, of an engine that promises that this loses no item but their own.

    Raises:
        AssertionError: says which promise is broken.
    """
    engine = make(workers=workers)
    orders = ["a", "die", "exit", *("b" for _ in range(3 * workers))]
    good, killed, ended, *others = _in_order(engine, obey, orders)
    assert good.value == "a", f"a process that dies must not touch the other items; got {good}"
    assert {other.value for other in others} == {"b"}, f"a process that dies must not touch the others; got {others}"
    for lost in (killed, ended):
        assert isinstance(lost.error, BackendError), f"a lost process is a broken machine; got {lost}"
    with tempfile.TemporaryDirectory() as folder:
        (again,) = make(workers=1, retries=1).map(fail_first, [(folder, "die", 1)])
    assert (again.value, again.attempts) == ("die", 2), f"the item of a lost process must be tried again; got {again}"
    _check_what_cannot_be_pickled(engine)


def check_timeouts(make: Make, *, workers: int = 2, timeout_s: float = 2.0) -> None:
    """Has an item hang, on an engine that gives up what is out of time.

    Args:
        timeout_s: time enough to start a worker and for a trivial item.

    Raises:
        AssertionError: says which promise is broken.
    """
    # The first process may take long to start.
    _in_order(make(workers=workers), square, range(workers))
    hung, *others = _in_order(make(workers=workers, timeout_s=timeout_s), obey, ["hang", *"abc"])
    assert isinstance(hung.error, BackendError), f"an item that is out of time must be a machine's fault; got {hung}"
    assert hung.error.kind == "timeout", f"its kind must be 'timeout'; got {hung.error.kind!r}"
    assert [other.value for other in others] == [*"abc"], f"a time-out must not touch the other items; got {others}"
    with tempfile.TemporaryDirectory() as folder:
        (again,) = make(workers=1, timeout_s=timeout_s, retries=1).map(fail_first, [(folder, "hang", 1)])
    assert (again.value, again.attempts) == ("hang", 2), f"what was out of time must be tried again; got {again}"


def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number * number


def obey(order: str) -> str:
    """Hangs, is killed, exits or has a fault as it is told; returns any other order."""
    match order:
        case "hang":
            while True:
                leave_if_given_up()
                select.select([], [], [], _LOOK_S)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "leave":
            raise SystemExit(3)
        case "fault":
            raise BackendError("the X server died", kind="display")
        case "rare fault":
            raise RareError(7, reason="two arguments")
    return order


def fail_first(order: tuple[str, str, int]) -> str:
    """Obeys an order of `obey` the first times; they are counted in a folder.

    Args:
        order: the folder, the order, and how many times.
    """
    folder, what, times = order
    count = Path(folder, what)
    with count.open("a") as attempts:
        attempts.write(".")
    return obey(what) if count.stat().st_size <= times else what


def hold(order: tuple[str, str]) -> str:
    """Holds a folder's lock until it is ended, or returns once the lock is held."""
    folder, part = order
    if part == "wait":
        _await(Path(folder, "held").exists, "two items must run at a time")
        return part
    with Path(folder, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(folder, "held").touch()
        return obey("hang")


class RareError(Exception):
    """Cannot be pickled."""

    def __init__(self, number: int, *, reason: str) -> None:
        super().__init__(f"{number}: {reason}")


def return_a_function(_: int) -> Callable[[], None]:
    return lambda: None


def process_id(_: int) -> int:
    return os.getpid()


def _check_outcomes(engine: Engine) -> None:
    assert not list(engine.map(square, [])), "no items must have no outcomes"
    values = [outcome.unwrap() for outcome in _in_order(engine, square, range(5))]
    assert values == [0, 1, 4, 9, 16], f"the outcomes, by their index, must be those of the items; got {values}"
    first, second, third, left, fourth = _in_order(engine, _square_or_obey, [1, -2, 3, "leave", 4])
    assert isinstance(second.error, ValueError), f"what the function raises must be its item's error; got {second}"
    assert str(second.error) == "-2 is negative", f"an error must keep its text; got {second}"
    assert isinstance(left.error, BackendError), f"an item that ends its worker breaks its machine; got {left}"
    assert (first.value, third.value, fourth.value) == (1, 9, 16), "an item that raises must not touch the others"
    (fault,) = engine.map(obey, ["fault"])
    assert isinstance(fault.error, BackendError), f"an error must keep its class; got {fault}"
    assert fault.error.kind == "display", f"an error must keep its kind; got {fault.error.kind!r}"


def _check_that_items_are_taken_as_needed(engine: Engine, workers: int) -> None:
    taken: list[int] = []
    with _closing(engine.map(square, _counted(taken))) as outcomes:
        for seen in range(1, 4):
            next(outcomes)
            most = seen + 2 * workers
            assert len(taken) <= most, f"items must be taken as they are needed; after {seen}, {len(taken)} were"


def _check_that_the_items_own_error_comes_last(engine: Engine) -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    outcomes: list[Outcome[int]] = []
    with _raising(LookupError, "no more", "what the items raise must reach the caller"):
        outcomes.extend(engine.map(square, broken()))
    assert [outcome.value for outcome in outcomes] == [1], f"what was taken before must have its outcome; {outcomes}"


def _check_retries(make: Make, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = make(workers=workers, retries=2)
        orders = [(folder, "fault", 2), (folder, "rare fault", 1), (folder, "a", 0)]
        fault, error, good = _in_order(engine, fail_first, orders)
    assert (fault.value, fault.attempts) == ("fault", 3), f"a machine's fault must be tried again; got {fault}"
    assert fault.faults == ("BackendError: the X server died",) * 2, f"faults must be told; got {fault.faults}"
    assert (error.error is not None, error.attempts) == (True, 1), f"no other error is tried again; got {error}"
    assert (good.value, good.attempts, good.faults) == ("a", 1, ()), f"what went well must say so; got {good}"


def _check_max_failures(make: Make, workers: int) -> None:
    taken: list[int] = []
    errors: list[Outcome[Any]] = []
    with _raising(TooManyFailures, "max_failures is 3", "after max_failures failures an engine must give up"):
        errors.extend(make(workers=workers, max_failures=3).map(_fail, _counted(taken)))
    assert 3 <= len(errors) <= 3 + workers, f"each failure must be given before it gives up; got {len(errors)}"
    assert len(taken) <= 3 + 2 * workers, f"it must take no more items; {len(taken)} were"


def _check_that_wrong_options_are_refused(make: Make) -> None:
    for wrong in ({"workers": 0}, {"workers": "two"}, {"timeout_s": 0}, {"retries": -1}, {"max_failures": 0}):
        (name,) = wrong
        with _raising(UsageError, name, f"an engine must refuse {wrong}"):
            make(**wrong)


def _check_that_a_close_ends_what_runs(engine: Engine) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with _closing(engine.map(hold, [(folder, "hold"), (folder, "wait")])) as outcomes:
            outcome = next(outcomes)
            assert outcome.value == "wait", f"outcomes must come as they finish; got {outcome}"
        with Path(folder, "lock").open("w") as lock:
            _await(lambda: _locked(lock.fileno()), "a close must end what runs")


def _check_what_cannot_be_pickled(engine: Engine) -> None:
    (value,) = engine.map(return_a_function, [0])
    assert value.error is not None, "a value that cannot be pickled must be its item's error"
    item, good = _in_order(engine, square, [lambda: None, 2])
    assert isinstance(item.error, UsageError), f"an item that cannot be pickled must be its own error; got {item}"
    assert good.value == 4, "an item that cannot be pickled must not touch the others"
    (rare,) = engine.map(obey, ["rare fault"])
    assert "RareError: 7: two arguments" in str(rare.error), f"an error must keep its text; got {rare}"
    with _raising(UsageError, "function", "a function that cannot be pickled must be refused"):
        list(engine.map(lambda number: number, [0]))


def _square_or_obey(item: int | str) -> int | str:
    return obey(item) if isinstance(item, str) else square(item)


def _fail(number: int) -> None:
    raise ValueError(f"{number} is never right")


def _in_order(engine: Engine, fn: Callable[[Any], Any], items: Sequence[Any]) -> list[Outcome[Any]]:
    outcomes = sorted(engine.map(fn, items), key=lambda outcome: outcome.index)
    indices = [outcome.index for outcome in outcomes]
    assert indices == list(range(len(items))), f"each item must have one outcome; got those of {indices}"
    return outcomes


def _counted(taken: list[int]) -> Iterator[int]:
    for number in range(1000):
        taken.append(number)
        yield number


@contextmanager
def _closing(outcomes: Iterator[Outcome[Any]]) -> Iterator[Iterator[Outcome[Any]]]:
    try:
        yield outcomes
    finally:
        outcomes.close()  # type: ignore[attr-defined]  # engines map with generators, which can be closed


@contextmanager
def _raising(kind: type[Exception], saying: str, promise: str) -> Iterator[None]:
    raised: Exception | None = None
    try:
        yield
    except kind as error:
        raised = error
    assert saying in str(raised), f"{promise}, with {saying!r} in a {kind.__name__}; got {raised!r}"


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _await(happened: Callable[[], bool], promise: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, promise
        select.select([], [], [], _LOOK_S)
