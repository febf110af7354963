"""The suite `research`: one right answer each, found by the real tools, and not by any of the near misses."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import Done, RawAction, ToolCall
from agentgym.evaluators import faults_of_spec
from agentgym.families import Script, TaskFamily, of_split, suites
from agentgym.suites.research import SUITE
from agentgym.tasks import Task, parse_task, task_to_dict

pytestmark = pytest.mark.episodes

FAMILIES = tuple(SUITE.families.values())
NEAR_MISSES = [
    pytest.param(family, script, id=f"{family.name}: {name}")
    for family in FAMILIES
    for name, script in family.near_misses.items()
]
SEEDS = range(5)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def drawn(family: TaskFamily, seed: int) -> Task:
    return family.make(np.random.default_rng(seed))


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[Any, Any]]:
    made: gym.Env[Any, Any] = gym.make("agentgym/Tools-v0", task="research/density", disable_env_checker=True)
    yield made
    made.close()


def played(env: gym.Env[Any, Any], task: Task, script: Script) -> float:
    """The score of a script, which ends the episode if the script does not."""
    env.reset(seed=1, options={"task": task})
    moves = script(task)
    action: RawAction = next(moves)
    while True:
        observation, reward, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            assert reward == info["score"]
            return float(reward)
        try:
            action = moves.send(observation)
        except StopIteration:
            action = Done()


def idle(_task: Task) -> Generator[RawAction, Any, None]:
    yield Done()


def test_the_suite_is_found_and_played_with_tools() -> None:
    assert suites["research"] is SUITE
    assert SUITE.env == "agentgym/Tools-v0"
    assert len(FAMILIES) >= 5


@each_family
def test_every_seed_makes_a_good_task_that_survives_json(family: TaskFamily) -> None:
    for seed in range(20):
        task = drawn(family, seed)
        assert task.id == f"research/{family.name}"
        assert task.evaluator is not None
        assert list(faults_of_spec(task.evaluator)) == []
        assert parse_task(json.loads(json.dumps(task_to_dict(task)))) == task
        assert drawn(family, seed) == task


@each_family
def test_both_halves_have_many_tasks_and_share_none(family: TaskFamily) -> None:
    halves = []
    for split in ("train", "test"):
        half = of_split(family, split)
        tasks = [half.make(np.random.default_rng(seed)) for seed in range(40)]
        halves.append({msgspec.json.encode((task.instruction, task.metadata["corpus"])) for task in tasks})
    assert min(len(half) for half in halves) >= 35
    assert not halves[0] & halves[1]


@each_family
def test_the_oracle_scores_one(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    assert [played(env, drawn(family, seed), family.oracle) for seed in SEEDS] == [1] * len(SEEDS)


@each_family
def test_doing_nothing_scores_zero(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    assert [played(env, drawn(family, seed), idle) for seed in SEEDS] == [0] * len(SEEDS)


@pytest.mark.parametrize(("family", "script"), NEAR_MISSES)
def test_a_near_miss_scores_less_than_one(env: gym.Env[Any, Any], family: TaskFamily, script: Script) -> None:
    assert max(played(env, drawn(family, seed), script) for seed in SEEDS) < 1


@each_family
@pytest.mark.parametrize(
    "answer", ["", "0", "?", "null", "{}", "[]", '{"town": null, "percent": NaN}', "\ud800", "the calculator"]
)
def test_an_answer_that_is_none_is_scored_all_the_same(env: gym.Env[Any, Any], family: TaskFamily, answer: str) -> None:
    def script(_task: Task) -> Generator[RawAction, Any, None]:
        yield ToolCall("submit", {"answer": answer})

    assert played(env, drawn(family, 0), script) == 0


@each_family
def test_the_right_answer_is_in_no_task_that_an_agent_sees(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    for seed in SEEDS:
        task = drawn(family, seed)
        assert task.evaluator is not None
        expected = task.evaluator.checks[0].expected
        assert expected is not None
        answer = expected.config["rules"]["expected"]
        observation, _ = env.reset(seed=1, options={"task": task})
        for value in answer.values() if isinstance(answer, dict) else (answer,):
            assert str(value) not in observation


def test_a_task_that_is_played_again_shows_the_same(env: gym.Env[Any, Any]) -> None:
    family = SUITE.families["report"]
    runs = []
    for _ in range(2):
        task = drawn(family, 3)
        observation, _ = env.reset(seed=1, options={"task": task})
        seen = [observation]
        moves = family.oracle(task)
        action = next(moves)
        for _ in range(30):
            observation, _, terminated, _, _ = env.step(action)
            seen.append(observation)
            if terminated:
                break
            action = moves.send(observation)
        runs.append(seen)
    assert runs[0] == runs[1]
    assert len(runs[0]) > 5


@each_family
def test_a_branch_from_any_step_sees_and_scores_what_the_whole_did(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    task = drawn(family, 4)
    env.reset(seed=1, options={"task": task})
    tokens, actions, seen = [], [], []
    moves = family.oracle(task)
    action = next(moves)
    while True:
        tokens.append(env.unwrapped.snapshot())  # type: ignore[attr-defined]  # a ToolEnv's
        actions.append(action)
        observation, reward, terminated, _, _ = env.step(action)
        seen.append((observation, reward))
        if terminated:
            break
        action = moves.send(observation)
    for start in reversed(range(len(tokens))):
        env.unwrapped.restore(tokens[start])  # type: ignore[attr-defined]  # a ToolEnv's
        assert [env.step(action)[:2] for action in actions[start:]] == seen[start:]
    assert seen[-1][1] == 1
