"""Draws that are the same with every version of Python and NumPy: only ``random()`` of a seed is promised to be."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

__all__ = ["Draws"]

T = TypeVar("T")


class Draws:
    """A source of chance."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both possible."""
        return low + int(self._random.random() * (high - low + 1))

    def one(self, choices: Sequence[T]) -> T:
        return choices[self.between(0, len(choices) - 1)]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """``count`` different ones of the choices, in the order of the draw."""
        left = list(choices)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(count)]

    def day(self, year: int) -> date:
        return date(year, 1, 1) + timedelta(days=self.between(0, 363))

    def varied(self, number: int, percent: int) -> int:
        """A number that is up to so many percent more or less, but never the same."""
        while True:
            other = number * (1000 + self.between(-10 * percent, 10 * percent)) // 1000
            if other != number:
                return other
