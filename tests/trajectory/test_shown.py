from __future__ import annotations

import re
from pathlib import Path

import gymnasium as gym
import pytest

import agentgym
from agentgym.trajectory import Dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def recorded(tmp_path: Path) -> Dataset:
    task = {"id": f"a{EVIL}", "instruction": f"Do {EVIL}"}
    env = gym.make("agentgym/Desktop-v0", task=task, backend="memory", screen=(64, 48), max_steps=3)
    hooks = {f"cost{EVIL}": lambda _: -0.5, "pay": lambda _: 2.0}
    recorder = TrajectoryRecorder(RewardHooks(env, **hooks), tmp_path)
    for seed in range(2):
        recorder.reset(seed=seed)
        for _ in range(3):
            recorder.step(f"pyautogui.write({EVIL!r})")
    recorder.reset(seed=2)
    recorder.step({"action_type": "CLICK", "parameters": {"x": 4, "y": 3}})
    recorder.close()
    return agentgym.Dataset(tmp_path)


def test_an_episode_shows_what_became_of_it(recorded: Dataset) -> None:
    shown = recorded[1]._repr_html_()
    for text in ("seed", "not scored", "4.5", "pay", "reward of each step"):
        assert text in shown
    assert re.findall(r'<figure title="(\d): ', shown) == ["0", "1", "2", "3"]
    assert 'type="range" min="0" max="3"' in shown
    assert "pyautogui.write(" in shown


def test_an_action_that_was_data_is_told_as_a_call(recorded: Dataset) -> None:
    shown = recorded[2]._repr_html_()
    assert "0: then pyautogui.click(4, 3), reward 1.5" in shown
    assert "not ended" in shown


def test_what_was_recorded_is_escaped(recorded: Dataset) -> None:
    for shown in (recorded[0]._repr_html_(), recorded._repr_html_()):
        assert "<script" not in shown
        assert "&lt;script&gt;alert" in shown


def test_a_dataset_shows_its_first_episodes_and_how_many_more(recorded: Dataset) -> None:
    assert recorded._repr_html_().count("<tr") == 3 + 1 + 3
    many = recorded.filter()
    many._places, many._run_of = many._places * 10, many._run_of * 10
    assert "and 10 more" in many._repr_html_()
    assert "0 episodes" in repr(recorded[:0])
    assert "<td" in recorded[:0]._repr_html_()


def test_an_episode_without_pictures_and_one_without_steps_are_shown(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(gym.make("CartPole-v1"), tmp_path)
    recorder.reset(seed=0)
    recorder.step(1)
    recorder.reset(seed=1)
    recorder.close()
    one, none = agentgym.Dataset(tmp_path)
    assert "reward of each step" in one._repr_html_()
    assert "<img" not in one._repr_html_()
    assert "not ended" in none._repr_html_()
