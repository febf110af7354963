"""What the pages of docs/ show is done, and what is made from the code is up to date."""

from __future__ import annotations

import ast
import builtins
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import agentgym
from agentgym.actions import Hotkey, TypeText
from agentgym.cli.taskcheck import check_tasks
from agentgym.evaluators import getters, metrics
from agentgym.runner import RolloutSpec, rollout
from agentgym.setup import steps
from agentgym.tasks import parse_task

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
TASKS = (DOCS / "tasks.md").read_text()


def block(page: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def example() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(block(TASKS, "json"))
    return raw


def test_the_tables_of_tasks_are_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "tasks_page.py"))
    assert script["renewed"](TASKS) == TASKS, "type: python scripts/tasks_page.py"


@pytest.mark.parametrize("names", [steps, getters, metrics], ids=["steps", "getters", "metrics"])
def test_the_page_of_tasks_names_everything(names: Any) -> None:
    assert [name for name in names if f"`{name}`" not in TASKS] == []


def test_the_example_of_a_task_has_no_fault(tmp_path: Path) -> None:
    place = tmp_path / "tasks"
    place.mkdir()
    (place / "shopping-add.json").write_text(block(TASKS, "json"))
    assert check_tasks(str(place)) == check_tasks(str(place / "shopping-add.json"))
    verdict = check_tasks(str(place))
    assert (verdict.tasks, verdict.problems, verdict.warnings) == (1, (), ())


@pytest.mark.desktop
@pytest.mark.parametrize(("text", "score"), [("milk\n", 1.0), ("mlk\n", 0.0)])
def test_the_example_of_a_task_can_be_solved(text: str, score: float) -> None:
    env = gym.make("agentgym/Desktop-v0", task=parse_task(example()), settle_timeout=10.0)
    try:
        env.reset(seed=0)
        for action in (Hotkey(("ctrl", "end")), TypeText(text), Hotkey(("ctrl", "s"))):
            assert env.step(action)[4]["action_error"] is None
        assert env.step("DONE")[1] == score
    finally:
        env.close()


@pytest.mark.desktop
def test_the_commands_of_the_page_of_tasks_work(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "shopping-add.json").write_text(block(TASKS, "json"))
    shell(block(TASKS, "bash"), tmp_path)
    assert len(agentgym.Dataset(tmp_path / "data")) == 1


def test_the_places_that_contributing_names_are_there() -> None:
    named = re.findall(r"`((?:agentgym|docs|scripts|tests)/[\w/.-]+)`", CONTRIBUTING)
    assert len(named) > 15
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_contributing_names_every_table_that_another_package_can_add_to() -> None:
    own = {"agentgym." + kind.replace(" ", "_") + "s" for kind in registries()}
    named = set(re.findall(r"`(agentgym\.\w+s)`", CONTRIBUTING))
    assert own - named == {"agentgym.metric_option_remarks"}, "which only OSWorld's own files need"
    assert named - own == {"agentgym.wrappers"}


def registries() -> list[str]:
    sources = "".join(path.read_text() for path in (ROOT / "agentgym").rglob("*.py"))
    return re.findall(r'= _?(?:Registry|Exporters)\("([a-z ]+)"\)', sources)


def shell(code: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e"], input=code, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["groups.md", "play.md", "state.md"])
def test_a_block_can_be_pasted_alone(page: str) -> None:
    for code in python_blocks(page):
        names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
        imported = {
            (one.asname or one.name).partition(".")[0]
            for node in ast.walk(ast.parse(code))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for one in node.names
        }
        bound = imported | {name.id for name in names if isinstance(name.ctx, ast.Store)} | set(dir(builtins))
        assert {name.id for name in names} - bound == set(), code


def test_the_blocks_of_the_page_of_states_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rollout(RolloutSpec("oracle", "shell/find-files", env="agentgym/Tools-v0", record="data"))
    said = []
    for code in python_blocks("state.md"):
        exec(compile(code, "docs/state.md", "exec"), {"__name__": "example"})  # noqa: S102 - our own page
        said.append(capsys.readouterr().out)
    live, running, records = said
    assert int(live) > 0
    assert running == ""
    assert "Step(" in records


@pytest.mark.slow
def test_every_block_of_the_page_of_rewards_runs_in_its_order(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", (DOCS / "rewards.md").read_text(), re.MULTILINE | re.DOTALL)
    languages = "python python python json python bash bash python"
    assert " ".join(language for language, _ in blocks) == languages
    for number, (language, code) in enumerate(blocks):
        name = re.match(r"# (\w+\.py)\n", code)
        script = tmp_path / (name[1] if name else f"block{number}.{language}")
        script.write_text(code)
        if language == "json":
            assert check_tasks(str(script)).problems == ()
            continue
        shell(code if language == "bash" else f"{sys.executable} -W error {script.name}", tmp_path)
