"""Many environments as one: like Gymnasium's own, and what it does not do."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import FrameStackObservation, GrayscaleObservation

from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.envs.micro import MicroEnv
from agentgym.envs.vector import VectorDesktops, make_desktops
from agentgym.errors import UsageError
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

_TASKS = [{"id": f"task-{number}", "instruction": f"Do {number}."} for number in range(5)]
_EDITOR = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}


def _env(**options: Any) -> DesktopEnv:
    backend = MemoryBackend(dies_after=options.pop("dies_after", None))
    given: dict[str, Any] = {"tasks": _TASKS, "action": "discrete", "max_steps": 4, **options}
    return DesktopEnv(backend=backend, screen=(64, 48), **given)


def _equal(one: Any, other: Any) -> None:
    """Objects in arrays of objects included, which numpy does not compare."""
    match one:
        case dict():
            assert list(one) == list(other)
            _equal(list(one.values()), list(other.values()))
        case np.ndarray() if one.dtype != object:
            np.testing.assert_array_equal(one, other)
        case list() | tuple() | np.ndarray():
            assert len(one) == len(other)
            for left, right in zip(one, other, strict=True):
                _equal(left, right)
        case _:
            assert one == other


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("kinds", [("screenshot",), ("screenshot", "instruction")])
def test_it_does_what_gymnasiums_own_does(mode: AutoresetMode, kinds: tuple[str, ...], threads: bool) -> None:
    make = partial(_env, observation=kinds)
    ours = VectorDesktops(make, 3, autoreset_mode=mode, threads=threads)
    theirs = SyncVectorEnv([make] * 3, autoreset_mode=mode)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    _equal(ours.reset(seed=7), theirs.reset(seed=7))
    ours.action_space.seed(0)
    for _ in range(15):
        actions = ours.action_space.sample()
        stepped = ours.step(actions)
        _equal(stepped, theirs.step(actions))
        over = stepped[2] | stepped[3]
        if mode is AutoresetMode.DISABLED and over.any():
            _equal(ours.reset(options={"reset_mask": over}), theirs.reset(options={"reset_mask": over}))
    ours.close()
    theirs.close()


def test_environments_end_at_different_times() -> None:
    envs = VectorDesktops(_env, 2, autoreset_mode="SameStep")
    envs.reset(seed=0)
    envs.step(["WAIT", "WAIT"])
    _, _, terminated, _, infos = envs.step(["DONE", "WAIT"])
    assert terminated.tolist() == [True, False]
    assert infos["_final_obs"].tolist() == [True, False]
    _, _, terminated, truncated, _ = envs.step(["WAIT", "WAIT"])
    assert not (terminated | truncated).any()
    _, _, _, truncated, _ = envs.step(["WAIT", "WAIT"])
    assert truncated.tolist() == [False, True]
    envs.close()


def test_a_broken_machine_ends_its_own_episode_alone() -> None:
    left = iter([2, None])
    envs = VectorDesktops(lambda: _env(dies_after=next(left), action="pyautogui", max_steps=None), 2)
    envs.reset(seed=0)
    envs.step(["pyautogui.press('a')"] * 2)
    before = envs.step(["pyautogui.press('a')"] * 2)[0]["screenshot"]
    after, rewards, terminated, truncated, infos = envs.step(["pyautogui.press('a')"] * 2)
    assert (truncated.tolist(), terminated.tolist(), rewards.tolist()) == ([True, False], [False, False], [0, 0])
    assert infos["failure"][0] == "machine"
    assert infos["failure"][1] is None
    np.testing.assert_array_equal(after["screenshot"][0], before[0])
    _, _, _, truncated, infos = envs.step(["pyautogui.press('a')"] * 2)
    assert not truncated.any()
    assert list(infos["failure"]) == [None, None]
    envs.close()


def test_threads_end_with_it() -> None:
    before = threading.active_count()
    envs = VectorDesktops(_env, 4, threads=True)
    envs.reset(seed=0)
    assert threading.active_count() > before
    envs.close()
    assert threading.active_count() == before


def test_every_environment_can_record(tmp_path: Path) -> None:
    envs = VectorDesktops(_env, 3, env_wrappers=[partial(TrajectoryRecorder, path=tmp_path)], threads=True)
    first, _ = envs.reset(seed=0)
    envs.action_space.seed(0)
    seen = [first["screenshot"]] + [envs.step(envs.action_space.sample())[0]["screenshot"] for _ in range(4)]
    envs.close()
    episodes = [episode for episode in Dataset(tmp_path) if len(episode)]
    assert [len(episode) for episode in episodes] == [4, 4, 4]
    recorded = {episode.observations["screenshot"][t].tobytes() for episode in episodes for t in range(5)}
    assert recorded == {picture.tobytes() for pictures in seen for picture in pictures}


def test_observations_are_the_callers_unless_it_says_otherwise() -> None:
    for copy in (True, False):
        envs = VectorDesktops(_env, 2, copy=copy)
        first = envs.reset(seed=0)[0]["screenshot"]
        before = first.copy()
        second = envs.step([[7, 0, 0, 3]] * 2)[0]["screenshot"]
        assert (first is second) is not copy
        assert not np.array_equal(second, before)
        assert np.array_equal(first, before) is copy
        envs.close()


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("size", [(84, 84), None])
def test_small_tasks_write_into_one_array(mode: AutoresetMode, size: Any) -> None:
    options = {"size": size, "max_steps": 3}
    ours = gym.make_vec("agentgym/ClickButton-v0", num_envs=3, autoreset_mode=mode, copy=False, **options)
    theirs = SyncVectorEnv([partial(MicroEnv, "click-button", **options)] * 3, autoreset_mode=mode)
    first, _ = ours.reset(seed=1)
    _equal(first, theirs.reset(seed=1)[0])
    ours.action_space.seed(1)
    for _ in range(12):
        actions = ours.action_space.sample()
        stepped = ours.step(actions)
        assert stepped[0] is first
        _equal(stepped, theirs.step(actions))
        over = stepped[2] | stepped[3]
        if mode is AutoresetMode.DISABLED and over.any():
            _equal(ours.reset(options={"reset_mask": over}), theirs.reset(options={"reset_mask": over}))
    ours.close()
    theirs.close()


@pytest.mark.parametrize("wrapper", [GrayscaleObservation, partial(FrameStackObservation, stack_size=3)])
def test_small_tasks_show_what_their_wrappers_make_of_them(wrapper: Any) -> None:
    ours = gym.make_vec("agentgym/ClickButton-v0", num_envs=2, env_wrappers=[wrapper], copy=False)
    theirs = SyncVectorEnv([lambda: wrapper(MicroEnv("click-button"))] * 2)
    _equal(ours.reset(seed=1)[0], theirs.reset(seed=1)[0])
    actions = np.array([[0, 3, 8, 0], [0, 9, 15, 0]])
    _equal(ours.step(actions)[0], theirs.step(actions)[0])
    ours.close()
    theirs.close()


def test_an_environment_that_does_not_close_leaves_no_other_open() -> None:
    class Stubborn(gym.Wrapper[Any, Any, Any, Any]):
        def close(self) -> None:
            super().close()
            raise RuntimeError("no")

    envs = VectorDesktops(_env, 2, env_wrappers=[Stubborn], threads=True)
    envs.reset(seed=0)
    with pytest.raises(RuntimeError, match="no"):
        envs.close()
    assert [env.unwrapped._begun for env in envs.envs] == [False, False]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"num_envs": 0}, "num_envs is 0"),
        ({"autoreset_mode": "nextstep"}, "'NextStep', 'SameStep', 'Disabled'"),
        ({"backend": MemoryBackend()}, "cannot share one machine"),
    ],
)
def test_what_cannot_work_is_said(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        gym.make_vec("agentgym/Desktop-v0", **{"num_envs": 2, "task": _TASKS[0], **arguments})


def test_what_does_not_fit_is_said() -> None:
    envs = VectorDesktops(_env, 2, autoreset_mode="Disabled")
    with pytest.raises(ResetNeeded):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(seed=[1, 2])
    for wrong in (
        {"seed": [1]},
        {"options": {"reset_mask": [True, False]}},
        {"options": {"reset_mask": np.zeros(2, bool)}},
    ):
        with pytest.raises(UsageError):
            envs.reset(**wrong)
    with pytest.raises(UsageError, match="1 actions for 2"):
        envs.step(["WAIT"])
    envs.step(["DONE", "WAIT"])
    with pytest.raises(ResetNeeded, match=r"\[0\]"):
        envs.step(["WAIT", "WAIT"])
    envs.close()


@pytest.mark.desktop
def test_desktops_are_stepped_at_once(tmp_path: Path) -> None:
    task = {"id": "type", "instruction": "Type.", "config": [_EDITOR]}
    envs = gym.make_vec(
        "agentgym/Desktop-v0",
        num_envs=2,
        task=task,
        settle_timeout=10.0,
        env_wrappers=[partial(TrajectoryRecorder, path=tmp_path)],
    )
    assert isinstance(envs, VectorDesktops)
    try:
        first, _ = envs.reset(seed=0)
        assert first["screenshot"].shape == (2, 720, 1280, 3)
        second, *_ = envs.step(["pyautogui.write('one')", "pyautogui.write('two')"])
        np.testing.assert_array_equal(first["screenshot"][0], first["screenshot"][1])
        assert (second["screenshot"][0] != second["screenshot"][1]).any()
    finally:
        envs.close()
    assert [len(episode) for episode in Dataset(tmp_path)] == [1, 1]


def test_a_notebook_shows_all_screens_side_by_side() -> None:
    envs = make_desktops(3, task={"id": "a", "instruction": "<script>"}, backend="memory", screen=(64, 48))
    try:
        envs.reset(seed=0)
        shown = envs._repr_html_()
    finally:
        envs.close()
    assert shown.count("<img") == 3
    assert "<script" not in shown
