from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgym import Dataset
from agentgym.envs.tools import ToolEnv
from tests.cli.conftest import Run, write_tasks

Say = Callable[[str], None]


class Input:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Says all that the person will, and ends the input."""
    reading, writing = os.pipe()
    monkeypatch.setattr("sys.stdin", Input(reading))

    def once(text: str) -> None:
        os.write(writing, text.encode())
        os.close(writing)

    yield once
    os.close(reading)


@pytest.fixture
def task(tmp_path: Path) -> str:
    return write_tasks(tmp_path / "tasks.jsonl", {"id": "sum", "tools": ["calculator"], "instruction": "add"})


def test_what_a_person_did_is_a_recorded_demonstration(run: Run, say: Say, task: str, tmp_path: Path) -> None:
    say('calculator {"expression": "6*7"}\nDONE\nFAIL\n')
    code, out, err = run("play", task, "--terminal", "--episodes", "2", "--seed", "3", "--out", str(tmp_path / "data"))
    assert code == 0
    assert "calculator\n42" in err
    assert f"dataset: {tmp_path / 'data'}" in out
    demonstrations = Dataset(tmp_path / "data").filter(agent="human")
    assert [(len(one), one.seed) for one in demonstrations] == [(2, 3), (1, 4)]


def test_a_person_who_leaves_keeps_what_was_done(run: Run, say: Say, task: str, tmp_path: Path) -> None:
    say('DONE\ncalculator {"expression": "1"}\n')
    code, out, err = run("play", task, "--terminal", "--episodes", "3", "--out", str(tmp_path / "data"))
    assert code == 130
    assert "interrupted; 1 of 3 episodes ended before" in err
    assert out.count("│ sum") == 1
    assert [len(one) for one in Dataset(tmp_path / "data")] == [1, 1]


def test_what_cannot_be_played_is_one_line(run: Run) -> None:
    code, out, err = run("play", "no-such-place")
    assert (code, out) == (2, "")
    assert "no tasks at 'no-such-place'" in err


def test_a_port_that_is_taken_leaves_nothing_open(
    run: Run, task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = ToolEnv.close

    def noted(env: ToolEnv) -> None:
        closed.append("env")
        close(env)

    monkeypatch.setattr(ToolEnv, "close", noted)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, err = run("play", task, "--port", port, "--no-browser", "--out", str(tmp_path / "data"))
    assert (code, port in err) == (2, True)
    assert closed
