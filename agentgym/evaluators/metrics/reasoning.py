"""Questions of reasoning-gym's generators, and answers judged by the generator itself."""

from __future__ import annotations

import copy
import functools
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from agentgym.errors import UsageError
from agentgym.evaluators.metrics.fixedorder import FixedOrder
from agentgym.extras import needed
from agentgym.registry import suggestion

__all__ = ["METRICS", "entry_of", "reasoning_gym"]

# These go through sets of text, whose order is another in each process (reasoning-gym 0.1.25).
_ORDERED_BY_PROCESS = frozenset(
    {
        "intermediate_integration",
        "isomorphic_strings",
        "knight_swap",
        "polynomial_multiplication",
        "ransom_note",
        "word_ladder",
    }
)

# It takes every text that is not empty for right (reasoning-gym 0.1.25): bool("False") is True.
_TAKES_ANYTHING = frozenset({"game_of_life_halting"})

# What `composite` is made of, which has nothing of its own.
_MIXED = ("chain_sum", "gcd", "word_sorting")

_DRAWS = """
import reasoning_gym
def answer(generator, seed):
    return reasoning_gym.create_dataset(generator, seed=seed, size=1)[0]
"""
_drawn_in_order = FixedOrder(_DRAWS)


def reasoning_gym(answer: str, *, generator: str, seed: int) -> float:
    """What a generator's own ``score_answer`` gives an answer to the question that it draws by a seed.

    It may be a part of 1. An answer that it cannot read scores 0. ``game_of_life_halting`` takes any answer for right,
    so that there the text must be the same.

    Args:
        answer: what was submitted.
        generator: its name: ``"chain_sum"``.
        seed: the question's.
    """
    entry = entry_of(generator, seed)
    if generator in _TAKES_ANYTHING:
        return float(answer.strip() == entry["answer"])
    dataset = _dataset(generator, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score = float(dataset.score_answer(answer, entry))
        # The question is one that the generator made, so that what it stumbles over is the answer.
        except Exception:  # noqa: BLE001  # a boundary to scorers that others wrote
            return 0.0
    return min(1.0, max(0.0, score))


def entry_of(generator: str, seed: int) -> dict[str, Any]:
    """The generator's ``question``, ``answer`` and ``metadata``; the same for a seed in every process.

    Raises:
        UsageError: if there is no such generator.
        MissingDependencyError: if reasoning-gym is not installed.
    """
    return copy.deepcopy(_entry(generator, seed))


@functools.lru_cache(maxsize=256)
def _entry(generator: str, seed: int) -> dict[str, Any]:
    if generator in _ORDERED_BY_PROCESS and os.environ.get("PYTHONHASHSEED") != "0":
        needed("reasoning_gym", extra="reasoning")
        entry: dict[str, Any] = _drawn_in_order(generator, seed)
    else:
        entry = _dataset(generator, seed)[0]
    return entry


@functools.lru_cache(maxsize=16)
def _dataset(generator: str, seed: int) -> Any:
    package = needed("reasoning_gym", extra="reasoning")
    known = needed("reasoning_gym.factory", extra="reasoning").DATASETS
    if generator not in known:
        raise UsageError(f"reasoning-gym has no generator {generator!r}; {suggestion(str(generator), known)}")
    with warnings.catch_warnings():
        # `arc_agi` reads files that it leaves open.
        warnings.simplefilter("ignore", ResourceWarning)
        return package.create_dataset(generator, seed=seed, size=1, **_made_of(generator))


def _made_of(generator: str) -> Mapping[str, Any]:
    if generator != "composite":
        return {}
    spec = needed("reasoning_gym.composite", extra="reasoning").DatasetSpec
    return {"datasets": [spec(name, weight=1, config={}) for name in _MIXED]}


METRICS: Mapping[str, Callable[..., float]] = {"reasoning_gym": reasoning_gym}
