"""Failures by signature, and the tasks to run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.export import exporters
from agentgym.families import load_tasks
from agentgym.trajectory import Dataset
from tests.export.conftest import Recordings
from tests.export.traces import record_broken, record_talks


def export(dataset: Dataset, out: Path, **options: Any) -> list[dict[str, Any]]:
    exporters["failures"](dataset, out, **options)
    return [json.loads(line) for line in (out / "groups.jsonl").read_text().splitlines()]


def test_every_kind_of_fault_is_found(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    groups = {group["kind"]: group for group in export(dataset, tmp_path / "out")}
    assert {kind: group["signature"] for kind, group in groups.items()} == {
        "machine": "machine: step: BackendError: the slate at <path> is broken, code <n>",
        "model": "model: adder-1: <n> too many requests, key [redacted]",
        "score": "score: sum",
        "tool": "tool: add: ValueError: could not convert string to float: <text>",
    }
    (fault,) = groups["machine"]["occurrences"]
    assert (fault["step"], fault["seed"], fault["task"], fault["score"]) == (2, 2, "sums/three", None)
    assert json.loads(fault["action"])["name"] == "add"
    (fault,) = groups["tool"]["occurrences"]
    assert (fault["run_id"], fault["episode"], fault["step"]) == (dataset[1].run_id, 1, 1)


def test_the_same_fault_is_one_group(tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    record_broken(tmp_path / "data")
    first = export(Dataset(tmp_path / "data"), tmp_path / "out")[0]
    assert (first["kind"], first["count"], len(first["occurrences"])) == ("machine", 2, 2)


def test_the_tasks_can_be_run_again(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    export(dataset, tmp_path / "out")
    assert list(load_tasks(tmp_path / "out" / "tasks.jsonl")) == [dataset[0].task]


def test_what_broke_in_the_environment_counts_once(recordings: Recordings, tmp_path: Path) -> None:
    (group,) = export(recordings("breaking"), tmp_path / "out")
    assert (group["kind"], group["count"], group["tasks"]) == ("machine", 2, [])


@pytest.mark.desktop
def test_a_solved_desktop_task_is_no_failure(recordings: Recordings, tmp_path: Path) -> None:
    assert export(recordings("desktop"), tmp_path / "out") == []
    assert (tmp_path / "out" / "tasks.jsonl").read_text() == ""
