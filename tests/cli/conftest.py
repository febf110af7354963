from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli import main

Run = Callable[..., tuple[int, str, str]]

SAVED = {
    "func": "exact_match",
    "result": {"type": "vm_command_line", "command": "echo hello"},
    "expected": {"type": "rule", "rules": {"expected": "hello\n"}},
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, where runs are recorded by themselves."""
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(autouse=True)
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as in a pipe, whatever the terminal of pytest-xdist is."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: exit status, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return code or 0, said.out, said.err

    return call


def write_tasks(path: Path, *tasks: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps({"instruction": "say hello", **task}) + "\n" for task in tasks))
    return str(path)


@pytest.fixture
def tasks(tmp_path: Path) -> str:
    return write_tasks(
        tmp_path / "tasks.jsonl", {"id": "a", "evaluator": SAVED}, {"id": "b", "evaluator": {"func": "infeasible"}}
    )


def on_memory(*arguments: str) -> tuple[str, ...]:
    return ("run", *arguments, "--backend", "memory", "--engine", "serial")
