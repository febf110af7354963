"""What ``import agentgym`` offers and what it costs."""

from __future__ import annotations

import json
import pkgutil
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


_SUBPACKAGES = sorted(module.name for module in pkgutil.iter_modules(agentgym.__path__) if module.name != "__main__")


@pytest.mark.episodes
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'memory' in agentgym.backends.backends", True),
        ("'apps' in agentgym.suites.suites", True),
        ("'launch' in agentgym.setup.steps", True),
        ("'minari' in agentgym.export.exporters", True),
        ("'exact_match' in agentgym.evaluators.metrics", True),
        ("'vm_file' in agentgym.evaluators.getters", True),
        ("__import__('agentgym.evaluators.getters.files') and 'vm_file' in agentgym.evaluators.getters", True),
        ("'processes' in agentgym.engines.engines", True),
        ("'oracle' in agentgym.agents.agents", True),
        ("agentgym.wrappers.TrajectoryRecorder.__name__", "TrajectoryRecorder"),
        ("agentgym.wrappers.RewardHooks.__name__", "RewardHooks"),
        ("len(agentgym.load_tasks('apps')) > 0", True),
        ("agentgym.Dataset.__name__", "Dataset"),
        (f"[hasattr(agentgym, name) for name in {_SUBPACKAGES}] == [True] * {len(_SUBPACKAGES)}", True),
    ],
)
def test_a_bare_import_leads_to_every_name(expression: str, value: object) -> None:
    # In a process of its own: here others have imported the subpackages.
    code = f"import json, agentgym; print(json.dumps({expression}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == value


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
