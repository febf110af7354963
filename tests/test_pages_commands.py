"""What pages and help name on the command line is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentgym.agents import agents
from agentgym.cli import main
from agentgym.families import find_family, suites

ROOT = Path(__file__).parents[1]
SHOWN = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "agentgym").rglob("*.py")]


def shown(pattern: str) -> set[str]:
    return {found for page in SHOWN for found in re.findall(pattern, page.read_text())}


def test_agents_that_are_shown_exist() -> None:
    named = shown(r"--agent ([\w.]+)(?![\w.:])")
    assert {"oracle", "random"} <= named
    assert named - {*agents} == set()


def test_tasks_of_suites_that_are_shown_exist() -> None:
    named = {name for name in shown(r"(?:agentgym run|agentgym qa|--task) ([\w-]+/[\w-]+)\b") if "/" in name}
    assert {"apps/note-save", "shell/find-files"} <= named
    for name in named:
        if name.partition("/")[0] in suites:
            find_family(name)


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
