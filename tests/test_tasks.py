"""Tasks are read as OSWorld writes them, with its irregularities, and errors say where the fault is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import TaskError, UnknownNameError, UsageError
from agentgym.families import find_family, load_tasks, suites
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task, parse_task, read_tasks, task_to_dict

_FILE: dict[str, Any] = {"type": "vm_file", "path": "/home/user/a.txt", "dest": "a.txt"}
_RULE: dict[str, Any] = {"type": "rule", "rules": {"expected": "yes"}}
_RAW: dict[str, Any] = {
    "id": "one",
    "snapshot": "os",
    "instruction": "Do it.",
    "source": ["https://example.org"],
    "config": [{"type": "launch", "parameters": {"command": "mousepad", "shell": "true"}}],
    "related_apps": ["os"],
    "evaluator": {"func": "exact_match", "result": _FILE, "expected": _RULE, "postconfig": [{"type": "sleep"}]},
    "proxy": False,
    "max_steps": 15,
}


def _with(**changes: Any) -> dict[str, Any]:
    return {**_RAW, **changes}


def test_single_check_is_read() -> None:
    task = parse_task(_RAW)
    assert task.setup == (SetupStep("launch", {"command": "mousepad", "shell": "true"}),)
    assert task.evaluator == EvaluatorSpec(
        (Check("exact_match", GetterSpec("vm_file", _FILE), GetterSpec("rule", _RULE)),),
        postconfig=(SetupStep("sleep"),),
    )
    assert (task.snapshot, task.related_apps, task.max_steps) == ("os", ("os",), 15)
    assert task.metadata == {"source": ["https://example.org"], "proxy": False}


def test_lists_of_checks_are_read_together() -> None:
    evaluator = {
        "func": ["exact_match", "check_list"],
        "conj": "or",
        "result": [_FILE, _FILE],
        "expected": [_RULE, {"type": "rule", "rules": [["a"], ["b"]]}],
        "options": [{}, {"ignore_case": True}],
    }
    spec = parse_task(_with(evaluator=evaluator)).evaluator
    assert spec is not None
    assert spec.conj == "or"
    assert [check.metric for check in spec.checks] == ["exact_match", "check_list"]
    assert [check.options for check in spec.checks] == [{}, {"ignore_case": True}]


def test_infeasible_task_has_no_checks() -> None:
    spec = parse_task(_with(evaluator={"func": "infeasible"})).evaluator
    assert spec == EvaluatorSpec(infeasible=True)


def test_task_without_config_and_evaluator_is_a_task() -> None:
    assert parse_task({"id": "a", "instruction": "b"}) == Task("a", "b")


@pytest.mark.parametrize(
    "raw",
    [
        _RAW,
        {"id": "a", "instruction": "b"},
        _with(evaluator={"func": "infeasible"}),
        _with(
            evaluator={"func": ["a", "b"], "result": [_FILE, {}], "expected": [_RULE, None], "options": [{}, {"x": 1}]}
        ),
    ],
)
def test_task_survives_json(raw: dict[str, Any]) -> None:
    task = parse_task(raw)
    assert parse_task(json.loads(json.dumps(task_to_dict(task)))) == task


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"instruction": "b"}, "missing required field `id`"),
        (_with(id=""), r"not empty - at \$\.id"),
        (_with(instruction=3), r"Expected `str`, got `int` - at `\$\.instruction`"),
        (_with(config=[{"parameters": {}}]), r"missing required field `type` - at `\$\.config\[0\]`"),
        (_with(config=[{"type": "sleep", "parameters": 3}]), r"at `\$\.config\[0\]\.parameters`"),
        (_with(evaluator={"func": 3}), r"at `\$\.evaluator\.func`"),
        (_with(evaluator={"func": []}), r"at \$\.evaluator\.func"),
        (_with(evaluator={"func": ["a", "b"], "result": [_FILE]}), r"\$\.evaluator\.result must be a list of 2"),
        (_with(evaluator={"func": "a", "result": {"path": "x"}}), r"\$\.evaluator\.result needs a 'type'"),
        (_with(evaluator={"func": "a", "conj": "xor"}), r"at `\$\.evaluator\.conj`"),
        (_with(max_steps=0), r"at least 1 - at \$\.max_steps"),
    ],
)
def test_fault_is_named_with_its_place(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=says) as caught:
        parse_task(raw, where="tasks.jsonl:12")
    assert str(caught.value).startswith("tasks.jsonl:12: ")


def test_jsonl_fault_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(_RAW) + "\n\n" + json.dumps(_with(instruction=3)) + "\n")
    with pytest.raises(TaskError, match=r"tasks\.jsonl:3: Expected `str`"):
        read_tasks(path)


@pytest.mark.parametrize("text", ["{", "[1]", "3", '"a"', "[" * 5000, "\xff"])
def test_file_that_holds_no_tasks_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TaskError, match=r"broken\.json"):
        read_tasks(path)


def test_folder_file_list_and_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "one.json").write_text(json.dumps(_with(id="1")))
    (tmp_path / "a.json").write_text(json.dumps([_with(id="2"), _with(id="3")]))
    (tmp_path / "c.jsonl").write_text(json.dumps(_with(id="4")) + "\n")
    assert [task.id for task in read_tasks(tmp_path)] == ["2", "3", "1", "4"]


def test_tree_of_osworld_is_read_by_its_index(tmp_path: Path) -> None:
    (tmp_path / "examples" / "os").mkdir(parents=True)
    for name in ("x", "y"):
        (tmp_path / "examples" / "os" / f"{name}.json").write_text(json.dumps(_with(id=name)))
    (tmp_path / "test_all.json").write_text('{"os": ["y"]}')
    assert [task.id for task in read_tasks(tmp_path)] == ["y"]
    assert [task.id for task in read_tasks(tmp_path / "test_all.json")] == ["y"]
    (tmp_path / "test_all.json").write_text('{"os": ["z"]}')
    with pytest.raises(TaskError, match=r"there is no .*z\.json - at \$\.os"):
        read_tasks(tmp_path)


def test_nothing_there_names_the_suites() -> None:
    with pytest.raises(UsageError, match="suites are apps"):
        load_tasks("/nonexistent/tasks.json")


def test_suite_and_family_load_by_name_and_seed() -> None:
    assert [task.id for task in load_tasks("apps")] == [f"apps/{name}" for name in suites["apps"].families]
    assert load_tasks("apps/note-save", seed=3) == load_tasks("apps/note-save", seed=3)


def test_task_and_dict_load_as_themselves() -> None:
    assert load_tasks(_RAW) == [parse_task(_RAW)]
    assert load_tasks(parse_task(_RAW)) == [parse_task(_RAW)]


def test_unknown_family_suggests_a_close_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'note-save'"):
        find_family("apps/note-sav")
