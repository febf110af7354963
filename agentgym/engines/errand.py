"""An item that is sent to a process which others started and will use again: a worker of Ray or Spark."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from agentgym.engines.base import Outcome
from agentgym.engines.carrying import carry_out, packed
from agentgym.engines.interruption import Interruptible
from agentgym.errors import BackendError, UsageError

__all__ = ["Errand", "Place", "packed_function"]


@dataclass(frozen=True)
class Place:
    """Where modules and files are found; without a value, where they are already."""

    folder: str = ""
    paths: tuple[str, ...] = ()

    @staticmethod
    def here() -> Place:
        return Place(os.getcwd(), tuple(os.path.abspath(path) for path in sys.path))

    def settle(self) -> None:
        """Lets imports and relative paths mean the same here, as far as this machine has the folders."""
        if self.folder:
            with suppress(FileNotFoundError, NotADirectoryError):  # those of another machine are its own
                os.chdir(self.folder)
        sys.path[:0] = [path for path in self.paths if path not in sys.path and os.path.isdir(path)]


@dataclass(frozen=True)
class Errand:
    """What one ``map`` sends along with its items: the function, packed, and what it needs where it runs."""

    fn: bytes
    place: Place

    def run(self, index: int, item: bytes, call: Interruptible) -> bytes:
        """The packed outcome; in the main thread of a worker.

        Raises:
            KeyboardInterrupt: if who sent it does not want it any more.
        """
        self.place.settle()
        try:
            return call.call(lambda: carry_out(index, self.fn, item))
        except SystemExit as left:
            fault = BackendError(f"item {index} ended its worker, with exit status {left.code}")
        except KeyboardInterrupt:
            if not call.late:
                raise
            fault = BackendError(f"item {index} gave no result in the time allowed and was given up", kind="timeout")
        return pickle.dumps(Outcome[Any](index, error=fault))


def packed_function(fn: Callable[[Any], Any], dumps: Callable[[object], bytes]) -> bytes:
    """By its name, if it is one of a module; as a whole, if it is of a notebook or a script, which nobody can import.

    Args:
        dumps: of the cloudpickle that the workers have.

    Raises:
        UsageError: if it cannot be.
    """
    if getattr(fn, "__module__", None) != "__main__":
        return packed(fn, "the function")
    try:
        return dumps(fn)
    except Exception as error:  # what it holds may fail to pickle in any way
        raise UsageError(f"the function cannot be pickled, and must be to run elsewhere: {error}") from error
