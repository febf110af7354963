from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.trajectory.layout import describe_dataset
from tests.cli.conftest import Run
from tests.export.traces import record_talks


@pytest.fixture
def data(tmp_path: Path) -> str:
    record_talks(tmp_path / "data")
    return str(tmp_path / "data")


def test_all_episodes_are_told_or_one(run: Run, data: str) -> None:
    code, out, _ = run("transcript", data)
    assert code == 0
    assert out.count("model calls") == 3
    code, one, _ = run("transcript", data, "--episode", "0", "--full")
    assert code == 0
    assert one.count("model calls") == 1
    assert run("transcript", data, "--episode", "-3", "--full")[1] == one
    task = one.split("  (run", 1)[0]
    assert run("transcript", data, "--task", task)[1].startswith(f"{task}  (run")


def test_what_is_not_there_is_told_in_a_line(run: Run, data: str) -> None:
    code, _, err = run("transcript", data, "--episode", "3")
    assert (code, "has 3 episodes, from 0; there is no episode 3" in err) == (2, True)
    code, _, err = run("transcript", data, "--task", "nothing")
    assert (code, "has no episode of 'nothing'; of its tasks are " in err) == (2, True)
    code, _, err = run("transcript", data, "--episode", "-4")
    assert (code, "has 3 episodes, from 0; there is no episode -4" in err) == (2, True)


def test_a_dataset_without_episodes_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    describe_dataset(tmp_path / "none", {})
    code, _, err = run("transcript", str(tmp_path / "none"))
    assert (code, f"{tmp_path / 'none'} has no episodes" in err) == (2, True)
