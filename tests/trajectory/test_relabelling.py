"""Rewards that are paid afterwards, against the same rewards paid live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.errors import RewardHookError, UsageError
from agentgym.events import Note, Record, Reward, RunStarted, Step
from agentgym.rewards import RewardHook, Transition, potential_shaping
from agentgym.trajectory import Dataset
from agentgym.trajectory.relabelling import relabel_dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder


def size(observation: Any) -> float:
    leaf = observation["screenshot"] if isinstance(observation, dict) else observation
    return float(np.asarray(leaf, np.float64).mean())


def lean(transition: Transition) -> float:
    return -0.1 * float(np.abs(np.asarray(transition.after, np.float64)).sum()) * transition.reward


def told(transition: Transition) -> float:
    return float(len(repr(sorted(transition.info)))) + (3.0 if transition.truncated else 0.1)


class OwnTerms(gym.Wrapper[Any, Any, Any, Any]):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, {**info, "reward_terms": {"alive": 1.0}}


def act(env: gym.Env[Any, Any], actions: Any, *, episodes: int = 2) -> None:
    for seed in range(episodes):
        env.reset(seed=seed)
        for action in actions:
            if any(env.step(action)[2:4]):
                break
    env.close()


def steps(dataset: Dataset) -> list[Step]:
    found = [record.payload for run_id in dataset.runs for record in dataset.records(run_id)]
    return [payload for payload in found if isinstance(payload, Step)]


def paid(dataset: Dataset) -> list[tuple[float, dict[str, Any], str]]:
    return [(step.reward, step.reward_terms, repr(step.info)) for step in steps(dataset)]


def live_and_relabelled(
    env: gym.Env[Any, Any], tmp_path: Path, hooks: dict[str, RewardHook], actions: Any
) -> tuple[Dataset, Dataset]:
    """The same episodes recorded outside RewardHooks, and recorded inside and relabelled."""
    inner = TrajectoryRecorder(env, tmp_path / "inner")
    act(TrajectoryRecorder(RewardHooks(inner, **hooks), tmp_path / "live"), actions)
    return Dataset(tmp_path / "live"), relabel_dataset(Dataset(tmp_path / "inner"), tmp_path / "new", hooks)


@pytest.mark.parametrize("wrap", [lambda env: env, OwnTerms, lambda env: RewardHooks(env, first=lean)])
def test_on_cartpole_the_numbers_are_those_of_live_hooks(tmp_path: Path, wrap: Any) -> None:
    hooks = {"shaping": potential_shaping(size, 0.97), "lean": lean, "told": told}
    env = wrap(gym.make("CartPole-v1", max_episode_steps=9))
    live, relabelled = live_and_relabelled(env, tmp_path, hooks, [0, 1, 1] * 4)
    assert len(steps(live)) == 18
    assert paid(relabelled) == paid(live)
    assert [episode.total_return for episode in relabelled] == [episode.total_return for episode in live]


@pytest.mark.desktop
def test_on_a_desktop_the_numbers_are_those_of_live_hooks(tmp_path: Path) -> None:
    hooks = {"shaping": potential_shaping(size, 0.99), "told": told}
    env = gym.make("agentgym/Desktop-v0", task="apps/note-save", screen=(640, 480), max_steps=4, settle_timeout=10.0)
    actions = ["pyautogui.write('hello')", "pyautogui.hotkey('ctrl', 'a')", "pyautogui.nothing()", "WAIT"]
    live, relabelled = live_and_relabelled(env, tmp_path, hooks, actions)
    assert len({terms["shaping"] for _, terms, _ in paid(live)}) > 2, "the screen changed"
    assert paid(relabelled) == paid(live)
    assert [episode.score for episode in relabelled] == [0.0, 0.0]


@pytest.fixture
def recorded(tmp_path: Path) -> Dataset:
    env = TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=4), tmp_path / "data", agent="me")
    env.bus.publish(Note(kind="early", value={"deep": (1, b"2")}))
    act(env, [0, 1] * 4)
    act(TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=4), tmp_path / "data"), [1], episodes=1)
    return Dataset(tmp_path / "data")


def records(dataset: Dataset) -> list[Record]:
    return [record for run_id in dataset.runs for record in dataset.records(run_id)]


def test_all_else_stays_as_it_was(recorded: Dataset, tmp_path: Path) -> None:
    relabelled = relabel_dataset(recorded, tmp_path / "new", {"lean": lean})
    assert relabelled.runs == recorded.runs
    assert relabelled.description == recorded.description
    for new, old in zip(records(relabelled), records(recorded), strict=True):
        assert (new.ts_utc, new.idx, new.episode, new.event_type) == (old.ts_utc, old.idx, old.episode, old.event_type)
        if isinstance(old.payload, Note):
            assert new.payload == old.payload
        if isinstance(new.payload, Step) and isinstance(old.payload, Step):
            assert np.array_equal(new.payload.observation, old.payload.observation)
            assert (new.payload.action, new.payload.timing) == (old.payload.action, old.payload.timing)


def test_the_old_dataset_is_not_touched(recorded: Dataset, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in recorded.path.iterdir()}
    relabel_dataset(recorded, tmp_path / "new", {"lean": lean})
    assert {path.name: path.read_bytes() for path in recorded.path.iterdir()} == before


def test_the_run_says_what_it_was_relabelled_with(recorded: Dataset, tmp_path: Path) -> None:
    once = relabel_dataset(recorded, tmp_path / "once", {"lean": lean})
    twice = relabel_dataset(once, tmp_path / "twice", {"told": f"{__name__}:told"})
    began = [record.payload for record in records(twice) if isinstance(record.payload, RunStarted)]
    assert {repr(event.metadata["relabelled"]) for event in began} == {
        repr({"lean": "lean", "told": f"{__name__}:told"})
    }
    assert set(twice[0].reward_terms[0]) == {"env", "lean", "told"}


def test_a_term_that_was_added_afterwards_is_refused_too(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=2), tmp_path / "data")
    act(env, [0, 1], episodes=1)
    late = TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=2), tmp_path / "data")
    late.reset(seed=0)
    late.step(0)
    late.bus.publish(Reward(step=1, value=0.5, name="lean"))
    late.close()
    with pytest.raises(UsageError, match="has a term 'lean' already"):
        relabel_dataset(Dataset(tmp_path / "data"), tmp_path / "new", {"lean": lean})
    assert not (tmp_path / "new").exists()
    assert (
        relabel_dataset(Dataset(tmp_path / "data"), tmp_path / "new", {"other": lean})[1].reward_terms[0]["lean"] == 0.5
    )


def test_a_term_that_is_paid_already_is_refused_and_nothing_written(recorded: Dataset, tmp_path: Path) -> None:
    once = relabel_dataset(recorded, tmp_path / "once", {"lean": lean})
    with pytest.raises(UsageError, match="has a term 'lean' already"):
        relabel_dataset(once, tmp_path / "twice", {"lean": told})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "once"]


def test_a_hook_that_fails_is_named_and_nothing_written(recorded: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RewardHookError, match="'odd'"):
        relabel_dataset(recorded, tmp_path / "new", {"odd": lambda shown: float("nan")})
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("hooks", [{}, {"env": lean}])
def test_no_hook_and_the_environments_name_are_refused(
    recorded: Dataset, tmp_path: Path, hooks: dict[str, RewardHook]
) -> None:
    with pytest.raises(UsageError, match="'env'"):
        relabel_dataset(recorded, tmp_path / "new", hooks)


def test_progress_is_told_each_episode(recorded: Dataset, tmp_path: Path) -> None:
    seen: list[int] = []
    relabel_dataset(recorded, tmp_path / "new", {"lean": lean}, progress=lambda episode: seen.append(len(episode)))
    assert sorted(seen) == [1, 4, 4]
