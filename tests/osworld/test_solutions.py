"""Tasks of OSWorld's, as they were given, can be solved on a local desktop: 1 with an oracle, 0 without."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

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


@each_solution
def test_the_files_are_those_that_the_task_names(domain: str, solution: Solution) -> None:
    assert (TASKS / domain / f"{solution.task}.json").is_file()
    names = sorted(place.rpartition("/")[2] for place in places(raw_task(solution.task)))
    assert sorted(solution.files()) == names


def _played(domain: str, place: int, solution: Solution) -> Any:
    """One task in three is played by `make test`, so that each domain is, and all by `make test-osworld`."""
    return pytest.param(solution, id=f"{domain}-{solution.task[:8]}", marks=() if place % 3 == 1 else pytest.mark.long)


@pytest.mark.desktop
@pytest.mark.episodes
@pytest.mark.parametrize(
    "solution",
    [
        _played(domain, place, solution)
        for domain, solutions in SOLUTIONS.items()
        for place, solution in enumerate(solutions)
    ],
)
def test_the_oracle_scores_one_and_idleness_nothing(
    shared_desktop: gym.Env[Any, Any], mirror: Path, solution: Solution
) -> None:
    played = play(shared_desktop, solution, mirror)
    assert (played.without, played.score) == (0, 1)
