from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agentgym.cli import main
from agentgym.errors import UnknownNameError
from agentgym.families import suites
from tests.cli.conftest import SAVED, Run, write_tasks


@pytest.mark.parametrize("command", ["list", "run", "doctor", "validate", "screenshot", "qa"])
def test_help_has_examples_each_on_its_own_line(command: str, run: Run) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert len([line for line in out.splitlines() if line.strip().startswith(f"agentgym {command}")]) >= 2


def test_a_mistake_is_one_line_on_stderr_and_exit_2(run: Run) -> None:
    code, out, err = run("run", "nowhere.jsonl")
    assert (code, out) == (2, "")
    assert err.startswith("agentgym: no tasks at 'nowhere.jsonl'")
    assert "Traceback" not in err


def test_an_unknown_option_is_exit_2(run: Run) -> None:
    assert run("run", "apps", "--num-env", "2")[0] == 2


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(UnknownNameError):
        main(["--debug", "list", "metric"])


def test_list_names_every_kind(run: Run) -> None:
    code, out, _ = run("list", "--json")
    names = json.loads(out)
    assert code == 0
    assert "oracle" in names["agents"]
    assert "agentgym/Desktop-v0" in names["environments"]
    assert "exact_match" in names["metrics"]
    assert {"memory", "x11"} <= set(names["backends"])


def test_list_of_one_kind_is_a_name_a_line(run: Run) -> None:
    assert run("list", "engines")[1].split() == ["processes", "ray", "serial", "spark", "threads"]


def test_list_of_an_unknown_kind_is_met_with_a_suggestion(run: Run) -> None:
    code, _, err = run("list", "metric")
    assert (code, err) == (2, "agentgym: nothing named 'metric' to list; did you mean 'metrics'?\n")


def test_list_names_the_tasks_of_a_suite(run: Run) -> None:
    code, out, _ = run("list", "tasks", "data")
    assert code == 0
    assert out.splitlines() == [f"data/{name}" for name in suites["data"].families]
    assert json.loads(run("list", "tasks", "data", "--json")[1]) == out.splitlines()


def test_list_names_small_suites_before_those_that_hide_them(run: Run) -> None:
    names = run("list", "tasks")[1].splitlines()
    assert set(names) >= {f"{suite}/{name}" for suite in ("shell", "apps", "micro") for name in suites[suite].families}
    order = list(dict.fromkeys(name.partition("/")[0] for name in names))
    assert order == sorted(order, key=lambda suite: len(suites[suite].families))


@pytest.mark.parametrize(
    ("words", "says"),
    [(("tasks", "shel"), "did you mean 'shell'?"), (("metrics", "shell"), "only tasks are of a suite")],
)
def test_list_of_a_suite_that_cannot_be_is_exit_2(words: tuple[str, ...], says: str, run: Run) -> None:
    code, _, err = run("list", *words)
    assert code == 2
    assert says in err


def test_validate_finds_nothing_wrong_with_good_tasks(tasks: str, run: Run) -> None:
    assert run("validate", tasks)[:2] == (0, "2 tasks, 0 problems\n")


def test_validate_suggests_names(run: Run, tmp_path: Path) -> None:
    evaluator = {**SAVED, "func": "exact_mach", "postconfig": [{"type": "lunch", "parameters": {}}]}
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "evaluator": evaluator})
    code, out, _ = run("validate", source)
    assert code == 1
    assert "did you mean 'exact_match'?" in out
    assert "did you mean 'launch'?" in out
    assert f"{source}:1: no metric" in out
    assert "(task a)" in out
    assert "at $.evaluator.func (" in out


