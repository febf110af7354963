"""Questions of reasoning-gym's generators, and answers judged by the generator itself."""

from __future__ import annotations

import copy
import functools
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from agentgym.errors import BackendError, UsageError
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

_CHILD = """
import json, sys, reasoning_gym
print(json.dumps(reasoning_gym.create_dataset(sys.argv[1], seed=int(sys.argv[2]), size=1)[0]))
"""
_CHILD_TAKES_S = 120


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
        return _drawn_elsewhere(generator, seed)
    entry: dict[str, Any] = _dataset(generator, seed)[0]
    return entry


def _drawn_elsewhere(generator: str, seed: int) -> dict[str, Any]:
    """The entry as a process draws it in which the order of sets is fixed."""
    needed("reasoning_gym", extra="reasoning")
    command = [sys.executable, "-c", _CHILD, generator, str(seed)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=_CHILD_TAKES_S)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")[-500:]
        raise BackendError(f"reasoning-gym's {generator!r} drew nothing for seed {seed}: {said}", kind="application")
    entry: dict[str, Any] = json.loads(done.stdout)
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
