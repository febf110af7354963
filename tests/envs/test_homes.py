"""Tasks that name the home of a sandbox, on desktops without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.envs.homes import check_home
from agentgym.errors import TaskError, UsageError
from agentgym.setup import run_steps
from agentgym.tasks import parse_task

BARE = X11Backend(sandbox="none")
SANDBOXED = X11Backend()


def _task(**changes: Any) -> dict[str, Any]:
    return {"id": "note", "instruction": "Write a note.", **changes}


def _checked(home: str) -> dict[str, Any]:
    result = {"type": "vm_command_line", "command": f"cat {home}/note.txt", "shell": True}
    return {"func": "exact_match", "result": result, "expected": {"type": "rule", "rules": {"expected": "hello"}}}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"instruction": "Save it as /home/user/note.txt."}, r"\$\.instruction"),
        (
            {"config": [{"type": "launch", "parameters": {"command": ["gedit", "/home/user/a"]}}]},
            r"\$\.config\[0\]\.parameters\.command\[1\]",
        ),
        ({"evaluator": _checked("/home/user")}, r"\$\.evaluator\.result\[0\]\.command"),
        ({"seed_params": {"path": "/home/user"}}, r"\$\.seed_params\.path"),
    ],
)
def test_a_task_that_names_the_sandboxes_home_is_refused_without_one(changes: dict[str, Any], place: str) -> None:
    task = parse_task(_task(**changes))
    with pytest.raises(UsageError, match=rf"the task 'note' names /home/user, .* at {place}; .* use sandbox='bwrap'"):
        check_home(task, BARE)
    check_home(task, SANDBOXED)
    check_home(task, MemoryBackend())


@pytest.mark.parametrize(
    "text", ["~/note.txt", "$HOME/note.txt", "/home/username/a", "/srv/home/user/a", "/home/user2"]
)
def test_other_places_are_nobodys_home(text: str) -> None:
    check_home(parse_task(_task(instruction=text)), BARE)


def test_a_refused_task_starts_nothing_and_is_not_the_environments() -> None:
    env: Any = gym.make("agentgym/Desktop-v0", task="apps/note-save", sandbox="none").unwrapped
    with pytest.raises(UsageError, match="'apps/note-save' names /home/user"):
        env.reset(seed=0)
    with pytest.raises(gym.error.ResetNeeded):
        _ = env.task
    env.close()


@pytest.fixture
def bare() -> Iterator[X11Backend]:
    backend = X11Backend(sandbox="none", accessibility=False)
    backend.reset(seed=0)
    yield backend
    backend.close()


@pytest.mark.desktop
@pytest.mark.parametrize("path", ["/home/user/agentgym-test/note.txt", "/home/user", "/home/./user/note.txt"])
def test_without_a_sandbox_nobodys_home_is_read_or_written(path: str, bare: X11Backend) -> None:
    there = Path("/home/user").exists()
    with pytest.raises(PermissionError, match="no place of a desktop without a sandbox; its home is '~'"):
        bare.write(path, b"pollution")
    with pytest.raises(PermissionError, match="no place of a desktop"):
        bare.read(path)
    assert Path("/home/user").exists() == there
    assert not Path("/home/user/agentgym-test").exists()


@pytest.mark.desktop
def test_the_desktops_own_home_has_a_name_without_a_sandbox() -> None:
    note = {"type": "file", "parameters": {"path": "~/note.txt", "content": "hello"}}
    task = _task(config=[note], evaluator=_checked("~"))
    env = gym.make("agentgym/Desktop-v0", task=task, sandbox="none")
    try:
        env.reset(seed=0)
        assert env.step("DONE")[1] == 1.0
    finally:
        env.close()


@pytest.mark.desktop
def test_a_step_of_ones_own_that_writes_there_is_told_of(bare: X11Backend) -> None:
    steps = parse_task(_task(config=[{"type": "file", "parameters": {"path": "/home/user/a", "content": ""}}])).setup
    with pytest.raises(TaskError, match=r"step 'file': '/home/user/a' is no place of .* - at \$\.config\[0\]"):
        run_steps(steps, bare)
