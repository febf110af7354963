from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.errors import DatasetError, UsageError
from agentgym.events import Bus, Reset, Step
from agentgym.state.replaying import Compared, Tolerance, replay
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, TrajectoryWriter
from agentgym.wrappers import TrajectoryRecorder
from tests.state.drawing import Brighter, Speck, Unknown, Walk

ACTIONS = (1, 0, 1, 1)


def record(path: Path, env: gym.Env[Any, Any] | None = None, *, seeds: tuple[int | None, ...] = (7,)) -> Dataset:
    recorder = TrajectoryRecorder(env or gym.make("tests/Walk-v0", stride=2), path)
    for seed in seeds:
        recorder.reset(seed=seed)
        for action in ACTIONS:
            recorder.step(action)
    recorder.close()
    return Dataset(path)


class Speckled(gym.Wrapper[Any, Any, Any, Any]):
    """Another desktop, which shows a pixel more after a step."""

    def step(self, action: Any) -> Any:
        observation, *rest = self.env.step(action)
        observation["screenshot"][0, 0] ^= 255
        return observation, *rest


def tampered(path: Path, was: str, now: str) -> Dataset:
    """The dataset with its records changed in one place."""
    (file,) = path.glob("*.jsonl")
    text = file.read_text()
    assert re.search(was, text)
    file.write_text(re.sub(was, now, text, count=1))
    return Dataset(path)


def test_an_episode_is_the_same_when_it_is_done_again(tmp_path: Path) -> None:
    seen: list[Compared] = []
    found = replay(record(tmp_path), 0, watch=seen.append)
    assert found.is_same
    assert (found.steps, found.of, found.before, found.is_seeded) == (4, 4, 0, True)
    assert [(one.step, one.action) for one in seen] == [(0, None), (1, 1), (2, 0), (3, 1), (4, 1)]


def test_the_environment_is_made_with_its_arguments_and_wrappers(tmp_path: Path) -> None:
    wrapped = Brighter(gym.make("tests/Walk-v0", stride=3), by=40)
    assert replay(record(tmp_path, wrapped), 0).is_same


def test_a_wrong_pixel_is_found_at_its_step(tmp_path: Path) -> None:
    found = replay(record(tmp_path), 0, Speck(stride=2))
    (one,) = found.different
    assert (one.step, found.steps) == (3, 3)
    (difference,) = one.found
    assert (difference.where, difference.recorded, difference.replayed) == (
        "observation.screenshot",
        [0, 0, 0],
        [1, 2, 3],
    )
    assert difference.pixels is not None
    assert (difference.pixels.x, difference.pixels.y, difference.pixels.count) == (33, 44, 1)


def test_every_step_that_differs_is_told_if_asked_for(tmp_path: Path) -> None:
    found = replay(record(tmp_path), 0, Walk(stride=1), every=True)
    assert [one.step for one in found.different] == [1, 3, 4]
    assert [one.where for one in found.different[0].found] == [
        "observation.screenshot",
        "observation.text",
        "reward",
    ]
    assert found.different[0].found[1].line == 2


def test_another_seed_shows_at_the_reset(tmp_path: Path) -> None:
    record(tmp_path)
    found = replay(tampered(tmp_path, '"seed":7', '"seed":8'), 0)
    assert found.different[0].step == 0


def test_a_tampered_reward_is_found_at_its_step(tmp_path: Path) -> None:
    dataset = record(tmp_path)
    reward = float(dataset[0].rewards[1])
    found = replay(tampered(tmp_path, rf'"reward":{reward}', '"reward":999.0'), 0, every=True)
    (one,) = found.different
    assert (one.step, [difference.where for difference in one.found]) == (2, ["reward"])
    assert one.found[0].what == f"999.0, now {reward}"


def test_a_tampered_action_is_found_at_its_step(tmp_path: Path) -> None:
    record(tmp_path)
    found = replay(tampered(tmp_path, '"action":0', '"action":1'), 0)
    assert found.different[0].step == 2


def test_what_may_differ_does_not_count(tmp_path: Path) -> None:
    dataset = record(tmp_path)
    assert replay(dataset, 0, Speck(stride=2), tolerance=Tolerance(pixels=1)).is_same
    assert replay(dataset, 0, Speck(stride=2), tolerance=Tolerance(pixels=None)).is_same
    assert replay(dataset, 0, Speck(stride=2), tolerance=Tolerance(ignore=("observation.*",))).is_same
    assert not replay(dataset, 0, Walk(1), tolerance=Tolerance(pixels=None)).is_same


def test_an_episode_without_a_seed_goes_on_from_those_before_it(tmp_path: Path) -> None:
    dataset = record(tmp_path, seeds=(3, None, None, 3, None))
    found = [replay(dataset, place) for place in range(5)]
    assert all(one.is_same and one.is_seeded for one in found)
    assert [one.before for one in found] == [0, 1, 2, 0, 1]


def test_a_run_without_any_seed_says_so(tmp_path: Path) -> None:
    assert not replay(record(tmp_path, seeds=(None,)), 0).is_seeded


