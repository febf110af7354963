"""What pages and help show of agents and tasks is there, and works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.agents import agents
from agentgym.cli import main
from agentgym.cli.taskcheck import check_tasks
from agentgym.envs import ToolEnv
from agentgym.families import find_family, suites

ROOT = Path(__file__).parents[1]
PATHS = {**os.environ, "PYTHONPATH": str(ROOT)}
SHOWN = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "agentgym").rglob("*.py")]


def shown(pattern: str) -> set[str]:
    return {found for page in SHOWN for found in re.findall(pattern, page.read_text())}


def test_agents_that_are_shown_exist() -> None:
    # `agentgym events` asks for one by the id that it has in its stream.
    named = shown(r"agentgym run[^\n]* --agent ([\w.]+)(?![\w.:])")
    assert {"oracle", "random"} <= named
    assert named - {*agents} == set()


def test_tasks_of_suites_that_are_shown_exist() -> None:
    named = {name for name in shown(r"(?:agentgym run|agentgym qa|--task) ([\w-]+/[\w-]+)\b") if "/" in name}
    assert {"apps/note-save", "shell/find-files"} <= named
    for name in named:
        if name.partition("/")[0] in suites:
            find_family(name)


def task_of_page(name: str) -> dict[str, Any]:
    blocks = re.findall(r"^```json\n(.*?)^```$", (ROOT / "docs" / name).read_text(), re.MULTILINE | re.DOTALL)
    (raw,) = [one for one in map(json.loads, blocks) if "instruction" in one]
    task: dict[str, Any] = raw
    return task


@pytest.mark.parametrize("page", ["research.md", "service.md"])
def test_the_task_file_of_a_page_has_no_fault_and_nothing_odd(page: str, tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(json.dumps(task_of_page(page)))
    verdict = check_tasks(str(tmp_path))
    assert (verdict.tasks, verdict.problems, verdict.warnings) == (1, (), ())


def test_the_task_of_the_page_of_research_reads_its_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "tea.md").write_text("# Tea\n\nThe tea house was opened in 1894.")
    monkeypatch.chdir(tmp_path)
    env = ToolEnv(task_of_page("research.md"))
    env.reset(seed=0)
    (found,) = env.step(ToolCall("web_search", {"query": "tea house"}))[4]["tool_results"]
    assert "1894" in found["content"]
    assert env.step(ToolCall("submit", {"answer": "1894"}))[1] == 1


def test_the_task_of_the_page_of_the_service_can_be_played() -> None:
    env = ToolEnv(task_of_page("service.md"), backend="inline")
    env.reset(seed=0)
    calls = [
        ToolCall("ask_user", {"question": "Your postcode?"}),
        ToolCall("http_request", {"method": "GET", "url": "http://shop:8080/policy"}),
    ]
    asked, policy = env.step(calls)[4]["tool_results"]
    assert asked["content"] == "It is B12 345."
    assert "R7" in policy["content"]
    assert env.step(ToolCall("submit", {"answer": "7"}))[1] == 1


def python_of(page: Path, containing: str) -> str:
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = [one for one in blocks if containing in one]
    return str(code)


def printed(code: str, folder: Path) -> str:
    script = folder / "shown.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], cwd=folder, env=PATHS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.episodes
def test_calls_are_read_back_as_the_page_of_recording_does_it(tmp_path: Path) -> None:
    out = printed(python_of(ROOT / "docs" / "recording.md", '"tool_call"'), tmp_path).splitlines()
    assert out[0] == "call-1-0 bash {'command': 'ls data'}"
    assert out[1] == "call-2-0 submit {'answer': '12'}"
    assert out[2].startswith("{'call-1-0': 'orders.csv")


@pytest.mark.episodes
def test_the_tools_of_the_readme_show_what_the_task_is_about(tmp_path: Path) -> None:
    out = printed(python_of(ROOT / "README.md", "shell/find-files"), tmp_path)
    assert "the folder ~/depot" in out
    assert out.endswith("\n37\nbilling\ndrafts\nexports\n Score(value=0.0, terms={'0:match_in_list': 0.0})\n")


def test_the_agent_of_the_page_of_tools_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = re.search(r"```python\n(class Lister.*?)```", (ROOT / "docs" / "tools.md").read_text(), re.DOTALL)
    assert code is not None
    (tmp_path / "my_agents.py").write_text(code[1])
    monkeypatch.chdir(tmp_path)
    options = ["--agent", "my_agents:Lister", "--engine", "serial", "--json"]
    with pytest.raises(SystemExit) as ended:
        main(["run", "data/csv-question", *options])
    assert not ended.value.code
    assert '"steps": 2' in capsys.readouterr().out
