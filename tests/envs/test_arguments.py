"""What an environment cannot be made with is refused when it is made; what it was made with survives JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded

from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.errors import UsageError
from agentgym.tasks import Task, parse_task, task_to_dict

_TASK = {
    "id": "type-hello",
    "instruction": "Type hello.",
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["echo", "hello"]},
        "expected": {"type": "rule", "rules": {"expected": "hello\n"}},
    },
}


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ({"max_steps": 0}, "max_steps is 0; it must be a whole number from 1"),
        ({"max_steps": -1}, "max_steps is -1"),
        ({"max_steps": "3"}, "max_steps is '3'"),
        ({"max_steps": 2.5}, "max_steps is 2.5"),
        ({"max_steps": True}, "max_steps is True"),
        ({"settle_timeout": "a"}, "settle_timeout is 'a'; it must be a number of seconds from 0"),
        ({"settle_timeout": -1}, "settle_timeout is -1"),
        ({"settle_timeout": float("nan")}, "settle_timeout is nan"),
        ({"settle_timeout": float("inf")}, "settle_timeout is inf"),
        ({"settle_timeout": None}, "settle_timeout is None"),
        ({"screen": (0, 0)}, r"screen is \(0, 0\); it must be \(width, height\)"),
        ({"screen": "640x480"}, "screen is '640x480'"),
        ({"screen": (640,)}, r"screen is \(640,\)"),
        ({"screen": (640.5, 480)}, r"screen is \(640.5, 480\)"),
        ({"screen": None}, "screen is None"),
        (
            {"backend": None},
            "backend is None; it must be a machine, or one of guest, host, inline, memory, miniwob, qt, sandbox, x11",
        ),
        ({"backend": 5}, "backend is 5"),
        ({"backend": "x12"}, "no backend named 'x12'; did you mean 'x11'"),
        (
            {"backend": MemoryBackend(screen=(80, 60))},
            r"screen is \(64, 48\), and the backend's is \(80, 60\); they must be the same",
        ),
        ({"sandbox": "docker"}, "'bwrap' or 'none'"),
        ({"observation": "screenshot"}, r"observation is 'screenshot'; it must be a list, such as \('screenshot',\)"),
    ],
)
def test_argument_that_cannot_work_is_refused_at_once(argument: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        DesktopEnv(**{"task": _TASK, "backend": "memory", "screen": (64, 48), **argument})


def test_numbers_may_be_numpys() -> None:
    env = DesktopEnv(_TASK, backend="memory", screen=np.array([64, 48]), max_steps=np.int64(1), settle_timeout=0)  # type: ignore[arg-type]  # which is the point
    env.reset(seed=0)
    assert env.step("WAIT")[3]


@pytest.mark.parametrize("screen", [(0, 0), "64x48"])
def test_memory_has_a_screen_of_whole_pixels(screen: Any) -> None:
    with pytest.raises(UsageError, match="screen is"):
        MemoryBackend(screen=screen)


@pytest.mark.parametrize("backend", ["memory", MemoryBackend()], ids=["named", "own"])
def test_what_needs_a_machine_says_that_none_is_running(backend: Any) -> None:
    env = DesktopEnv(_TASK, backend=backend, screen=(64, 48), render_mode="rgb_array")
    for _ in range(2):
        for ask in (env.evaluate, env.render, env.snapshot, lambda: env.step("DONE")):
            with pytest.raises(ResetNeeded):
                ask()
        env.reset(seed=0)
        assert env.render() is not None
        score = env.evaluate()
        assert score is not None
        assert score.value == 1.0
        env.close()


def test_closed_environment_comes_back_from_a_snapshot() -> None:
    env = DesktopEnv(_TASK, backend="memory", screen=(64, 48))
    env.reset(seed=0)
    here = env.step("pyautogui.write('a')")[0]
    token = env.snapshot()
    env.close()
    assert np.array_equal(env.restore(token)["screenshot"], here["screenshot"])
    assert env.step("DONE")[1] == 1.0
    env.close()


@pytest.mark.parametrize("form", ["task", "tasks", "path"])
def test_spec_with_tasks_survives_json(form: str, tmp_path: Path) -> None:
    task: Task = parse_task(_TASK)
    path = tmp_path / "task.json"
    path.write_text(json.dumps(_TASK))
    forms: dict[str, dict[str, Any]] = {
        "task": {"task": task},
        "tasks": {"tasks": [task, _TASK]},
        "path": {"task": path},
    }
    env = gym.make("agentgym/Desktop-v0", backend="memory", screen=(64, 48), **forms[form])
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    again.reset(seed=0)
    assert again.get_wrapper_attr("task") == task
    if form == "task":
        assert env.spec.kwargs["task"] == task_to_dict(task)
