"""What a reset may ask for, and what becomes of an environment when it cannot be had."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from agentgym.backends.base import BackendOptions, Observed, backends
from agentgym.backends.memory import MemoryBackend
from agentgym.cli.taskcheck import check_tasks
from agentgym.envs import DesktopEnv, ToolEnv
from agentgym.envs.choice import observed_by
from agentgym.errors import TaskError, UsageError
from agentgym.evaluators import getter_needs
from agentgym.families import find_family
from agentgym.tasks import parse_task

_PLAIN: dict[str, Any] = {"id": "plain", "instruction": "Do nothing."}


def _judged(getter: str) -> dict[str, Any]:
    """A task that is solved wherever its getter finds any text."""
    wanted = {"type": "rule", "rules": {"expected": ""}}
    evaluator = {"func": "is_in_list", "result": {"type": getter}, "expected": wanted}
    return {"id": getter, "instruction": "", "evaluator": evaluator}


def _env(**options: Any) -> DesktopEnv:
    return DesktopEnv(_PLAIN, **{"backend": MemoryBackend(), "screen": (64, 48), **options})


class _Listening(MemoryBackend):
    """Shows its accessibility tree only if it was made to."""

    made: list[_Listening]

    def __init__(self, options: BackendOptions) -> None:
        super().__init__(screen=options.screen)
        self.accessible = options.accessibility
        self.closed = False

    def observe(self, kinds: Sequence[str]) -> Observed:
        if {"accessibility_tree", "terminal"} & set(kinds) and not self.accessible:
            raise UsageError("this machine has no accessibility bus")
        return super().observe(kinds)

    def close(self) -> None:
        self.closed = True
        super().close()


def _listening(options: BackendOptions) -> _Listening:
    _Listening.made.append(_Listening(options))
    return _Listening.made[-1]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[_Listening]]:
    """The machines that were made under the name ``listening``, in order."""
    # A registry forgets nothing, and other tests look at what is in it.
    monkeypatch.setitem(backends._known, "listening", _listening)
    _Listening.made = []
    yield _Listening.made
    assert all(machine.closed for machine in _Listening.made)


_GETTERS = ["accessibility_tree", "vm_terminal_output"]


@pytest.mark.parametrize("getter", _GETTERS)
def test_machine_can_show_what_the_evaluator_looks_at(getter: str, made: list[_Listening]) -> None:
    env = DesktopEnv(_judged(getter), backend="listening", screen=(64, 48))
    env.reset(seed=0)
    assert env.step("DONE")[4]["score"] == 1.0
    env.close()
    assert [machine.accessible for machine in made] == [True]


@pytest.mark.parametrize("getter", _GETTERS)
def test_machine_is_made_anew_when_a_later_task_asks_for_more(getter: str, made: list[_Listening]) -> None:
    env = DesktopEnv(_PLAIN, backend="listening", screen=(64, 48))
    env.reset(seed=0)
    env.reset(seed=1)
    env.reset(options={"task": _judged(getter)})
    assert env.step("DONE")[4]["score"] == 1.0
    env.reset(seed=2)
    env.close()
    assert [machine.accessible for machine in made] == [False, True]


def test_getters_of_others_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not observed_by(parse_task(_judged("their_getter")))
    monkeypatch.setitem(getter_needs._known, "their_getter", ("terminal",))
    assert observed_by(parse_task(_judged("their_getter"))) == {"terminal"}


@pytest.mark.desktop
def test_desktop_is_made_anew_for_a_task_that_is_judged_by_its_terminal() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_PLAIN)
    try:
        env.reset(seed=0)
        env.reset(options={"task": _judged("accessibility_tree")})
        assert env.step("DONE")[4] == {"settled": True, "action_error": None, "failure": None, "score": 1.0}
        env.reset(options={"task": _judged("vm_terminal_output")})
        assert env.step("DONE")[4]["failure"] is None
    finally:
        env.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"task": None}, "not None"),
        ({"task": 5}, "not 5"),
        ({"task": ["a"]}, "not "),
        ({"tsk": _PLAIN}, "no reset option named 'tsk'; did you mean 'task'"),
        ({"seed": 5}, "no reset option named 'seed'; there is 'task'"),
        ({5: 5}, "no reset option named 5"),
        ([("task", _PLAIN)], "are a dict, not"),
        ("task", "are a dict, not 'task'"),
    ],
)
def test_reset_says_which_option_cannot_be(options: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        _env().reset(options=options)


@pytest.mark.parametrize("arguments", [{"task": 5}, {"tasks": 5}, {"tasks": _PLAIN}, {"tasks": [5]}])
def test_constructor_says_that_no_task_is_there(arguments: Any) -> None:
    with pytest.raises(UsageError, match=r"it must be|a task is"):
        DesktopEnv(backend="memory", **arguments)


def test_task_may_be_a_path(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_text('{"id": "written", "instruction": ""}')
    env = _env()
    env.reset(options={"task": path})
    assert env.task.id == "written"


@pytest.mark.parametrize(
    "task", [{"id": ""}, {**_judged("accessibility_tree"), "evaluator": {"func": "no_metric"}}], ids=["form", "metric"]
)
def test_failing_reset_leaves_the_task_and_no_running_episode(task: dict[str, Any]) -> None:
    env = _env()
    env.reset(seed=0)
    with pytest.raises(TaskError):
        env.reset(options={"task": task})
    assert env.task.id == "plain"
    with pytest.raises(ResetNeeded):
        env.step("WAIT")
    env.reset(seed=0)
    env.step("WAIT")


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ({"task": "apps"}, "'apps' is a suite of [0-9]+ tasks: pass tasks='apps' .*, such as task='apps/"),
        ({"task": "app"}, "no tasks at 'app': .*; did you mean 'apps'"),
        ({"tasks": "aps"}, "did you mean 'apps'"),
        ({"task": "apps/note-sav"}, "did you mean 'note-save'"),
        ({"task": "aps/note-save"}, "did you mean 'apps/note-save'"),
        ({"task": "note-sav"}, "did you mean 'apps/note-save'"),
        ({"task": "tasks.jsonl"}, "no tasks at 'tasks.jsonl': .*; suites are apps"),
    ],
)
def test_a_source_without_tasks_says_what_may_have_been_meant(argument: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        DesktopEnv(**argument, backend="memory")


def test_a_reset_takes_no_suite_for_a_task() -> None:
    env = _env()
    with pytest.raises(UsageError, match="'apps' is a suite"):
        env.reset(options={"task": "apps"})


@pytest.mark.parametrize("alone", [True, False], ids=["one", "two"])
def test_a_reset_and_validate_give_the_same_path(alone: bool, tmp_path: Path) -> None:
    result, expected = {"type": "vm_fil"}, {"type": "rule", "rules": {"expected": 1}}
    one = {"func": "matches", "result": result, "expected": expected}
    two = {"func": ["matches"] * 2, "result": [result] * 2, "expected": [expected] * 2}
    task = {**_PLAIN, "evaluator": one if alone else two}
    (tmp_path / "task.json").write_text(json.dumps(task))
    place = "$.evaluator.result.type" if alone else "$.evaluator.result[0].type"
    assert check_tasks(str(tmp_path)).problems[0].message.endswith(f" - at {place}")
    env = DesktopEnv(task, backend=MemoryBackend(), screen=(64, 48))
    with pytest.raises(TaskError) as raised:
        env.reset(seed=0)
    assert str(raised.value).endswith(f" - at {place}")


@pytest.mark.parametrize("name", ["apps/note-save", "mixed/door", "micro/click-button"])
def test_a_desktop_suites_task_is_refused_by_an_environment_without_a_desktop(name: str) -> None:
    says = rf"'{name}' is played in agentgym/Desktop-v0, .* no desktop in agentgym/Tools-v0"
    drawn = find_family(name).make(np.random.default_rng(0))
    sources: list[Any] = [{"task": name}, {"tasks": ["data/csv-question", name]}, {"task": drawn}]
    for source in sources:
        with pytest.raises(UsageError, match=says):
            gym.make("agentgym/Tools-v0", **source)
    with pytest.raises(UsageError, match="'apps' is played in agentgym/Desktop-v0"):
        gym.make("agentgym/Tools-v0", tasks="apps")
    env = ToolEnv("data/csv-question")
    with pytest.raises(UsageError, match=says):
        env.reset(seed=0, options={"task": name})


def test_a_task_of_ones_own_may_be_called_like_one_of_a_desktops_suite() -> None:
    assert ToolEnv({**_PLAIN, "id": "apps/mine"}).reset(seed=0)[0].startswith("Do nothing.")


def test_a_desktop_takes_the_tasks_of_suites_for_tools() -> None:
    DesktopEnv("shell/find-files", backend=MemoryBackend(), screen=(64, 48))
