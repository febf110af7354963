"""Tasks are read as OSWorld writes them, with its irregularities, and errors say where the fault is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import TaskError, UnknownNameError, UsageError
from agentgym.families import find_family, load_tasks, suites
from agentgym.tasks import (
    Check,
    EvaluatorSpec,
    GetterSpec,
    SetupStep,
    Task,
    parse_task,
    read_each,
    read_tasks,
    task_to_dict,
)

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
        (_with(instruction=3), r"Expected `str`, got `int` - at \$\.instruction$"),
        (_with(config=[{"parameters": {}}]), r"missing required field `type` - at \$\.config\[0\]$"),
        (_with(config=[{"type": "sleep", "parameters": 3}]), r"at \$\.config\[0\]\.parameters$"),
        (_with(evaluator={"func": 3}), r"at \$\.evaluator\.func$"),
        (_with(evaluator={"func": []}), r"at \$\.evaluator\.func"),
        (
            _with(evaluator={"func": ["a", "b"], "result": [_FILE]}),
            r"must be a list of 2.* - at \$\.evaluator\.result$",
        ),
        (_with(evaluator={"func": "a", "result": {"path": "x"}}), r"needs a 'type'.* - at \$\.evaluator\.result$"),
        (
            _with(evaluator={"func": "a", "conj": "xor"}),
            r"'xor'; the choices are 'and', 'or' - at \$\.evaluator\.conj$",
        ),
        (_with(max_steps=0), r"at least 1 - at \$\.max_steps"),
        (
            {"id": "a", "instruction": "b", "evaluatr": {"func": "a"}},
            r"the key 'evaluatr' means nothing; did you mean 'evaluator'\? - at \$\.evaluatr$",
        ),
        ({"id": "a", "instruction": "b", "reward_hook": {}}, r"did you mean 'reward_hooks'\?"),
    ],
)
def test_fault_is_named_with_its_place(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=says) as caught:
        parse_task(raw, where="tasks.jsonl:12")
    assert str(caught.value).startswith("tasks.jsonl:12: ")


def test_other_keys_are_metadata_however_they_look_beside_those_that_are_meant() -> None:
    others = {"evaluators": 1, "_tool": 2, "ids": 3, "source": 4, "e" * 10_000: 7}
    assert parse_task({"id": "a", "instruction": "b", "evaluator": {"func": "infeasible"}, **others}).metadata == others


def test_jsonl_fault_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(_RAW) + "\n\n" + json.dumps(_with(instruction=3)) + "\n")
    with pytest.raises(TaskError, match=r"tasks\.jsonl:3: Expected `str`"):
        read_tasks(path)


_PRETTY = """{
  "id": "a",
  "instruction": "b",
  "config": [
    {"type": "sleep", "parameters": {"seconds": 1}},
    %s
  ],
  "evaluator": {
    "func": ["exact_match", "exact_match"],
    "result": [{"type": "rule"}, %s]
  }
}
"""


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "", "a.json:1: there is nothing in it"),
        ("a.json", '{"id": "a",\n "instruction": b}', "a.json:2: JSON is malformed: invalid character"),
        ("a.json", '{"id": "a",\n "instr', "a.json:2: JSON ends too early"),
        ("a.json", '{"id": "ü",\n\n"instruction": b}', "a.json:3: JSON is malformed"),
        ("a.json", "[" * 100_000, "a.json:1: JSON is nested too deeply"),
        ("a.json", "null", "a.json:1: a task is an object, not null - at $"),
        ("a.json", '[\n{"id": "a", "instruction": "b"},\n"c"]', "a.json:3: a task is an object, not a text - at $[1]"),
        (
            "a.json",
            '[\n{"id": "a", "instruction": "b"},\n{"id": 5}]',
            "a.json:3: Expected `str`, got `int` - at $[1].id",
        ),
        ("a.json", '\n\n{"id": "a"}', "a.json:3: Object missing required field `instruction` - at $"),
        ("a.json", _PRETTY % ('{"type": 5}', "null"), "a.json:6: Expected `str`, got `int` - at $.config[1].type"),
        (
            "a.json",
            _PRETTY % ('{"typ": "x"}', "null"),
            "a.json:6: Object missing required field `type` - at $.config[1]",
        ),
        (
            "a.json",
            _PRETTY % ('{"type": "x", "params": {}}', "null"),
            "a.json:6: no key 'params' is known here; did you mean 'parameters'? - at $.config[1]",
        ),
        (
            "a.json",
            _PRETTY % ('{"type": "x"}', '{"typ": "rule"}'),
            "a.json:10: this needs a 'type' that names a getter; given was {'typ': 'rule'} - at $.evaluator.result[1]",
        ),
        ("a.json", '{"os":\n ["x"]}', "a.json:1: this lists tasks that lie in"),
        ("a.jsonl", '{"id": "a", "instruction": "b"}\n\n{"id": "b",\n', "a.jsonl:3: JSON ends too early"),
        ("a.jsonl", '{"id": "a", "instruction": "b"}\n[]\n', "a.jsonl:2: a task is an object, not a list - at $"),
    ],
)
def test_fault_in_a_file_is_named_with_line_and_path(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TaskError) as caught:
        read_tasks(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path}/{says}")


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"id": "a",\n"instruction": "caf\xe9"}')
    with pytest.raises(TaskError, match=r"a\.json:2: byte 0xe9 is no UTF-8 text"):
        read_tasks(tmp_path)


@pytest.mark.parametrize(
    ("evaluator", "says"),
    [
        ({"func": "a", "option": {}}, "no key 'option' is known here; did you mean 'options'? - at $.evaluator"),
        (
            {"func": "a", "postconfig": [{"type": "b", "paramters": {}}]},
            "did you mean 'parameters'? - at $.evaluator.postconfig[0]",
        ),
        ({"func": ["a", "infeasible"]}, "it stands alone, as text - at $.evaluator.func"),
        (
            {"func": "a", "result": [_FILE, _FILE]},
            "must be a list of 1, one for each metric in func - at $.evaluator.result",
        ),
    ],
)
def test_what_would_be_passed_over_is_refused(evaluator: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=re.escape(says)):
        parse_task(_with(evaluator=evaluator))


def test_notes_are_passed_over() -> None:
    task = parse_task(_with(config=[{"type": "a", "_note": "x"}], evaluator={"func": "a", "_config_note": "y"}))
    assert task.evaluator is not None


def test_line_ends_at_its_end_alone(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(_with(id=name), ensure_ascii=False) + "\r\n" for name in ("a\u2028b", "c\x85")))
    assert [task.id for task in read_tasks(path)] == ["a\u2028b", "c\x85"]


def test_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(_with(id="a")), encoding="utf-8-sig")
    assert [task.id for task in read_tasks(path)] == ["a"]


def test_each_task_is_read_whatever_is_wrong_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"id": 5}, _with(id="a")]))
    (tmp_path / "b.jsonl").write_text("{\n" + json.dumps(_with(id="b")) + "\n")
    entries = list(read_each(tmp_path))
    assert [entry.task and entry.task.id for entry in entries] == [None, "a", None, "b"]
    assert [bool(entry.faults) for entry in entries] == [True, False, True, False]
    assert entries[3].placed("no - at $.id") == f"{tmp_path}/b.jsonl:2: no - at $.id"


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
