"""The environment on a real desktop with a real editor."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from agentgym.errors import BackendError, TaskError

pytestmark = pytest.mark.desktop

_EDITOR = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
_TASK: dict[str, Any] = {
    "id": "save-note",
    "instruction": "Save a note.",
    "config": [_EDITOR],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "/home/user/note.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "Füße <3\n"}},
    },
}
_SAVING = ["pyautogui.write('Füße <3\\n')", "pyautogui.hotkey('ctrl', 's')", "pyautogui.write('note.txt')"]


@pytest.fixture
def env() -> Iterator[gym.Env[Any, Any]]:
    made = gym.make("agentgym/Desktop-v0", task=_TASK, settle_timeout=10.0)
    yield made
    made.close()


def test_note_is_written_saved_and_scored(env: gym.Env[Any, Any]) -> None:
    env.reset(seed=0)
    for action in _SAVING:
        info = env.step(action)[4]
        assert info == {"settled": True, "action_error": None, "failure": None}
    env.step("pyautogui.press('enter')")
    assert env.step("DONE")[1] == 1.0


def test_gymnasiums_checker_is_content() -> None:
    kinds = ("screenshot", "accessibility_tree", "terminal", "instruction")
    env = gym.make("agentgym/Desktop-v0", task=_TASK, observation=kinds, render_mode="rgb_array", settle_timeout=10.0)
    try:
        check_env(env.unwrapped)
    finally:
        env.close()


def test_same_seed_and_actions_give_the_same_pixels(env: gym.Env[Any, Any]) -> None:
    def episode() -> list[bytes]:
        frames = [env.reset(seed=3)[0]]
        frames += [env.step(action)[0] for action in _SAVING]
        return [frame["screenshot"].tobytes() for frame in frames]

    first = episode()
    assert len(set(first)) == len(first), "every step changed the screen"
    for _ in range(3):
        assert episode() == first


def test_snapshot_is_brought_back_by_replay(env: gym.Env[Any, Any]) -> None:
    base: Any = env.unwrapped
    env.reset(seed=0)
    here = env.step("pyautogui.write('one')")[0]
    token = base.snapshot()
    env.step("pyautogui.hotkey('ctrl', 'a')")
    env.step("pyautogui.press('delete')")
    assert np.array_equal(base.restore(token)["screenshot"], here["screenshot"])
    env.step("pyautogui.write(' two')")
    assert np.array_equal(base.restore(token)["screenshot"], here["screenshot"])


def test_death_of_the_editor_ends_the_episode_and_reset_begins_anew(env: gym.Env[Any, Any]) -> None:
    base: Any = env.unwrapped
    env.reset(seed=0)
    base.backend.run(["pkill", "-SEGV", "mousepad"])
    with pytest.raises(BackendError, match="mousepad died of SIGSEGV"):
        env.step("WAIT")
    observation, info = env.reset(seed=0)
    assert info["settled"]
    assert observation["screenshot"].shape == (720, 1280, 3)


def test_hanging_editor_is_told_at_the_settle_timeout() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_TASK, settle_timeout=0.3)
    base: Any = env.unwrapped
    try:
        env.reset(seed=0)
        base.backend.run(["pkill", "-STOP", "mousepad"])
        info = env.step("pyautogui.write('x')")[4]
        assert info["settled"] is False
        assert base.timing["settle"] >= 300
    finally:
        env.close()


_LATE = """
import time
start = time.process_time()
while time.process_time() - start < 1.5:
    pass
open("note.txt", "w").write("Füße <3\\n")
"""


def test_score_waits_for_what_is_still_at_work() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_TASK, settle_timeout=0.1)
    base: Any = env.unwrapped
    try:
        env.reset(seed=0)
        base.backend.launch(["python3", "-c", _LATE])
        assert env.step("WAIT")[4]["settled"] is False
        assert env.step("DONE")[1] == 1
    finally:
        env.close()


def test_python_runs_inside_the_sandbox_alone() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_TASK, allow_code=True)
    base: Any = env.unwrapped
    try:
        env.reset(seed=0)
        code = "import os; open('mark', 'w').write(str(os.getppid()))"
        assert env.step({"kind": "Python", "code": code})[4]["action_error"] is None
        assert base.backend.read("~/mark") == b"1"
        assert not os.path.exists("mark")
        failed = env.step({"kind": "Python", "code": "open('/usr/mark', 'w')"})[4]["action_error"]
        assert "Read-only file system" in failed
    finally:
        env.close()


def test_missing_program_names_the_step() -> None:
    config = [{"type": "launch", "parameters": {"command": ["no-such-editor"]}}]
    env = gym.make("agentgym/Desktop-v0", task={**_TASK, "config": config})
    try:
        with pytest.raises(TaskError, match=r"no-such-editor.* - at \$\.config\[0\]"):
            env.reset(seed=0)
    finally:
        env.close()


def test_accessibility_works_inside_a_running_event_loop_and_leaves_no_thread() -> None:
    async def look() -> str:
        env = gym.make("agentgym/Desktop-v0", task=_TASK, observation=("accessibility_tree",))
        try:
            return str(env.reset(seed=0)[0]["accessibility_tree"])
        finally:
            env.close()

    threads = threading.active_count()
    tree = asyncio.run(look())
    assert "desktop-frame" in tree
    assert "ousepad" in tree
    assert threading.active_count() == threads


def test_two_environments_in_a_vector_keep_apart() -> None:
    env = gym.make_vec(
        "agentgym/Desktop-v0",
        num_envs=2,
        vectorization_mode="async",
        vector_kwargs=_SPAWN,
        task=_TASK,
        settle_timeout=10.0,
    )
    try:
        env.reset(seed=0)
        observations = env.step(("pyautogui.write('one')", "pyautogui.write('two')"))[0]
        screens = observations["screenshot"]
        assert screens.shape == (2, 720, 1280, 3)
        assert not np.array_equal(screens[0], screens[1])
    finally:
        env.close()


# Text spaces have no shared memory in Gymnasium; screenshots are pickled here.
_SPAWN = {"context": "spawn", "shared_memory": False}
