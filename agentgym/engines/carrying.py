"""How functions, items, values and errors travel to another process and back: pickled, whatever they are."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from agentgym.engines.base import Outcome, attempt
from agentgym.errors import UsageError

__all__ = ["carry_out", "packed", "unpacked"]

Value = TypeVar("Value")


def packed(thing: object, what: str) -> bytes:
    """The thing as it travels.

    Args:
        what: it is, for the error.

    Raises:
        UsageError: if it cannot be pickled.
    """
    try:
        return pickle.dumps(thing)
    except Exception as error:  # a thing may fail to pickle in any way
        raise UsageError(
            f"{what} cannot be pickled, and must be to run in another process: {error}; functions are to be those of "
            "a module, by name, and items data"
        ) from error


def carry_out(index: int, fn: bytes, item: bytes) -> bytes:
    """In the other process: the packed outcome of the packed function on the packed item; never raises an Exception."""

    def call(_: None) -> bytes:
        # In one attempt: what cannot be unpickled here or pickled again is the item's error.
        return pickle.dumps(Outcome(index, value=_function(fn)(pickle.loads(item))))

    outcome = attempt(index, call, None)
    if outcome.value is not None:
        return outcome.value
    assert outcome.error is not None
    return pickle.dumps(Outcome[Any](index, error=_portable(outcome.error)))


def unpacked(index: int, outcome: bytes) -> Outcome[Any]:
    """What `carry_out` packed; an outcome that cannot be unpickled is an error of the item."""
    got: Outcome[Outcome[Any]] = attempt(index, pickle.loads, outcome)
    return got.value or Outcome(index, error=got.error)


# A worker has one function for all its items.
_function: Callable[[bytes], Callable[[Any], Any]] = lru_cache(maxsize=1)(pickle.loads)


def _portable(error: Exception) -> Exception:
    """The error as it is if it survives pickling, with the worker's traceback as a note."""
    where = "".join(traceback.format_exception(error))
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  # a foreign exception may fail to pickle in any way; its text is kept
        copy = RuntimeError(f"{type(error).__name__}: {error}")
    copy.add_note(f"in the worker process:\n{where}")
    return copy
