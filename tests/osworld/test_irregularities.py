"""What is irregular in OSWorld's files, and must be read: each alone, for it may be in one that is not given."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgym import load_tasks
from agentgym.cli.taskcheck import Verdict, check_tasks
from agentgym.evaluators import faults_of_spec, getter_forms, metrics
from agentgym.results.planning import domains_of
from agentgym.setup import check_step, steps
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task
from tests.osworld.counted import GETTERS, OPTIONS, STEPS

_PLAIN = {
    "snapshot": "chrome",
    "source": "https://a.org",
    "trajectory": "trajectories/",
    "related_apps": ["os"],
    "proxy": False,
    "fixed_ip": False,
    "possibility_of_env_change": "low",
    "config": [],
}
_FILE = {"type": "vm_file", "path": "/home/user/a", "dest": "a"}
_GOLD = {"type": "cloud_file", "path": "https://a.org/a", "dest": "a"}
_RULE = {"type": "rule", "rules": {"expected": "x"}}
_LINE = {"type": "vm_command_line", "command": "echo x"}
_TREE = {"type": "rule", "rules": [{"selectors": ["application[name=Thunderbird]"]}]}
_SEVERAL = {"path": ["https://a.org/a", "https://a.org/b"], "dest": ["a", "b"]}
_THREE = {"func": ["exact_match"] * 3, "result": [_LINE] * 3, "expected": [_RULE] * 3}


def checked(raw: Mapping[str, Any], folder: Path) -> Verdict:
    path = folder / "a.json"
    path.write_text(json.dumps({**_PLAIN, "id": "a", "instruction": "Do it.", **raw}))
    return check_tasks(str(path))


def judged(func: str, **more: Any) -> dict[str, Any]:
    return {"evaluator": {"func": func, "result": _FILE, "expected": _GOLD, **more}}


def step(kind: str, **parameters: Any) -> dict[str, Any]:
    return {"config": [{"type": kind, "parameters": parameters}]}


@pytest.mark.parametrize(
    "raw",
    [
        {"source": ["https://a.org", "https://b.org"]},
        {"hint": "Look."},
        {"env_may_change": True},
        {"possibility_of_env_change": "high"},
        {"proxy": True, "fixed_ip": True},
        {"evaluator": {"func": "infeasible"}},
        {"evaluator": {"func": "infeasible", "postconfig": []}},
        {"evaluator": {"func": "infeasible", "expected": {}, "result": {}}},
        judged("compare_text_file", _config_note="a note"),
        judged("compare_text_file", postconfig=[]),
        {"config": None, "related_apps": None, "snapshot": None, "evaluator": None, "max_steps": None, "source": None},
        judged("compare_text_file", postconfig=None, options=None, conj=None, strict=None),
        judged("compare_htmls", options={"ignore_sdnum": "true"}),
        {"evaluator": {"func": "infeasible", "expected": None, "result": None, "options": None}},
        {"config": [{"type": "file", "parameters": {"path": "a", "content": ""}, "_note": "a note", "by": "me"}]},
        judged("compare_text_file", by="me"),
        judged("compare_text_file", options={}),
        judged("compare_text_file", options=[]),
        judged("compare_text_file", options={"_note": "a note"}),
        judged("compare_text_file", conj="or"),
        judged("compare_zip_files", result={**_FILE, "multi": "false"}),
        judged("compare_text_file", expected={**_GOLD, **_SEVERAL, "multi": "true", "gives": [0]}),
        judged("compare_text_file", expected={**_GOLD, **_SEVERAL, "multi": True}),
        judged("check_accessibility_tree", result={"type": "accessibility_tree"}, expected=_TREE),
        judged("is_utc_0", result={**_LINE, "shell": "true"}, expected={}),
        judged(
            "exact_match", result=_LINE, expected={"type": "rule", "rules": {"expected": "x", "url": "a", "_note": 1}}
        ),
        judged("check_auto_saving_time", expected={"type": "rule", "rules": {"type": "value", "minutes": 3}}),
        {"evaluator": _THREE},
        {"evaluator": {**_THREE, "options": [{}, {}, {}]}},
        {"evaluator": {**_THREE, "options": []}},
        {"evaluator": {"func": ["is_utc_0"] * 2, "result": [_LINE] * 2, "expected": {}}},
        {"evaluator": {"func": ["is_utc_0"] * 2, "result": [_LINE] * 2, "expected": [], "options": {}}},
        {"evaluator": {**_THREE, "options": [{}, None, {}], "conj": "or"}},
        {"evaluator": {**_THREE, "func": ["exact_match", "exact_match", "is_utc_0"], "expected": [_RULE, _RULE, {}]}},
        {"evaluator": {**_THREE, "func": ["exact_match", "exact_match", "is_utc_0"], "expected": [_RULE, _RULE, None]}},
        {"config": [{"type": "execute", "parameters": {"command": "ls", "shell": "true"}}]},
        step("command", command=["sh", "-c", "ls"], stdout="out", stderr="err", until={"returncode": 0}),
        {"config": [{"type": "launch", "parameters": {"command": "vlc -a", "shell": True}}]},
        step("sleep", seconds=0.5),
        step("activate_window", window_name="a", strict=True, by_class=False),
    ],
    ids=lambda raw: json.dumps(raw)[:80],
)
def test_it_is_read_and_nothing_is_wrong_with_it(raw: dict[str, Any], tmp_path: Path) -> None:
    assert checked(raw, tmp_path).problems == ()


def test_a_file_without_config_is_a_task(tmp_path: Path) -> None:
    path = tmp_path / "c288e301.json"
    path.write_text(json.dumps({"id": "c288e301", "instruction": "Do it.", "evaluator": {"func": "infeasible"}}))
    assert load_tasks(path)[0].setup == ()


def test_a_step_without_parameters_may_have_none_of_them(tmp_path: Path) -> None:
    checked({"config": [{"type": "service", "parameters": None}]}, tmp_path)
    assert load_tasks(tmp_path / "a.json")[0].setup == (SetupStep("service", {}),)


def test_a_key_that_nothing_reads_is_remarked_on(tmp_path: Path) -> None:
    verdict = checked(
        {**judged("compare_text_file", by="me"), "config": [{**step("sleep", seconds=1)["config"][0], "by": "me"}]},
        tmp_path,
    )
    assert [one.message.partition("a.json:1: ")[2] for one in verdict.warnings] == [
        f"nothing reads 'by', which OSWorld passes over, too - at $.{place}.by" for place in ("config[0]", "evaluator")
    ]


def test_a_checkout_of_osworld_is_its_tree(tmp_path: Path) -> None:
    examples = tmp_path / "evaluation_examples" / "examples" / "os"
    examples.mkdir(parents=True)
    (examples / "a.json").write_text(json.dumps({**_PLAIN, "id": "a", "instruction": "Do it."}))
    (examples.parents[1] / "test_all.json").write_text(json.dumps({"os": ["a"]}))
    (tmp_path / "settings.json").write_text(json.dumps({"email": "a@b.org"}))
    assert [task.id for task in load_tasks(tmp_path)] == ["a"]
    assert domains_of(str(tmp_path)) == {"a": "os"}


def test_lists_of_checks_without_a_conjunction_are_all_to_hold(tmp_path: Path) -> None:
    checked({"evaluator": _THREE}, tmp_path)
    spec = load_tasks(tmp_path / "a.json")[0].evaluator
    assert spec is not None
    assert (len(spec.checks), spec.conj) == (3, "and")


def test_lines_of_osworld_examples_are_tasks(tmp_path: Path) -> None:
    line = {
        "id": "a",
        "instruction": "Do it.",
        "config": [],
        "related_apps": ["libreoffice_calc"],
        "evaluator": {"func": "infeasible"},
        "snapshot": "libreoffice_calc",
        "max_steps": 15,
    }
    path = tmp_path / "osworld_examples.jsonl"
    path.write_text("".join(json.dumps({**line, "id": name}) + "\n" for name in "ab"))
    assert [(task.id, task.max_steps, task.snapshot) for task in load_tasks(path)] == [
        ("a", 15, "libreoffice_calc"),
        ("b", 15, "libreoffice_calc"),
    ]
    assert check_tasks(str(path)).problems == ()


@pytest.mark.parametrize("name", ["test_all", "test_nogdrive", "test_small", "test_infeasible"])
def test_every_index_file_beside_the_examples_is_read(name: str, tmp_path: Path) -> None:
    for domain, task in (("os", "a"), ("vlc", "b")):
        folder = tmp_path / "examples" / domain
        folder.mkdir(parents=True)
        (folder / f"{task}.json").write_text(json.dumps({**_PLAIN, "id": task, "instruction": "Do it."}))
    index = tmp_path / f"{name}.json"
    index.write_text(json.dumps({"vlc": ["b"], "os": ["a"]}))
    assert [task.id for task in load_tasks(index)] == ["b", "a"]
    assert sorted(task.id for task in load_tasks(tmp_path)) == ["a", "b"]


_KINDS: Mapping[str, Any] = {
    "str": "a",
    "int": 1,
    "bool": True,
    "dict": {"a": "b"},
    "list": ["a"],
}
_VALUES: Mapping[tuple[str, str], Sequence[Any]] = {
    # Of the rest any value of the kind will do.
    ("gives", "list"): [[0]],
    ("rules", "dict"): [{"relativeTime": {"from": "tomorrow"}, "expected": {"time": "{Year}"}}],
    ("multi", "str"): ["true"],
    ("shell", "str"): ["true"],
    ("file_type", "str"): ["xlsx"],
    ("file_content", "str"): ["last_row"],
}


def told(getter: str) -> Iterator[dict[str, Any]]:
    """The getter with every parameter that is counted, once for each kind of value."""
    kinds = GETTERS[getter]
    whole = {name: _value(name, of[0]) for name, of in kinds.items()}
    yield whole
    for name, of in kinds.items():
        yield from ({**whole, name: _value(name, kind)} for kind in of[1:])


def _value(name: str, kind: str) -> Any:
    return _VALUES.get((name, kind), [_KINDS[kind]])[0]


@pytest.mark.parametrize("name", GETTERS)
def test_every_counted_parameter_of_a_getter_is_taken(name: str) -> None:
    said = [
        fault
        for config in told(name)
        for fault in faults_of_spec(
            EvaluatorSpec((Check("literal_match", GetterSpec(name, {"type": name, **config})),))
        )
    ]
    assert [fault for fault in said if "no key" in fault] == []


def test_keys_of_the_metric_are_none_of_the_getters_business(tmp_path: Path) -> None:
    days = {"relativeTime": {"from": "tomorrow"}, "expected": {"time": "{Year}"}, "expect_in_result": True}
    expected = {"type": "rule_relativeTime", "rules": days}
    assert checked(judged("check_direct_json_object", result=_LINE, expected=expected), tmp_path).problems == ()


@pytest.mark.parametrize("name", GETTERS)
def test_every_getter_says_what_it_must_be_told(name: str) -> None:
    assert name in getter_forms


@pytest.mark.parametrize("name", STEPS)
def test_every_counted_parameter_of_a_step_is_taken(name: str) -> None:
    parameters = inspect.signature(steps[name]).parameters
    assert set(STEPS[name]) <= set(parameters)


@pytest.mark.parametrize("option", [option for option in OPTIONS if not option.startswith("_")])
def test_every_counted_option_is_one_of_a_metrics(option: str) -> None:
    assert any(option in inspect.signature(metrics[name]).parameters for name in metrics)


def test_a_truth_that_is_written_as_text_is_one() -> None:
    check_step(SetupStep("execute", {"command": "ls", "shell": "true"}), "$")


def test_a_task_survives_being_written_and_read(tmp_path: Path) -> None:
    checked({"evaluator": {**_THREE, "options": [{}, None, {}]}, "source": ["a"], "hint": "b"}, tmp_path)
    task = load_tasks(tmp_path / "a.json")[0]
    assert isinstance(task, Task)
    assert (task.metadata["source"], task.metadata["hint"]) == (["a"], "b")
