from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym import Dataset
from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards import LLMJudge, Transition, novelty, relabel, step_cost
from agentgym.wrappers import LateRewards, RewardHooks, TrajectoryRecorder
from tests.modelserver import ModelServer, serving

Make = Callable[..., gym.Env[Any, Any]]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(lambda body: f'{{"score": {0.25 if "Action: 1" in str(body) else 0.5}}}') as judge:
        yield judge


def cartpole(path: Path) -> TrajectoryRecorder:
    return TrajectoryRecorder(RewardHooks(gym.make("CartPole-v1", max_episode_steps=4), cost=step_cost(0.5)), path)


def play(env: gym.Env[Any, Any], seed: int = 0) -> list[float]:
    env.reset(seed=seed)
    return [float(env.step(action)[1]) for action in (0, 1, 1, 0)]


def test_steps_do_not_wait_for_the_judge(server: ModelServer, tmp_path: Path) -> None:
    judge = LLMJudge("small", "Pay.", base_url=server.url, cache=tmp_path / "cache")
    env = LateRewards(cartpole(tmp_path / "data"), judge=judge)
    server.gate.clear()
    assert play(env) == [0.5] * 4, "all four steps, and no verdict yet"
    assert "judge" not in Dataset(tmp_path / "data")[0].reward_terms[0]
    server.gate.set()
    env.close()
    (episode,) = Dataset(tmp_path / "data")
    assert [terms["judge"] for terms in episode.reward_terms] == [0.5, 0.25, 0.25, 0.5]
    assert episode.rewards.tolist() == [1.0, 0.75, 0.75, 1.0]


def test_a_relabelled_recording_pays_the_same_without_asking_again(server: ModelServer, tmp_path: Path) -> None:
    judge = LLMJudge("small", "Pay.", base_url=server.url, cache=tmp_path / "cache")
    env = LateRewards(cartpole(tmp_path / "data"), judge=judge)
    play(env)
    env.close()
    asked = len(server.requests)
    (episode,) = Dataset(tmp_path / "data")
    assert relabel(episode, {"judge": judge})["judge"] == [terms["judge"] for terms in episode.reward_terms]
    assert len(server.requests) == asked == 4


def test_verdicts_belong_to_the_episode_that_they_were_asked_of(tmp_path: Path) -> None:
    hold = threading.Event()

    def slow(transition: Transition) -> float:
        assert hold.wait(60)
        return float(transition.after[0])

    env = LateRewards(cartpole(tmp_path), slow=slow)
    play(env, seed=0)
    timer = threading.Timer(0.05, hold.set)
    timer.start()
    play(env, seed=1)
    env.close()
    timer.join()
    for episode in Dataset(tmp_path):
        cart = [float(episode.observations[t + 1][0]) for t in range(4)]
        assert [terms["slow"] for terms in episode.reward_terms] == cart


def test_every_so_many_steps_and_the_last_are_judged(tmp_path: Path) -> None:
    env = LateRewards(cartpole(tmp_path), every=3, one=lambda transition: 1.0)
    play(env)
    env.close()
    assert ["one" in terms for terms in Dataset(tmp_path)[0].reward_terms] == [False, False, True, True]


def test_hooks_see_the_environments_reward_and_the_screen_as_it_was(make: Make, tmp_path: Path) -> None:
    hold = threading.Event()
    seen: list[Transition] = []

    def look(transition: Transition) -> float:
        assert hold.wait(60)
        seen.append(transition)
        return 0.0

    env = LateRewards(
        TrajectoryRecorder(RewardHooks(make("typing"), cost=step_cost(1)), tmp_path), threads=1, look=look
    )
    env.reset(seed=0)
    screens = [env.step(action)[0]["screenshot"].copy() for action in (1, 2, 3)]
    hold.set()
    env.close()
    assert [np.array_equal(shown.after["screenshot"], screen) for shown, screen in zip(seen, screens, strict=True)] == [
        True
    ] * 3
    assert [shown.reward for shown in seen] == [0.0] * 3
    assert "reward_terms" not in seen[0].info


def test_a_failing_hook_is_told_at_the_end_and_the_others_are_kept(tmp_path: Path) -> None:
    env = LateRewards(
        cartpole(tmp_path), threads=1, odd=lambda transition: 1 / transition.action, one=lambda transition: 1.0
    )
    play(env)
    with pytest.raises(RewardHookError, match="'odd' raised ZeroDivisionError") as raised:
        env.reset(seed=1)
    assert raised.value.__notes__[0] == "at step 1"
    assert "1 more verdicts failed" in raised.value.__notes__[1]
    play(env, seed=1)
    with pytest.raises(RewardHookError, match="'odd'"):
        env.close()
    assert [[sorted(terms) for terms in episode.reward_terms] for episode in Dataset(tmp_path)] == [
        [["cost", "env", "one"], ["cost", "env", "odd", "one"], ["cost", "env", "odd", "one"], ["cost", "env", "one"]]
    ] * 2


def test_what_cannot_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="TrajectoryRecorder"):
        LateRewards(gym.make("CartPole-v1"), one=lambda transition: 1.0)
    with pytest.raises(UsageError, match="at least 1"):
        LateRewards(cartpole(tmp_path), every=0)
    with pytest.raises(UsageError, match="'new' remembers"):
        LateRewards(cartpole(tmp_path), new=novelty())  # type: ignore[arg-type]  # the fault under test
