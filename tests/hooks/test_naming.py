from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli.taskcheck import check_tasks
from agentgym.errors import TaskError, UsageError
from agentgym.hooks import NamedHook, Refuse, Time, faults_of_task_hooks, hooks, hooks_of_task, read_hook


class Own:
    def __init__(self, *, much: int = 1) -> None:
        self.much = much

    def __call__(self, call: Any, proceed: Any) -> Any:
        return proceed(call)


def plain(call: Any, proceed: Any) -> Any:
    return proceed(call)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("tool_call=time", NamedHook("tool_call", "time")),
        (" step = time ", NamedHook("step", "time")),
        ("tool_call=refuse:rm_*", NamedHook("tool_call", "refuse:rm_*")),
        ("tool_call=mine.hooks:check", NamedHook("tool_call", "mine.hooks:check")),
        ("observe=mine:watch", NamedHook("observe", "mine:watch")),
        ("observe:step,reward=mine:watch", NamedHook("observe", "mine:watch", ("step", "reward"))),
        ('{"point": "step", "hook": "time", "order": -1}', NamedHook("step", "time", order=-1)),
        (
            {"point": "tool_call", "hook": "refuse", "names": "a*", "on_error": "note"},
            NamedHook("tool_call", "refuse", on_error="note", options={"names": "a*"}),
        ),
        ({"point": "step", "hook": plain}, NamedHook("step", plain)),
        (NamedHook("step", "time"), NamedHook("step", "time")),
    ],
)
def test_a_hook_is_named_in_text_in_json_and_in_python(said: Any, read: NamedHook) -> None:
    assert read_hook(said) == read


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("tool_call", "named POINT=HOOK, such as .*, got 'tool_call'"),
        ("tool_call=", "named POINT=HOOK"),
        ("tool_cal=time", "no point named 'tool_cal'; did you mean 'tool_call'"),
        ("step=tme", "no hook named 'tme'; did you mean 'time'"),
        ("step=mine:", "hook is a name or 'module:function', got 'mine:'"),
        ("observe:stp=mine:watch", "no event named 'stp'; did you mean 'step'"),
        ("step:reward=time", "only 'observe' is of types of events"),
        ("evaluate=refuse:x", "'refuse' has no use at 'evaluate', only at tool_call, model_call, step"),
        ("observe=time", "'time' has no use at 'observe'"),
        ("tool_call=refuse", "refuse needs names="),
        (
            "step=refuse:*",
            "at 'step' an action has no name .*: refuse it by arguments=.*, in the hook 'step=refuse:\\*'",
        ),
        ({"point": "step", "hook": "refuse", "allow": "x"}, "at 'step' an action has no name"),
        ("tool_call=limit:many", "whole number, got 'many'"),
        ("tool_call=time:now", "the hook 'time' takes nothing behind a colon"),
        ("{point: step}", "is no JSON"),
        ("[1]", "named POINT=HOOK"),
        ({"hook": "time"}, "point is one of .*, got None"),
        ({"point": "step"}, "hook is a name or 'module:function', got None"),
        ({"point": "step", "hook": "time", "order": "first"}, "order is a number, got 'first'"),
        ({"point": "step", "hook": "time", "on_error": "ignore"}, "raise or note, got 'ignore'"),
        ({"point": "step", "hook": "limit", "cals": 3}, "no option 'cals'; did you mean 'calls'"),
        ({"point": "step", "hook": "refuse", "arguments": 3}, "Expected `object | null`, got `int`"),
        ({"point": "step", "hook": "refuse:x", "names": "y"}, "given 'names' twice"),
        (7, "a hook is an object"),
    ],
)
def test_what_cannot_work_is_said_with_what_was_given(said: Any, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        read_hook(said)


def test_a_name_makes_the_hook_with_its_options() -> None:
    assert isinstance(read_hook("step=time").make(), Time)
    assert isinstance(read_hook("tool_call=refuse:rm").make(), Refuse)


def test_a_place_gives_a_function_as_it_is_and_makes_a_class() -> None:
    assert read_hook(f"step={__name__}:plain").make() is plain
    made = read_hook({"point": "step", "hook": f"{__name__}:Own", "much": 4}).make()
    assert made.much == 4  # type: ignore[attr-defined]  # it is of that class


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"point": "step", "hook": f"{__name__}:plain", "much": 4}, "takes no options: drop much"),
        ({"point": "step", "hook": f"{__name__}:Own", "most": 4}, "cannot be made from these options"),
        ({"point": "step", "hook": "no_such_module:plain"}, "cannot import 'no_such_module'"),
        ({"point": "step", "hook": f"{__name__}:plaim"}, "did you mean 'plain'"),
    ],
)
def test_a_place_that_gives_no_hook_is_said_when_the_hook_is_made(said: Any, fault: str) -> None:
    named = read_hook(said)
    with pytest.raises(UsageError, match=fault):
        named.make()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("tool_call=refus:rm_*", "cannot import 'refus' .*; did you mean the hook 'refuse'"),
        ("tool_call=no_such_module:plain", "cannot import 'no_such_module'"),
        ("tool_call=agentgym.hooks:nofn", "'agentgym.hooks' has no 'nofn'"),
        ({"point": "step", "hook": f"{__name__}:Own", "most": 4}, "cannot be made from these options"),
    ],
)
def test_a_hook_that_is_not_there_is_found_without_making_it(said: Any, fault: str) -> None:
    named = read_hook(said)
    with pytest.raises(UsageError, match=fault):
        named.check()


