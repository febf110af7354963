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
    """What `random` and `numpy.random` give inside `drawing`; outside, the process's own generators go on untouched.

    Args:
        seed: from 0 to 2**32.
    """

    def __init__(self, seed: int) -> None:
        self._python: Any = random.Random(seed).getstate()
        self._numpy: Any = np.random.RandomState(seed).get_state()

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Lets foreign code draw, and keeps what it prints from the terminal."""
        with _EXCHANGE:
            outside = random.getstate(), np.random.get_state()
            random.setstate(self._python)
            np.random.set_state(self._numpy)
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    yield
            finally:
                self._python, self._numpy = random.getstate(), np.random.get_state()
                random.setstate(outside[0])
                np.random.set_state(outside[1])