def test_an_environment_that_ends_earlier_differs(tmp_path: Path) -> None:
    dataset = record(tmp_path)

    class Short(Walk):
        def step(self, action: Any) -> Any:
            observation, reward, _, truncated, info = super().step(action)
            return observation, reward, self.count == 2, truncated, info

    found = replay(dataset, 0, Short(stride=2), every=True)
    assert [(one.step, one.found[0].where) for one in found.different] == [(2, "terminated")]
    assert (found.steps, found.is_same) == (2, False)


def test_cut_and_secret_texts_are_compared_as_they_were_kept(tmp_path: Path) -> None:
    class Talks(Walk):
        def seen(self) -> dict[str, Any]:
            return {**super().seen(), "text": f"password=hunter2secret {'long ' * 2000}{self.place}"}

    recorder = TrajectoryRecorder(Talks(), tmp_path, preview_chars=100)
    recorder.reset(seed=1)
    recorder.step(1)
    recorder.close()
    assert "hunter2" not in next(tmp_path.glob("*.jsonl")).read_text()
    assert replay(Dataset(tmp_path), 0, Talks()).is_same


def test_arguments_that_are_not_recorded_are_asked_for(tmp_path: Path) -> None:
    dataset = record(tmp_path / "wrapped", Unknown(gym.make("tests/Walk-v0"), True))
    with pytest.raises(UsageError, match=r"arguments of the wrapper tests\.state\.drawing:Unknown .* pass it"):
        replay(dataset, 0)
    assert replay(dataset, 0, Unknown(Walk(), True)).is_same


def test_a_recording_that_names_no_environment_asks_for_one(tmp_path: Path) -> None:
    bus = Bus("r")
    writer = TrajectoryWriter(tmp_path, "r")
    bus.subscribe(writer.append)
    bus.publish(Reset(observation=None))
    bus.publish(Step(step=1, observation=None, action=1, reward=0.0, terminated=True, truncated=False))
    writer.close()
    with pytest.raises(DatasetError, match="does not say in which environment"):
        replay(Dataset(tmp_path), 0)


def test_an_error_of_the_environment_says_at_which_step(tmp_path: Path) -> None:
    dataset = record(tmp_path)

    class Breaks(Walk):
        def step(self, action: Any) -> Any:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError) as raised:
        replay(dataset, 0, Breaks())
    assert raised.value.__notes__ == ["at step 1 of the replay, after 1"]


def test_a_task_that_was_given_whole_is_given_whole_again(tmp_path: Path) -> None:
    task = Task(id="own", instruction="say hello", max_steps=3)
    env = TrajectoryRecorder(gym.make("agentgym/Desktop-v0", task=task, backend="memory"), tmp_path)
    env.reset(seed=0)
    env.step("pyautogui.click(1, 2)")
    env.reset(seed=1, options={"task": task})
    env.step("DONE")
    env.close()
    dataset = Dataset(tmp_path)
    assert [replay(dataset, place).is_same for place in range(2)] == [True, True]


def test_a_step_that_a_hook_refused_is_not_done_again(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(gym.make("tests/Walk-v0", stride=2), tmp_path)
    recorder.reset(seed=1)
    recorder.step(1)
    recorder.refuse(1, "not now")
    recorder.step(0)
    recorder.close()
    assert replay(Dataset(tmp_path), 0).is_same


@pytest.mark.episodes
def test_a_small_task_is_the_same_to_the_pixel(tmp_path: Path) -> None:
    pytest.importorskip("PySide6", reason="the qt backend is an extra")
    env = TrajectoryRecorder(gym.make("agentgym/ClickShape-v0"), tmp_path)
    env.action_space.seed(1)
    for seed in (5, None):
        env.reset(seed=seed)
        for _ in range(4):
            if any(env.step(env.action_space.sample())[2:4]):
                break
    env.close()
    dataset = Dataset(tmp_path)
    assert [replay(dataset, place).is_same for place in range(2)] == [True, True]
    assert np.asarray(dataset[0].observations[0]).any()


@pytest.mark.episodes
def test_tools_give_the_same_again_and_a_tampered_result_shows(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task="shell/find-files"), tmp_path)
    env.reset(seed=2)
    for command in ("cd ~ && find . | sort | head -n 5", "echo alpha; echo beta"):
        env.step({"name": "bash", "arguments": {"command": command}})
    env.step("DONE")
    env.close()
    assert replay(Dataset(tmp_path), 0).is_same
    in_step = r'("event_type":"step"(?:(?!"event_type").)*?)alpha'
    found = replay(tampered(tmp_path, in_step, r"\1gamma"), 0)
    (one,) = found.different
    assert (one.step, [difference.where for difference in one.found]) == (2, ["observation"])
    assert (one.found[0].recorded, one.found[0].replayed) == ("gamma", "alpha")


@pytest.mark.desktop
def test_a_desktop_is_done_again(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("agentgym/Desktop-v0", task="micro/click-shape"), tmp_path)
    env.reset(seed=0)
    env.step("pyautogui.click(300, 200)")
    env.close()
    dataset = Dataset(tmp_path)
    assert replay(dataset, 0, tolerance=Tolerance(pixels=None)).is_same
    with closing(Speckled(gym.make("agentgym/Desktop-v0", task="micro/click-shape"))) as speckled:
        (one,) = replay(dataset, 0, speckled).different
    assert one.step == 1
    pixels = one.found[0].pixels
    assert pixels is not None
    assert (pixels.x, pixels.y) == (0, 0)
