"""Small sums in words: questions with one right number, for environments that come without data."""

from __future__ import annotations

import numpy as np

__all__ = ["word_sum"]

_NAMES = ("Ada", "Bo", "Carla", "Dan", "Eli", "Fay")
_THINGS = ("pens", "apples", "stamps", "marbles", "tickets", "shells")


def word_sum(rng: np.random.Generator) -> tuple[str, int]:
    """A question and its answer."""
    name, other = (str(one) for one in rng.choice(_NAMES, size=2, replace=False))
    things = str(rng.choice(_THINGS))
    boxes, each, given = int(rng.integers(3, 13)), int(rng.integers(5, 31)), int(rng.integers(1, 15))
    times = int(rng.integers(2, 5))
    question = (
        f"{name} has {boxes} boxes with {each} {things} in each, and gives {given} {things} to {other}. "
        f"Then {name} finds {times} times as many {things} as {other} was given. How many {things} has {name} now?"
    )
    return question, boxes * each - given + times * given
