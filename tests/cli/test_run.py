"""``agentgym run``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from agentgym import Dataset
from tests.cli.conftest import SAVED, Run, on_memory, write_tasks

pytestmark = pytest.mark.episodes

ROOT = Path(__file__).parents[2]


def test_run_prints_a_row_a_task_and_records(tasks: str, run: Run, tmp_path: Path) -> None:
    code, out, _ = run(*on_memory(tasks, "--agent", "noop", "--out", str(tmp_path / "data")))
    assert code == 0, out
    assert "2 episodes, 2 scored, 0 failed, 0 skipped, mean score 0.50" in out
    assert f"dataset: {tmp_path / 'data'}" in out
    assert len(Dataset(tmp_path / "data")) == 2


def test_run_writes_json(tasks: str, run: Run) -> None:
    _, out, _ = run(*on_memory(tasks, "--agent", "noop", "--json", "--episodes", "2", "--seed", "4"))
    report = json.loads(out)
    assert [(row["task"], row["seed"], row["score"]) for row in report["rows"]] == [
        ("a", 4, 1.0),
        ("a", 5, 1.0),
        ("b", 4, 0.0),
        ("b", 5, 0.0),
    ]
    assert report["summary"]["scored"] == 4


def test_run_draws_the_last_screens(tasks: str, run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    code, out, _ = run(*on_memory(tasks, "--agent", "noop", "--contact-sheet", str(sheet)))
    assert code == 0
    assert f"contact sheet: {sheet}" in out
    with Image.open(sheet) as image:
        assert image.size == (2 * 492 + 12, 306 + 12)


def test_a_task_of_no_suite_has_no_oracle(tasks: str, run: Run) -> None:
    code, _, err = run(*on_memory(tasks, "--agent", "oracle"))
    assert code == 2
    assert "the task 'a' has no oracle" in err
    assert "--agent random, or your own by --agent module:Class" in err


def test_a_misspelt_task_of_a_suite_is_met_with_a_suggestion(run: Run) -> None:
    code, _, err = run(*on_memory("apps/note-sav"))
    assert (code, err) == (2, "agentgym: no task in suite 'apps' named 'note-sav'; did you mean 'note-save'?\n")


OWN_AGENT = """
from agentgym.actions import Fail, Wait


class Waiter:
    def __init__(self, steps=0):
        self.steps = steps

    def reset(self, task, emit):
        self.left = self.steps

    def act(self, observation):
        self.left -= 1
        return Wait() if self.left >= 0 else Fail()
"""


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_ones_own_agent_is_found_in_the_working_directory(
    engine: str, tasks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    (tmp_path / f"agent_for_{engine}.py").write_text(OWN_AGENT)
    monkeypatch.chdir(tmp_path)
    agent = ("--agent", f"agent_for_{engine}:Waiter", "--agent-option", "steps=2", "--json")
    code, out, err = run("run", tasks, "--backend", "memory", "--engine", engine, *agent)
    assert code == 0, err
    assert [row["steps"] for row in json.loads(out)["rows"]] == [3, 3]


def test_an_agents_class_that_is_not_there_is_told(tasks: str, run: Run) -> None:
    assert "'agentgym.agents' has no 'RandomAgen'" in run(*on_memory(tasks, "--agent", "agentgym.agents:RandomAgen"))[2]
    assert "did you mean 'replay'?" in run(*on_memory(tasks, "--agent", "repaly:data/"))[2]


def test_run_takes_options_for_the_agent(tasks: str, run: Run) -> None:
    _, out, _ = run(*on_memory(tasks, "--agent", "noop", "--agent-option", "steps=3", "--json"))
    assert [row["steps"] for row in json.loads(out)["rows"]] == [4, 4]


def test_an_option_for_the_agent_needs_a_value(tasks: str, run: Run) -> None:
    code, _, err = run(*on_memory(tasks, "--agent-option", "steps"))
    assert (code, err) == (2, "agentgym: --agent-option takes KEY=VALUE, got 'steps'\n")


def test_an_unscored_episode_is_exit_1_and_named(run: Run, tmp_path: Path) -> None:
    broken = {**SAVED, "options": {"nonsense": 1}}
    source = write_tasks(tmp_path / "broken.jsonl", {"id": "a", "evaluator": SAVED}, {"id": "c", "evaluator": broken})
    code, out, _ = run(*on_memory(source, "--agent", "noop", "--json"))
    good, bad = json.loads(out)["rows"]
    assert code == 1
    assert (good["score"], bad["score"]) == (1.0, None)
    assert bad["error"]


def test_an_error_with_brackets_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    broken = {**SAVED, "options": {"[/INST]": 1}}
    source = write_tasks(tmp_path / "broken.jsonl", {"id": "a[/b]", "evaluator": broken})
    ran = run(*on_memory(source, "--agent", "noop", "--out", str(tmp_path / "out"), "--no-trace"))
    again = run("results", str(tmp_path / "out"))
    assert (ran[0], again[0]) == (1, 0)
    for _, out, _ in (ran, again):
        assert "a[/b]" in out
        assert "[/INST]" in out


def test_the_serial_engine_takes_one_environment(tasks: str, run: Run) -> None:
    code, _, err = run(*on_memory(tasks, "--agent", "noop", "--num-envs", "2"))
    assert code == 2
    assert "one environment at a time" in err


def test_json_names_what_was_written(tasks: str, run: Run, tmp_path: Path) -> None:
    data, sheet = tmp_path / "data", tmp_path / "sheet.png"
    code, out, _ = run(
        *on_memory(tasks, "--agent", "noop", "--json", "--out", str(data), "--contact-sheet", str(sheet))
    )
    report = json.loads(out)
    assert code == 0
    assert (report["dataset"], report["contact_sheet"]) == (str(data), str(sheet))
    assert sheet.exists()


def test_fresh_says_where_the_old_folder_is(tasks: str, run: Run, tmp_path: Path) -> None:
    told = on_memory(tasks, "--agent", "noop", "--out", str(tmp_path / "data"), "--fresh")
    assert run(*told)[2] == ""
    code, _, err = run(*told)
    (aside,) = tmp_path.glob("data.before-*")
    assert (code, err) == (0, f"agentgym: what was there is in {aside} now\n")


def test_an_option_without_a_key_is_refused(tasks: str, run: Run) -> None:
    code, _, err = run(*on_memory(tasks, "--agent-option", "=5"))
    assert (code, err) == (2, "agentgym: --agent-option takes KEY=VALUE, got '=5'\n")


BLOCKING = """
import os

