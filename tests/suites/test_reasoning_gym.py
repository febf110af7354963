"""reasoning-gym: the suite names every generator, the oracle answers, a question is the same in every process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.errors import UsageError
from agentgym.evaluators.metrics.reasoning import entry_of, reasoning_gym
from agentgym.families import Script, find_family, load_tasks, suites
from agentgym.suites.reasoning_gym.asking import GENERATORS, _right
from agentgym.tasks import Task

pytestmark = pytest.mark.episodes

# One of each kind; every one of them is played with AGENTGYM_ALL_GENERATORS=1.
SAMPLE = (
    "boxnet",  # these five have no answer of their own
    "graph_color",
    "propositional_logic",
    "rubiks_cube",
    "rush_hour",
    "composite",  # has nothing of its own
    "rearc",  # answers are compared with tuples
    "ransom_note",  # depends on the order of a set
    "game_of_life_halting",  # takes anything
    "prime_factorization",  # stumbles over text
    "chain_sum",
    "zebra_puzzles",
)
PLAYED = GENERATORS if os.environ.get("AGENTGYM_ALL_GENERATORS") else SAMPLE


def drawn(generator: str, seed: int = 0) -> Task:
    return find_family(f"reasoning-gym/{generator}").make(np.random.default_rng(seed))


def test_the_suite_has_every_generator_that_is_installed() -> None:
    from reasoning_gym.factory import DATASETS

    assert len(GENERATORS) == 106
    assert set(GENERATORS) == set(DATASETS)
    assert list(suites["reasoning-gym"].families) == list(GENERATORS)


@pytest.mark.parametrize("generator", PLAYED)
def test_the_right_answer_scores_1_and_a_question_mark_less(generator: str) -> None:
    for seed in range(2):
        params = drawn(generator, seed).seed_params
        entry = {**entry_of(generator, params["seed"]), "generator": generator}
        assert reasoning_gym(_right(entry), **params) == 1.0
        assert reasoning_gym("?", **params) < 1.0


def played(generator: str, seed: int, script: Script) -> float:
    """The score that a script gets in the environment of the suite."""
    suite = suites["reasoning-gym"]
    env = gym.make(suite.env, task=f"reasoning-gym/{generator}", disable_env_checker=True)
    try:
        env.reset(seed=seed)
        (action,) = script(env.unwrapped.task)  # type: ignore[attr-defined]  # every environment of a suite has one
        _, reward, terminated, _, info = env.step(action)
        assert terminated
        assert reward == info["score"]
        return float(reward)
    finally:
        env.close()


@pytest.mark.parametrize("generator", PLAYED)
def test_the_oracle_scores_1_where_the_suite_is_played(generator: str) -> None:
    family = find_family(f"reasoning-gym/{generator}")
    assert played(generator, 1, family.oracle) == 1.0
    assert all(played(generator, 1, miss) < 1.0 for miss in family.near_misses.values())


def test_nothing_submitted_scores_0() -> None:
    env = gym.make("agentgym/Tools-v0", task="reasoning-gym/power_function", disable_env_checker=True)
    env.reset(seed=0)
    assert env.step("DONE")[1] == 0.0


@pytest.mark.parametrize("generator", ["ransom_note"])
def test_a_question_is_the_same_in_every_process(generator: str) -> None:
    code = (
        "from agentgym.evaluators.metrics.reasoning import entry_of;"
        f"print(entry_of({generator!r}, 5)['question'], end='')"
    )
    asked = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for order in ("1", "2")
    }
    assert asked == {entry_of(generator, 5)["question"]}


def test_the_seed_draws_the_question() -> None:
    assert drawn("chain_sum", 3) == drawn("chain_sum", 3)
    assert len({drawn("chain_sum", seed).instruction for seed in range(20)}) == 20


def test_the_two_halves_ask_other_things() -> None:
    halves: list[set[Any]] = [
        {load_tasks("reasoning-gym/chain_sum", seed=seed, split=split)[0].instruction for seed in range(20)}
        for split in ("train", "test")
    ]
    assert not halves[0] & halves[1]


def test_parts_of_a_right_answer_are_paid_in_part() -> None:
    seed = 4
    answer = entry_of("chain_sum", seed)["answer"]
    assert 0 < reasoning_gym(f"It is {answer}", generator="chain_sum", seed=seed) < 1


def test_an_answer_that_the_scorer_stumbles_over_scores_0() -> None:
    assert reasoning_gym("seven", generator="prime_factorization", seed=0) == 0.0


def test_a_wrong_answer_to_what_takes_anything_scores_0() -> None:
    for seed in range(5):
        right = entry_of("game_of_life_halting", seed)["answer"]
        wrong = {"True": "False", "False": "True"}[right]
        assert reasoning_gym(right, generator="game_of_life_halting", seed=seed) == 1.0
        assert reasoning_gym(wrong, generator="game_of_life_halting", seed=seed) == 0.0


def test_what_was_scored_once_is_scored_the_same_again() -> None:
    """Boards are changed by the moves on them."""
    random.seed(0)
    entry = {**entry_of("boxnet", 1), "generator": "boxnet"}
    assert [reasoning_gym(_right(entry), generator="boxnet", seed=1) for _ in range(3)] == [1.0] * 3


def test_a_generator_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match="did you mean 'chain_sum'"):
        entry_of("chain_sums", 0)