def test_validate_gives_file_line_and_path_of_each_malformed_task(run: Run, tmp_path: Path) -> None:
    write_tasks(tmp_path / "a.jsonl", {"id": "a"}, {"id": 7}, {"id": "c", "config": [{"type": "lunch"}]})
    (tmp_path / "b.json").write_text('{\n"id": "d",\n"instruction": d}')
    code, out, _ = run("validate", str(tmp_path))
    assert code == 1
    assert out.splitlines() == [
        f"{tmp_path}/a.jsonl:2: Expected `str`, got `int` - at $.id",
        f"{tmp_path}/a.jsonl:3: no setup step named 'lunch'; did you mean 'launch'? - at $.config[0].type (task c)",
        f"{tmp_path}/b.json:3: JSON is malformed: invalid character",
        "4 tasks, 3 problems",
    ]
    found = json.loads(run("validate", str(tmp_path), "--json")[1])
    assert found["tasks"] == 4
    assert [problem["task"] for problem in found["problems"]] == [None, "c", None]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({"id": "a"}, "another task has the id 'a', too - at $.id"),
        ({"id": "b", "evalutor": SAVED}, "the key 'evalutor' means nothing; did you mean 'evaluator'? - at $.evalutor"),
        ({"id": "b", "max_step": 3}, "did you mean 'max_steps'?"),
        (
            {"id": "b", "config": [{"type": "sleep", "parameters": {"seconds": -1}}]},
            "at $.config[0].parameters.seconds",
        ),
        ({"id": "b", "evaluator": {**SAVED, "options": {"rulez": 1}}}, "has no option 'rulez'"),
        ({"id": "b", "evaluator": {"func": "exact_match", "result": SAVED["result"]}}, "needs a result and something"),
        (
            {"id": "b", "evaluator": {**SAVED, "func": "literal_match", "options": {"type": "lst"}}},
            "'lst'; the choices are 'str', 'list' - at $.evaluator.options.type",
        ),
        (
            {"id": "b", "evaluator": {**SAVED, "func": "literal_match", "options": {"ignore_case": "no"}}},
            "metric 'literal_match': Expected `bool`, got `str` - at $.evaluator.options.ignore_case",
        ),
        ({"id": "b", "evaluator": {"func": "is_file_exist"}}, "needs a result, each with a getter"),
        (
            {"id": "b", "evaluator": {**SAVED, "expected": {"type": "rule", "rules": {"expected": 1, "expectd": 1}}}},
            "'expectd' is known here; did you mean 'expected'? - at $.evaluator.expected.rules.expectd",
        ),
        (
            {"id": "b", "evaluator": {**SAVED, "func": "check_list", "expected": {"type": "rule", "rules": []}}},
            "metric 'check_list': Expected `object`, got `array` - at $.evaluator.expected.rules",
        ),
        (
            {"id": "b", "evaluator": {**SAVED, "conj": "xor"}},
            "'xor'; the choices are 'and', 'or' - at $.evaluator.conj",
        ),
        (
            {"id": "b", "evaluator": {**SAVED, "result": {"type": "vm_command_line", "command": "a", "shel": True}}},
            "no key 'shel' is known here; did you mean 'shell'? - at $.evaluator.result.shel",
        ),
    ],
)
def test_validate_tells_what_would_only_be_missed(run: Run, tmp_path: Path, second: Any, says: str) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"}, second)
    code, out, _ = run("validate", source)
    assert code == 1
    assert out.startswith(f"{source}:2: ")
    assert says in out


def test_validate_gives_the_line_and_path_of_what_is_alone_in_the_file(run: Run, tmp_path: Path) -> None:
    evaluator = {**SAVED, "expected": {"type": "rule", "rules": {"expected": "x", "expectd": "x"}}}
    source = tmp_path / "a.json"
    source.write_text(json.dumps({"id": "a", "instruction": "", "evaluator": evaluator}, indent=1))
    line = next(number for number, text in enumerate(source.read_text().splitlines(), 1) if "expectd" in text)
    code, out, _ = run("validate", str(source))
    assert code == 1
    assert out.startswith(f"{source}:{line}: metric 'exact_match': no key 'expectd' is known here")
    assert "- at $.evaluator.expected.rules.expectd (task a)" in out


def test_validate_gives_the_path_of_what_is_alone_in_a_list(run: Run, tmp_path: Path) -> None:
    evaluator = {**SAVED, "result": [{"type": "vm_fil"}]}
    source = write_tasks(tmp_path / "t.jsonl", {"id": "a", "evaluator": evaluator})
    assert "- at $.evaluator.result[0].type (task a)" in run("validate", source)[1]


def test_validate_lists_every_fault_of_every_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff")
    (tmp_path / "b.json").symlink_to("nowhere")
    rules = {"type": "rule", "rules": {"expect": ["a"], "unexpct": 1}}
    evaluator = {
        "func": ["exact_mach", "check_list"],
        "result": [{"type": "vm_fil", "path": "a"}, {"type": "vm_file", "pth": "a"}],
        "expected": [rules, rules],
    }
    task = {"id": "c", "instruction": "", "evaluator": evaluator}
    (tmp_path / "c.json").write_text(json.dumps(task, indent=1))
    (tmp_path / "d.json").write_text('{"id": 5, "config": [{"typ": "sleep"}, 3], "evaluator": {"func": 1, "conj": 2}}')
    code, out, _ = run("validate", str(tmp_path))
    assert code == 1
    assert [line.removeprefix(f"{tmp_path}/").partition(" (task")[0] for line in out.splitlines()] == [
        "a.json:1: byte 0xff is no UTF-8 text",
        "b.json: No such file or directory",
        "c.json:11: no getter named 'vm_fil'; did you mean 'vm_file'? - at $.evaluator.result[0].type",
        "c.json:6: no metric named 'exact_mach'; did you mean 'exact_match'? - at $.evaluator.func[0]",
        "c.json:14: getter 'vm_file': Object missing required field `path` - at $.evaluator.result[1]",
        "c.json:16: getter 'vm_file': no key 'pth' is known here; did you mean 'path'? - at $.evaluator.result[1].pth",
        (
            "c.json:35: metric 'check_list': no key 'unexpct' is known here; did you mean 'unexpect'?"
            " - at $.evaluator.expected[1].rules.unexpct"
        ),
        "d.json:1: Expected `str`, got `int` - at $.id",
        "d.json:1: Object missing required field `instruction` - at $",
        "d.json:1: Object missing required field `type` - at $.config[0]",
        "d.json:1: no key 'typ' is known here; did you mean 'type'? - at $.config[0].typ",
        "d.json:1: Expected `object`, got `int` - at $.config[1]",
        "d.json:1: Expected `str | array`, got `int` - at $.evaluator.func",
        "d.json:1: Invalid enum value 2; the choices are 'and', 'or' - at $.evaluator.conj",
        "4 tasks, 14 problems",
    ]


