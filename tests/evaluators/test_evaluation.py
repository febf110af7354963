"""Checks are put together as OSWorld puts them together; a fault is told apart from a zero."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pytest

from agentgym.actions import Done, Fail
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, EvaluationError, TaskError
from agentgym.evaluators import check_spec, evaluate, faults_of_spec, metrics
from agentgym.tasks import EvaluatorSpec, parse_task


@pytest.fixture
def backend() -> MemoryBackend:
    machine = MemoryBackend()
    machine.reset(seed=0)
    machine.write("~/a.txt", b"a\n")
    return machine


def _spec(**evaluator: Any) -> EvaluatorSpec:
    spec = parse_task({"id": "t", "instruction": "", "evaluator": evaluator}).evaluator
    assert spec is not None
    return spec


def _echo(text: str) -> dict[str, Any]:
    return {"type": "vm_command_line", "command": ["echo", text]}


def _rule(expected: Any) -> dict[str, Any]:
    return {"type": "rule", "rules": {"expected": expected}}


def _pair(conj: str, *texts: str) -> EvaluatorSpec:
    return _spec(
        func=["fuzzy_match"] * len(texts),
        result=[_echo(text) for text in texts],
        expected=[_rule("abcd\n")] * len(texts),
        conj=conj,
    )


@pytest.mark.parametrize(
    ("conj", "texts", "value"),
    [
        ("and", ["abcd", "abcd"], 1.0),
        ("and", ["abcd", "abcx"], 0.9),
        ("or", ["abcx", "abcd"], 1.0),
        ("or", ["abcx", "abcx"], 0.8),
    ],
)
def test_and_is_the_mean_or_the_maximum(backend: MemoryBackend, conj: str, texts: list[str], value: float) -> None:
    assert evaluate(_pair(conj, *texts), backend, None).value == pytest.approx(value)


def test_and_ends_at_the_first_zero_and_or_at_the_first_one(backend: MemoryBackend) -> None:
    func = ["exact_match", "exact_match"]
    zero_first = _spec(func=func, result=[_echo("x"), _echo("a")], expected=[_rule("a\n"), _rule("a\n")])
    assert evaluate(zero_first, backend, None).terms == {"0:exact_match": 0.0}
    one_first = _spec(func=func, result=[_echo("a"), _echo("x")], expected=[_rule("a\n")] * 2, conj="or")
    assert evaluate(one_first, backend, None).terms == {"0:exact_match": 1.0}


def test_giving_up_solves_the_infeasible_alone(backend: MemoryBackend) -> None:
    feasible, infeasible = _spec(func="exact_match", result=_echo("a"), expected=_rule("a\n")), _spec(func="infeasible")
    assert [evaluate(spec, backend, Fail()).value for spec in (feasible, infeasible)] == [0.0, 1.0]
    assert [evaluate(spec, backend, Done()).value for spec in (feasible, infeasible)] == [1.0, 0.0]
    assert evaluate(infeasible, backend, None).value == 0.0


def test_missing_file_is_zero_under_and_and_passed_over_under_or(backend: MemoryBackend) -> None:
    missing = {"type": "vm_file", "path": "~/none.txt", "dest": "none.txt"}
    there = {"type": "vm_file", "path": "~/a.txt", "dest": "a.txt"}
    func = ["is_file_exist", "is_file_exist"]
    assert evaluate(_spec(func=func, result=[missing, there]), backend, None).value == 0.0
    assert evaluate(_spec(func=func, result=[missing, there], conj="or"), backend, None).value == 1.0


def test_postconfig_runs_before_the_checks(backend: MemoryBackend) -> None:
    step = {"type": "file", "parameters": {"path": "~/late.txt", "content": "x"}}
    spec = _spec(func="is_file_exist", result={"type": "vm_file", "path": "~/late.txt", "dest": "l"}, postconfig=[step])
    assert evaluate(spec, backend, None).value == 1.0


def test_metric_that_raises_leaves_the_episode_unscored(backend: MemoryBackend) -> None:
    spec = _spec(func="exact_match", result=_echo("a"), expected={"type": "rule", "rules": {}})
    with pytest.raises(EvaluationError, match=r"metric 'exact_match' raised KeyError.*check 0"):
        evaluate(spec, backend, None)


def test_getter_that_raises_leaves_the_episode_unscored(backend: MemoryBackend) -> None:
    spec = _spec(func="exact_match", result={"type": "vm_command_line"}, expected=_rule("a"))
    with pytest.raises(EvaluationError, match=r"getter 'vm_command_line' raised KeyError.*result"):
        evaluate(spec, backend, None)


def test_result_outside_zero_to_one_is_an_error(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in (1.5, -0.1, "1", None, float("nan")):
        monkeypatch.setitem(metrics._known, "exact_match", lambda *_, bad=bad: bad)
        spec = _spec(func="exact_match", result=_echo("a"), expected=_rule("a"))
        with pytest.raises(EvaluationError, match="it must give a number from 0 to 1"):
            evaluate(spec, backend, None)


def test_result_may_be_a_number_of_numpy_or_a_truth(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = _spec(func="exact_match", result=_echo("a"), expected=_rule("a"))
    for good in (np.float32(1.0), np.bool_(True), True, 1):
        monkeypatch.setitem(metrics._known, "exact_match", lambda *_, good=good: good)
        assert evaluate(spec, backend, None).value == 1.0


def test_file_of_the_task_that_is_missing_leaves_the_episode_unscored(backend: MemoryBackend, tmp_path: Path) -> None:
    gold = {"type": "cloud_file", "path": (tmp_path / "gold.txt").as_uri(), "dest": "gold.txt"}
    there = {"type": "vm_file", "path": "~/a.txt", "dest": "a.txt"}
    spec = _spec(func="compare_text_file", result=there, expected=gold)
    with pytest.raises(EvaluationError, match=r"getter 'cloud_file' raised .*there is no such file"):
        evaluate(spec, backend, None)
    (tmp_path / "gold.txt").write_bytes(b"a\n")
    assert evaluate(spec, backend, None).value == 1.0


def test_broken_machine_is_no_score() -> None:
    def broken(_backend: MemoryBackend, _argv: Sequence[str]) -> Completed:
        raise BackendError("the machine died")

    machine = MemoryBackend(commands={"echo": broken})
    machine.reset(seed=0)
    with pytest.raises(BackendError):
        evaluate(_spec(func="exact_match", result=_echo("a"), expected=_rule("a")), machine, None)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"type": "execute", "parameters": {"command": ["nothing"]}}, "step 'execute': no program 'nothing'"),
        ({"type": "execute", "parameters": {"command": ["fails"], "check": True}}, "ended with 3"),
        ({"type": "open", "parameters": {"path": "~/none"}}, "no file or folder"),
        ({"type": "upload_file", "parameters": {"files": [{"local_path": "/none", "path": "a"}]}}, "No such file"),
        ({"type": "sleeep"}, "did you mean 'sleep'"),
    ],
)
def test_postconfig_step_that_fails_leaves_the_episode_unscored(step: dict[str, Any], says: str) -> None:
    def fails(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        return Completed(3)

    machine = MemoryBackend(commands={"fails": fails, "sh": lambda *_: Completed(0)})
    machine.reset(seed=0)
    spec = _spec(func="exact_match", result=_echo("a"), expected=_rule("a\n"), postconfig=[step])
    with pytest.raises(EvaluationError, match=rf"postconfig: .*{says}.* - at \$\.evaluator\.postconfig\[0\]"):
        evaluate(spec, machine, None)


def test_machine_that_breaks_in_postconfig_is_no_evaluation_error() -> None:
    machine = MemoryBackend()
    step = {"type": "file", "parameters": {"path": "~/a", "content": ""}}
    with pytest.raises(BackendError):
        evaluate(_spec(func="infeasible", postconfig=[step]), machine, None)


def test_names_that_nothing_has_leave_an_episode_unscored_that_nobody_checked(backend: MemoryBackend) -> None:
    for spec, says in (
        (_spec(func="exact_mach", result=_echo("a")), r"did you mean 'exact_match'\?"),
        (_spec(func="exact_match", result={"type": "vm_fil"}), r"did you mean 'vm_file'\?"),
    ):
        with pytest.raises(EvaluationError, match=says):
            evaluate(spec, backend, None)


def test_reference_file_of_several_that_is_missing_leaves_the_episode_unscored(
    backend: MemoryBackend, tmp_path: Path
) -> None:
    (tmp_path / "b").write_bytes(b"a\n")
    gold = {"type": "cloud_file", "path": [(tmp_path / name).as_uri() for name in "ab"], "dest": ["a", "b"]}
    there = {"type": "vm_file", "path": "~/a.txt", "dest": "a.txt"}
    spec = _spec(func="compare_csv", result=there, expected={**gold, "multi": True, "gives": [0, 1]})
    with pytest.raises(EvaluationError, match=r"cloud_file.*there is no such file"):
        evaluate(spec, backend, None)
    (tmp_path / "a").write_bytes(b"other")
    assert evaluate(spec, backend, None).value == 1.0


def test_file_of_the_desktop_that_is_missing_is_zero_as_what_is_expected_too(backend: MemoryBackend) -> None:
    there = {"type": "vm_file", "path": "~/a.txt", "dest": "a.txt"}
    missing = {"type": "vm_file", "path": "~/none.txt", "dest": "none.txt"}
    spec = _spec(func="compare_text_file", result=there, expected=missing)
    assert evaluate(spec, backend, None).value == 0.0


def test_missing_library_leaves_the_episode_unscored_and_says_what_to_type(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    there = {"type": "vm_file", "path": "~/a.txt", "dest": "a.txt"}
    spec = _spec(func="compare_table", result=there, options={"rules": [{"type": "sheet_name"}]})
    with pytest.raises(EvaluationError, match=r"openpyxl is not installed: pip install 'agentgym-envs\[office\]'"):
        evaluate(spec, backend, None)


def test_names_are_checked_beforehand() -> None:
    for spec, says in (
        (_spec(func="exact_mach"), r"'exact_match'\? - at \$\.evaluator\.func"),
        (_spec(func="exact_match", result={"type": "vm_fil"}), r"'vm_file'\? - at \$\.evaluator\.result\.type"),
        (_spec(func="exact_match", postconfig=[{"type": "sleeep"}]), r"\$\.evaluator\.postconfig\[0\]\.type"),
        (
            _spec(func="exact_match", result=_echo("a")),
            r"a result and something expected.* - at \$\.evaluator\.func",
        ),
        (
            _spec(func="compare_csv", result=_echo("a"), expected=_rule("a"), options={"strikt": True}),
            r"has no option 'strikt'; did you mean 'strict'\? - at \$\.evaluator\.options",
        ),
        (
            _spec(func="exact_match", result={"type": "vm_command_line"}, expected=_rule("a")),
            r"'vm_command_line': .*`command` - at \$\.evaluator\.result",
        ),
        (
            _spec(func="exact_match", result={"type": "vm_command_line", "command": ["a", 1]}, expected=_rule("a")),
            r"got `int` - at \$\.evaluator\.result\.command\[1\]",
        ),
        (
            _spec(func="is_file_exist", result={"type": "vm_file", "path": ["a", "b"]}),
            r"for several files, say 'multi': true - at \$\.evaluator\.result",
        ),
        (
            _spec(func="is_file_exist", result={"type": "vm_file", "path": ["a"], "multi": True, "gives": [1]}),
            r"gives is \[1\]; it picks of the places 0 to 0",
        ),
        (
            _spec(func="is_file_exist", result={"type": "vm_file", "path": ["a", "b"], "dest": ["a"], "multi": True}),
            "2 paths and 1 names in dest",
        ),
        (
            _spec(
                func="exact_match",
                result={"type": "content_from_vm_file", "path": "a", "file_type": "pdf", "file_content": "last_row"},
                expected=_rule("a"),
            ),
            r"'pdf'; the choices are 'xlsx' - at \$\.evaluator\.result\.file_type",
        ),
    ):
        with pytest.raises(TaskError, match=says):
            check_spec(spec)


class _Wanted(TypedDict):
    colour: str
    shade: NotRequired[float]


def _shaded(result: object, rules: list[_Wanted]) -> float:
    return 1.0


def test_the_rules_of_a_metric_of_ones_own_are_held_against_its_annotation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(metrics._known, "shaded", _shaded)

    def faults(rules: Any) -> list[str]:
        expected = {"type": "rule", "rules": rules}
        return list(faults_of_spec(_spec(func="shaded", result=_echo("a"), expected=expected)))

    assert faults([{"colour": "red"}, {"colour": "red", "shade": 1, "_why": "a note"}]) == []
    assert faults([{"color": "red"}]) == [
        "metric 'shaded': Object missing required field `colour` - at $.evaluator.expected.rules[0]",
        (
            "metric 'shaded': no key 'color' is known here; did you mean 'colour'?"
            " - at $.evaluator.expected.rules[0].color"
        ),
    ]
    assert faults({"colour": "red"}) == [
        "metric 'shaded': Expected `array`, got `object` - at $.evaluator.expected.rules"
    ]


def test_what_a_getter_fetched_is_held_against_no_form() -> None:
    file = {"type": "vm_file", "path": "a", "dest": "a"}
    assert list(faults_of_spec(_spec(func="check_list", result=file, expected=file))) == []
