"""What ``import agentgym`` offers and what it costs."""

from __future__ import annotations

import json
import subprocess
import sys

import gymnasium as gym
import pytest

import agentgym

_HEAVY = ("cv2", "xcffib", "openai", "pyautogui", "torch", "dbus_fast", "PySide6", "stable_baselines3", "lxml", "PIL")


def test_all_is_sorted_and_there() -> None:
    assert list(agentgym.__all__) == sorted(agentgym.__all__)
    for name in agentgym.__all__:
        assert getattr(agentgym, name) is not None


def test_subpackages_are_reached_without_importing_them() -> None:
    assert agentgym.wrappers.TrajectoryRecorder is not None
    assert "exact_match" in agentgym.evaluators.metrics
    assert "vm_file" in agentgym.evaluators.getters
    assert "processes" in agentgym.engines.engines
    assert "oracle" in agentgym.agents.agents


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        agentgym.nothing  # noqa: B018 - the access is the test


def test_import_brings_nothing_heavy_and_no_other_side_effect() -> None:
    code = "import sys, json, agentgym, threading; print(json.dumps([sorted(sys.modules), threading.active_count()]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules, threads = json.loads(done.stdout)
    assert not set(_HEAVY) & set(modules)
    assert threads == 1
    assert not done.stderr


def test_desktop_is_registered_without_a_time_limit() -> None:
    spec = gym.spec("agentgym/Desktop-v0")
    assert spec.max_episode_steps is None
    assert gym.make("agentgym:agentgym/Desktop-v0", task={"id": "a", "instruction": "b"}, backend="memory") is not None
