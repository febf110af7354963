"""Randomness of one's own for code that draws from the generators of the whole process."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from threading import RLock
from typing import Any

import numpy as np

__all__ = ["OwnRandom"]

# Python's generator belongs to the process: two threads that exchange it would draw from each other's.
_EXCHANGE = RLock()


class OwnRandom:
    """What `random` gives inside `drawing`; outside, the process's own generator goes on untouched.

    Args:
        seed: from 0 to 2**32.
        numpy: whether the same goes for `numpy.random`, which costs three times as much.
    """

    def __init__(self, seed: int, *, numpy: bool = False) -> None:
        self._python: Any = random.Random(seed).getstate()
        self._numpy: Any = np.random.RandomState(seed).get_state() if numpy else None

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Lets foreign code draw, and keeps what it prints from the terminal."""
        with _EXCHANGE:
            outside = random.getstate(), None if self._numpy is None else np.random.get_state()
            self._put(self._python, self._numpy)
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    yield
            finally:
                self._python = random.getstate()
                if self._numpy is not None:
                    self._numpy = np.random.get_state()
                self._put(*outside)

    def _put(self, python: Any, numpy: Any) -> None:
        random.setstate(python)
        if numpy is not None:
            np.random.set_state(numpy)
