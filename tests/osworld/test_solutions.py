"""Tasks of OSWorld's, as they were given, can be solved on a local desktop: 1 with an oracle, 0 without."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.cli.requirements import what_is_lacking
from tests.osworld.mirror import places
from tests.osworld.playing import TASKS, play, raw_task
from tests.osworld.solution import Solution
from tests.osworld.solutions import SOLUTIONS

ALL = [(domain, solution) for domain, solutions in SOLUTIONS.items() for solution in solutions]
each_solution = pytest.mark.parametrize(
    ("domain", "solution"), ALL, ids=[f"{domain}-{solution.task[:8]}" for domain, solution in ALL]
)


def test_no_task_is_solved_twice() -> None:
    assert max(Counter(solution.task for _, solution in ALL).values()) == 1


@pytest.mark.episodes
@each_solution
def test_the_files_are_those_that_the_task_names(domain: str, solution: Solution) -> None:
    assert (TASKS / domain / f"{solution.task}.json").is_file()
    names = sorted(place.rpartition("/")[2] for place in places(raw_task(solution.task)))
    assert sorted(solution.files()) == names


_IN_EVERY_RUN = frozenset(
    [
        "12086550",
        "7767eef2",
        "77b8ab4d",
        "035f41ba",
        "0bf05a7d",
        "1273e544",
        "37608790",
        "6e99a1ad",
        "abed40dc",
        "2b94c692",
        "9cf05d24",
        "ac1b39ff",
        "ef9d12bd",
        "0b17a146",
        "0e47de2a",
        "ecc2413d",
        "2c9fc0de",
        "91190194",
        "3ce045a0",
        "5ea617a3",
        "6f56bf42",
    ]
)
"""Quick ones of each domain, which `make test` plays; `make test-osworld` plays all."""


def _played(domain: str, solution: Solution) -> Any:
    name = solution.task[:8]
    return pytest.param(solution, id=f"{domain}-{name}", marks=() if name in _IN_EVERY_RUN else pytest.mark.long)


@pytest.mark.desktop
@pytest.mark.episodes
@pytest.mark.parametrize(
    "solution",
    [_played(domain, solution) for domain, solution in ALL],
)
def test_the_oracle_scores_one_and_idleness_nothing(
    shared_desktop: gym.Env[Any, Any], mirror: Path, solution: Solution
) -> None:
    lacking = what_is_lacking(raw_task(solution.task)["related_apps"])
    if lacking is not None:
        pytest.skip(f"{lacking} (make test-osworld does that)")
    played = play(shared_desktop, solution, mirror)
    assert played.solves(solution), played
