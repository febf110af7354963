from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards import Transition, potential_shaping, relabel
from agentgym.trajectory import Dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

Make = Callable[..., gym.Env[Any, Any]]


class OwnTerms(gym.Wrapper[Any, Any, Any, Any]):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, {**info, "reward_terms": {"alive": 1.0}}


def one(transition: Transition) -> float:
    return 1.0


def reward_again(transition: Transition) -> float:
    return transition.reward


def test_the_reward_is_the_sum_of_the_terms() -> None:
    env = RewardHooks(gym.make("CartPole-v1"), cost=lambda shown: -0.25, bonus=one)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert (reward, type(reward)) == (1.75, float)
    assert info["reward_terms"] == {"env": 1.0, "cost": -0.25, "bonus": 1.0}


def test_hooks_see_the_transition_with_an_observation_of_before(make: Make) -> None:
    seen: list[Transition] = []

    def look(transition: Transition) -> float:
        seen.append(transition)
        return 0.0

    env = RewardHooks(make("typing"), look=look)
    env.reset(seed=0)
    env.step(5)
    assert not np.array_equal(seen[0].before["screenshot"], seen[0].after["screenshot"])
    assert (seen[0].action, seen[0].reward, seen[0].truncated) == (5, 0.0, False)


def test_hooks_around_hooks_are_all_paid_once_and_see_the_environments_reward() -> None:
    env = RewardHooks(RewardHooks(gym.make("CartPole-v1"), inner=reward_again), outer=reward_again)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert reward == 3.0
    assert info["reward_terms"] == {"env": 1.0, "inner": 1.0, "outer": 1.0}


def test_terms_that_an_environment_names_itself_are_kept_apart() -> None:
    env = RewardHooks(RewardHooks(OwnTerms(gym.make("CartPole-v1")), inner=one), outer=one)
    env.reset(seed=0)
    _, reward, _, _, info = env.step(0)
    assert reward == sum(info["reward_terms"].values()) == 3.0
    assert info["env_reward_terms"] == {"alive": 1.0}


def test_a_name_that_is_taken_further_in_is_refused() -> None:
    with pytest.raises(UsageError, match="'bonus'"):
        RewardHooks(gym.wrappers.TimeLimit(RewardHooks(gym.make("CartPole-v1"), bonus=one), 5), bonus=one)


def test_what_is_no_hook_is_refused() -> None:
    with pytest.raises(UsageError, match="'bonus' must be a function"):
        RewardHooks(gym.make("CartPole-v1"), bonus=3)  # type: ignore[arg-type]  # the fault under test


def test_a_failing_hook_is_named_out_of_step() -> None:
    env = RewardHooks(gym.make("CartPole-v1"), odd=lambda shown: float("nan"))
    env.reset(seed=0)
    with pytest.raises(RewardHookError, match="'odd'"):
        env.step(0)


def test_a_named_hook_survives_json() -> None:
    env = RewardHooks(gym.make("CartPole-v1"), root="math:fsum")
    spec = EnvSpec.from_json(env.spec.to_json())  # type: ignore[union-attr]  # registered environments have one
    assert spec.additional_wrappers[-1].kwargs == {"root": "math:fsum"}
    assert isinstance(gym.make(spec), RewardHooks)


@pytest.mark.parametrize("name", ["cartpole", "images", "mixed", "typing", "desktop"])
def test_relabelling_a_recording_gives_the_very_same_numbers(make: Make, tmp_path: Path, name: str) -> None:
    def size(observation: Any) -> float:
        leaf = observation.get("screenshot") if isinstance(observation, dict) else observation
        return float(np.asarray(leaf).astype(np.float64).mean())

    hooks = {
        "shaping": potential_shaping(size, 0.97),
        "scaled": lambda shown: 0.1 * shown.reward + len(repr(sorted(shown.info))),
        "again": reward_again,
    }
    first = {"shaping": hooks["shaping"]}
    rest = {name: hook for name, hook in hooks.items() if name != "shaping"}
    env = TrajectoryRecorder(RewardHooks(RewardHooks(make(name), **first), **rest), tmp_path)
    env.action_space.seed(1)
    env.reset(seed=1)
    live = []
    for _ in range(3):
        *_, info = env.step(env.action_space.sample())
        live.append(info["reward_terms"])
    env.close()
    terms = relabel(Dataset(tmp_path)[0], hooks)
    assert [{"env": step["env"], **{name: terms[name][t] for name in terms}} for t, step in enumerate(live)] == live