def script(task):
    os.makedirs(os.environ["TARGET"], exist_ok=True)
    yield {"action_type": "DONE"}
"""


def test_a_contact_sheet_that_cannot_be_drawn_costs_no_row(
    tasks: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "sheet.png"
    (tmp_path / "blocking_script.py").write_text(BLOCKING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TARGET", str(sheet))
    agent = "scripted:blocking_script:script"
    code, out, err = run(*on_memory(tasks, "--agent", agent, "--contact-sheet", str(sheet)))
    assert (code, err) == (2, f"agentgym: cannot write {sheet}: Is a directory\n")
    assert "2 episodes, 2 scored" in out
    assert "contact sheet:" not in out
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("option", ["--out", "--contact-sheet"])
def test_nothing_is_run_for_what_cannot_be_written(option: str, tasks: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run(*on_memory(tasks, "--agent", "noop", option, str(tmp_path / "file" / "x")))
    assert (code, out) == (2, "")
    assert err.startswith("agentgym: cannot write ")
    assert err.endswith(": Not a directory\n")


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (("--agent", "nop"), "did you mean 'noop'?"),
        (("--agent", "scripted:no_such_module:f"), "cannot import 'no_such_module'"),
        (("--agent", "replay:nowhere"), "nowhere"),
        (("--agent-option", "stepps=3"), "stepps"),
        (("--backend", "memry"), "did you mean 'memory'?"),
        (("--observation", "screenshoot"), "did you mean 'screenshot'?"),
        (("--observation-type", "a11y"), "--observation-type: expected 'screenshot', 'a11y_tree', "),
        (("--observation-type", "som", "--env-option", "action=computer_13"), "make the environment with action="),
        (("--sandbox", "docker"), "--sandbox: expected 'bwrap' or 'none', got 'docker'"),
    ],
)
def test_a_mistake_is_found_before_any_episode(mistake: tuple[str, ...], says: str, tasks: str, run: Run) -> None:
    code, out, err = run("run", tasks, "--backend", "memory", "--agent", "noop", *mistake)
    assert (code, out) == (2, "")
    assert err.startswith("agentgym: ")
    assert says in err


def test_what_needs_a_sandbox_is_refused_once(run: Run, tmp_path: Path) -> None:
    code, out, err = run("run", "apps", "--sandbox", "none")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "tasks name the home inside a sandbox, the first of them 'apps/" in err
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"}, {"id": "b", "instruction": "Save /home/user/x."})
    _, _, err = run("run", source, "--agent", "noop", "--sandbox", "none", "--episodes", "3")
    assert "1 of 2 tasks name the home inside a sandbox, the first of them 'b' at $.instruction;" in err


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_name_that_is_like_a_suites_is_suggested(command: str, run: Run) -> None:
    code, out, err = run(command, "aps")
    assert (code, out) == (2, "")
    assert "did you mean 'apps'?" in err


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_source_without_tasks_is_a_mistake(command: str, run: Run, tmp_path: Path) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl")
    assert run(command, source) == (2, "", f"agentgym: there is no task in {source!r}\n")
    (tmp_path / "empty").mkdir()
    assert run(command, str(tmp_path / "empty"))[0] == 2


HANGING = """
import os, select

def script(task):
    if task.id == "b":
        open(os.environ["READY"], "w").close()
        select.select([], [], [])
    yield {"action_type": "DONE"}
"""


@pytest.mark.parametrize("engine", ["processes", "serial"])
def test_an_interrupt_ends_with_what_had_ended_before(engine: str, tasks: str, tmp_path: Path) -> None:
    (tmp_path / "hanging_script.py").write_text(HANGING)
    ready, data = tmp_path / "ready", tmp_path / "data"
    command = [sys.executable, "-m", "agentgym", "run", tasks, "--backend", "memory", "--engine", engine]
    with subprocess.Popen(
        [*command, "--agent", "scripted:hanging_script:script", "--out", str(data)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", "READY": str(ready)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        told = data / "results.jsonl"
        while not (ready.exists() and told.exists() and told.read_text().endswith("\n")):
            assert process.poll() is None
            os.sched_yield()
        # As the terminal does: to every process of the group.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "1 episode, 1 scored" in out
    assert f"dataset: {data}" in out
    assert err == "agentgym: interrupted; 1 of 2 episodes ended before; the same command goes on\n"
    assert len(list(data.glob("*.summary.json"))) == 2


def test_a_task_whose_application_is_lacking_is_skipped_with_what_to_type(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "related_apps": ["mousepad", "xterm"]})
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, _ = run("run", source, "--agent", "noop", "--engine", "serial", "--json")
    assert code == 0
    assert json.loads(out)["rows"][0]["skipped"] == (
        "mousepad, xterm are not installed: sudo apt-get install mousepad xterm"
    )