def test_validate_names_a_folder_that_may_not_be_read(run: Run) -> None:
    # Not the test's own folder, which other users may not enter.
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        write_tasks(folder / "a.jsonl", {"id": "a"})
        (folder / "closed").mkdir(mode=0)
        with unprivileged():
            code, out, _ = run("validate", place)
    assert (code, out) == (1, f"{place}/closed: Permission denied\n2 tasks, 1 problem\n")


@contextmanager
def unprivileged() -> Iterator[None]:
    """Where nothing is denied to whoever runs the tests, they become nobody."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_osworld_passes_over_is_a_warning(run: Run, tmp_path: Path) -> None:
    rules = {"key": "theme", "value": "dark", "type": "key-value", "_note": "why"}
    setting = {**SAVED, "func": "check_config_status", "expected": {"type": "rule", "rules": rules}}
    book = {"type": "vm_file", "path": "a.xlsx"}
    sheet = {"type": "sheet_data", "sheet_idx0": 0, "sheet_idx1": "EI0", "ignore_case": True}
    table = {"func": "compare_table", "result": book, "expected": book, "options": {"rules": [sheet]}}
    source = write_tasks(
        tmp_path / "t.jsonl", {"id": "a", "evaluator": setting}, {"id": "b", "evaluator": table}, {"id": "c"}
    )
    code, out, _ = run("validate", source)
    assert code == 0
    assert out.splitlines() == [
        (
            f"warning: {source}:1: nothing reads 'type', which OSWorld passes over, too"
            " - at $.evaluator.expected.rules.type (task a)"
        ),
        (
            f"warning: {source}:2: nothing reads 'ignore_case' in a rule 'sheet_data',"
            " which OSWorld passes over, too - at $.evaluator.options.rules[0].ignore_case (task b)"
        ),
        "3 tasks, 0 problems, 2 warnings",
    ]
    assert [one["task"] for one in json.loads(run("validate", source, "--json")[1])["warnings"]] == ["a", "b"]


def test_screenshot_writes_a_png_of_the_size_asked_for(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "new" / "desktop.png"
    code, _, err = run("screenshot", str(target), "--backend", "memory", "--screen", "80x60")
    assert code == 0, err
    with Image.open(target) as image:
        assert image.size == (80, 60)


@pytest.mark.parametrize("size", ["80", "80x", "axb", "-1x5"])
def test_a_screen_that_is_no_size_is_refused(size: str, run: Run, tmp_path: Path) -> None:
    code, _, err = run("screenshot", str(tmp_path / "x.png"), f"--screen={size}")
    assert code == 2
    assert "WIDTHxHEIGHT" in err


def test_a_screenshot_in_an_unknown_sandbox_is_refused(run: Run, tmp_path: Path) -> None:
    code, _, err = run("screenshot", str(tmp_path / "x.png"), "--backend", "memory", "--sandbox", "docker")
    assert (code, err) == (2, "agentgym: --sandbox can be 'bwrap' or 'none', not 'docker'\n")


def test_a_check_in_an_unknown_sandbox_or_of_an_unknown_task_is_refused(run: Run) -> None:
    assert run("qa", "apps", "--sandbox", "docker") == (
        2,
        "",
        "agentgym: --sandbox can be 'bwrap' or 'none', not 'docker'\n",
    )
    assert run("qa", "apps/note-sav")[2].endswith("did you mean 'note-save'?\n")


def test_a_screenshot_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    code, _, err = run("screenshot", str(tmp_path), "--backend", "memory")
    assert (code, err) == (2, f"agentgym: cannot write {tmp_path}: Is a directory\n")


@pytest.mark.episodes
def test_the_module_is_the_command() -> None:
    said = subprocess.run([sys.executable, "-m", "agentgym", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == "agentgym-envs 0.1.0.dev0\n"