def test_to_look_for_a_hook_makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Own, "__init__", lambda self, *, much: pytest.fail("it was made"))
    read_hook({"point": "step", "hook": f"{__name__}:Own", "much": 4}).check()


def test_the_hooks_that_come_along_are_in_the_table() -> None:
    assert {"answer", "approve", "limit", "refuse", "time"} <= set(hooks)


def test_the_faults_of_a_tasks_hooks_have_their_places() -> None:
    said = [{"point": "step", "hook": "time", "order": "x"}, "step=time", {"point": "reset", "hook": "time"}]
    assert list(faults_of_task_hooks(said)) == [
        "order is a number, got 'x' - at $.hooks[0].order",
        "a hook is an object such as {'point': 'tool_call', 'hook': 'time'}, got 'step=time' - at $.hooks[1]",
        "a task's hooks join after its reset: 'reset' comes too late - at $.hooks[2].point",
    ]


def test_a_tasks_hooks_are_a_list() -> None:
    with pytest.raises(TaskError, match=r"hooks are a list .* at \$\.hooks$"):
        hooks_of_task({"hooks": {"step": "time"}}, trusted=True)


def test_a_tasks_functions_of_modules_need_trust_and_its_names_do_not() -> None:
    assert hooks_of_task({}, trusted=False) == ()
    named = {"point": "tool_call", "hook": "refuse:bash"}
    assert hooks_of_task({"hooks": [named]}, trusted=False) == (NamedHook("tool_call", "refuse:bash"),)
    placed = {"point": "step", "hook": f"{__name__}:plain"}
    with pytest.raises(TaskError, match=r"outside any sandbox.*--trust-task-hooks.* at \$\.hooks\[1\]\.hook$"):
        hooks_of_task({"hooks": [named, placed]}, trusted=False)
    assert len(hooks_of_task({"hooks": [named, placed]}, trusted=True)) == 2


def test_validate_says_what_cannot_work_of_a_tasks_hooks(tmp_path: Path) -> None:
    hooks = [{"point": "tool_call", "hook": "refuse:rm"}, {"point": "tool_call", "hook": "tme"}]
    (tmp_path / "task.json").write_text(json.dumps({"id": "t", "instruction": "i", "hooks": hooks}))
    verdict = check_tasks(str(tmp_path))
    (problem,) = verdict.problems
    assert "no hook named 'tme'; did you mean 'time'? - at $.hooks[1].hook" in problem.message
    assert verdict.warnings == ()


def test_a_misspelt_key_for_hooks_is_said(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps({"id": "t", "instruction": "i", "hook": []}))
    (problem,) = check_tasks(str(tmp_path)).problems
    assert "did you mean 'hooks'" in problem.message
