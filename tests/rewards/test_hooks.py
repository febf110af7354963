from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agentgym import Dataset
from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards import (
    EpisodeHook,
    Hook,
    Novelty,
    Transition,
    evaluator_progress,
    invalid_action_penalty,
    novelty,
    progress_shaping,
    relabel,
    step_cost,
    term,
)
from agentgym.wrappers import RewardHooks, TrajectoryRecorder


def transition(before_info: dict[str, Any] | None = None, *, terminated: bool = False, **info: Any) -> Transition:
    return Transition(0, 0, 0, 1.0, terminated, False, info, before_info or {})


class Walk(gym.Env[Any, Any]):
    """A light that moves along a dark bar; ``info`` tells how far, and what is no move."""

    observation_space = spaces.Box(0, 255, (64, 64, 3), np.uint8)
    action_space = spaces.Discrete(4)

    def __init__(self) -> None:
        self._picture = np.zeros((64, 64, 3), np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._place = 0
        return self._seen(), self._info(None)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        error = "there is no way" if action > 1 else None
        if error is None:
            self._place = max(0, self._place + (1 if action else -1))
        over = self._place == 5
        return self._seen(), float(over), over, False, self._info(error)

    def _seen(self) -> Any:
        # The same array again, as some environments do.
        self._picture[:] = 0
        self._picture[:, 10 * self._place : 10 * self._place + 10] = 255
        return self._picture

    def _info(self, error: str | None) -> dict[str, Any]:
        return {"progress": self._place / 5, "action_error": error, "evaluator_score": self._place / 5}


def test_progress_is_a_potential_of_both_infos() -> None:
    assert progress_shaping(0.5)(transition({"progress": 0.25}, progress=0.75)) == 0.5 * 0.75 - 0.25


def test_a_terminal_state_has_no_progress_to_pay_for() -> None:
    assert progress_shaping(0.9)(transition({"progress": 0.75}, terminated=True, progress=1.0)) == -0.75


def test_an_info_without_progress_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(RewardHookError, match="'p': info has no 'progress'; did you mean 'progres'"):
        term("p", progress_shaping(1.0), transition({"progress": 0}, progres=1))


def test_progress_that_is_no_number_is_an_error() -> None:
    with pytest.raises(RewardHookError, match=r"info\['progress'\] is None"):
        term("p", progress_shaping(1.0), transition({"progress": None}, progress=1))


def test_costs_are_taken() -> None:
    assert step_cost(0.25)(transition()) == -0.25
    penalty = invalid_action_penalty(2)
    assert [penalty(transition(action_error=said)) for said in ("off the screen", None, "")] == [-2.0, 0.0, 0.0]
    assert penalty(transition()) == 0.0


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf")])
@pytest.mark.parametrize("cost", [step_cost, invalid_action_penalty])
def test_a_cost_that_would_pay_is_refused(cost: Any, amount: float) -> None:
    with pytest.raises(UsageError, match="0 or more"):
        cost(amount)


def test_evaluator_progress_is_what_the_score_has_gained() -> None:
    hook = evaluator_progress()
    assert hook(transition({"evaluator_score": 0.25}, terminated=True, evaluator_score=1.0)) == 0.75
    assert hook(transition({"evaluator_score": 0.25}, terminated=True, evaluator_score=None)) == 0.0
    with pytest.raises(RewardHookError, match="EvaluatorScore"):
        hook(transition({}))


def test_what_is_new_pays_most_and_the_start_is_known() -> None:
    hook = Novelty(of=lambda observation: observation).begin()
    visited = [(0, 1), (1, 0), (0, 1), (1, 1)]
    paid = [hook(Transition(before, 0, after, 0.0, False, False, {})) for before, after in visited]
    assert paid == [1.0, 1 / math.sqrt(2), 1 / math.sqrt(2), 1 / math.sqrt(3)]


def test_novelty_is_an_episodes_own() -> None:
    env = RewardHooks(Walk(), new=novelty())
    paid = []
    for _ in range(2):
        env.reset()
        paid.append([env.step(action)[4]["reward_terms"]["new"] for action in (1, 0, 1)])
    assert paid[0] == paid[1] == [1.0, 1 / math.sqrt(2), 1 / math.sqrt(2)]


def test_one_novelty_serves_several_environments() -> None:
    shared = novelty()
    envs = [RewardHooks(Walk(), new=shared) for _ in range(2)]
    for env in envs:
        env.reset()
    assert [env.step(1)[4]["reward_terms"]["new"] for env in envs] == [1.0, 1.0]


def test_screens_are_the_same_from_afar() -> None:
    noise = np.random.default_rng(0).integers(100, 102, (720, 1280, 3), dtype=np.uint8)
    other = np.full((720, 1280, 3), 101, np.uint8)
    window = other.copy()
    window[200:400, 300:600] = 255
    pays = novelty().begin()
    seen = [{"screenshot": picture} for picture in (noise, other, window)]
    paid = [pays(Transition(a, 0, b, 0.0, False, False, {})) for a, b in pairwise(seen)]
    assert paid == [1 / math.sqrt(2), 1.0]


def test_novelty_without_a_picture_says_what_to_do() -> None:
    with pytest.raises(RewardHookError, match="Novelty"):
        term("new", novelty().begin(), transition())


@pytest.mark.parametrize("options", [{"side": 0}, {"shades": 1}, {"shades": 300}])
def test_novelty_needs_pixels_and_shades(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="side is at least 1"):
        novelty(**options)


def test_every_hook_pays_the_same_on_a_recording(tmp_path: Path) -> None:
    hooks: dict[str, Hook] = {
        "progress": progress_shaping(0.97),
        "gained": evaluator_progress(),
        "cost": step_cost(0.01),
        "invalid": invalid_action_penalty(0.5),
        "new": novelty(),
    }
    live = []
    env = TrajectoryRecorder(RewardHooks(Walk(), **hooks), tmp_path)
    for _ in range(2):
        env.reset(seed=0)
        live.append([env.step(action)[4]["reward_terms"] for action in (1, 3, 1, 0, 1, 1, 1, 1)])
    env.close()
    dataset = Dataset(tmp_path)
    for episode, paid in zip(dataset, live, strict=True):
        terms = relabel(episode, hooks)
        again = [dict(zip(terms, values, strict=True)) for values in zip(*terms.values(), strict=True)]
        assert again == [{name: value for name, value in step.items() if name != "env"} for step in paid]
        assert next(episode.transitions()).before_info == episode.reset_info
        at_3 = list(episode.transitions())[3]
        assert episode.transition(3).before_info == at_3.before_info
        assert (at_3.before_info["progress"], at_3.info["progress"]) == (0.4, 0.2)


def test_only_what_begins_is_an_episode_hook() -> None:
    assert isinstance(novelty(), EpisodeHook)
    assert not isinstance(step_cost(1), EpisodeHook)
