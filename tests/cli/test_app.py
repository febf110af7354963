from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agentgym.cli import main
from agentgym.errors import UnknownNameError
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
    assert run("list", "engines")[1].split() == ["processes", "serial"]


def test_list_of_an_unknown_kind_is_met_with_a_suggestion(run: Run) -> None:
    code, _, err = run("list", "metric")
    assert (code, err) == (2, "agentgym: nothing named 'metric' to list; did you mean 'metrics'?\n")


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
    assert "at $.evaluator.func[0]" in out


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
        ({"id": "b", "evaluator": {"func": "is_file_exist"}}, "needs a result, each with a getter"),
    ],
)
def test_validate_tells_what_would_only_be_missed(run: Run, tmp_path: Path, second: Any, says: str) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"}, second)
    code, out, _ = run("validate", source)
    assert code == 1
    assert out.startswith(f"{source}:2: ")
    assert says in out


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
    assert (code, err) == (2, "agentgym: --sandbox takes bwrap or none, got 'docker'\n")


def test_a_screenshot_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    code, _, err = run("screenshot", str(tmp_path), "--backend", "memory")
    assert (code, err) == (2, f"agentgym: cannot write {tmp_path}: Is a directory\n")


def test_the_module_is_the_command() -> None:
    said = subprocess.run([sys.executable, "-m", "agentgym", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == "agentgym-envs 0.1.0.dev0\n"
