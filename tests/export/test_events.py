"""The stream alone: every record, in order, in JSON that needs no other file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.errors import BackendError
from agentgym.events import EVENT_TYPES
from agentgym.export import exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Pictures, Recordings
from tests.export.traces import record_talks

ENVELOPE = ["ts_utc", "run_id", "episode", "idx", "event_type", "payload"]


def export(dataset: Dataset, out: Path) -> dict[str, list[dict[str, Any]]]:
    exporters["events"](dataset, out)
    runs = {}
    for path in sorted(out.glob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for idx, line in enumerate(lines):
            assert list(line) == ENVELOPE
            assert (line["idx"], line["run_id"], line["event_type"] in EVENT_TYPES) == (idx, path.stem, True)
        runs[path.stem] = lines
        summary = json.loads((out / f"{path.stem}.summary.json").read_text())
        assert summary["records"] == len(lines) == sum(summary["event_types"].values())
    return runs


def test_every_record_is_there(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    runs = export(dataset, tmp_path / "out")
    assert list(runs) == list(dataset.runs)
    for run_id, lines in runs.items():
        records = list(dataset.records(run_id))
        assert [line["event_type"] for line in lines] == [record.event_type for record in records]
    first = runs[dataset.runs[0]]
    (result,) = [line["payload"] for line in first if line["event_type"] == "tool_result"][:1]
    assert (result["ok"], result["result"], result["result_preview"]) == (True, "5", "5")
    assert set(result) >= {"latency_ms", "call_id", "name"}
    steps = [line["payload"] for line in first if line["event_type"] == "step"]
    assert steps[0]["observation"]["screenshot"]["shape"] == [60, 90, 3]
    assert steps[0]["reward"] == 0.0
    requests = [line["payload"]["messages"] for line in first if line["event_type"] == "model_request"]
    assert [len(messages) for messages in requests] == [2, 4, 6, 2, 2, 4]


def test_the_summary_has_the_totals(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    export(dataset, tmp_path / "out")
    summary = json.loads((tmp_path / "out" / f"{dataset.runs[0]}.summary.json").read_text())
    assert (summary["status"], summary["episodes"], summary["steps"], summary["mean_score"]) == ("completed", 2, 5, 0.5)
    assert (summary["event_types"]["tool_call"], summary["event_types"]["model_response"]) == (5, 6)


def test_a_run_that_never_began_an_episode_is_there(tmp_path: Path) -> None:
    class NeverReady(Pictures):
        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
            raise BackendError("no display")

    recorder = TrajectoryRecorder(NeverReady(), tmp_path / "data")
    with pytest.raises(BackendError):
        recorder.reset()
    recorder.close()
    (lines,) = export(Dataset(tmp_path / "data"), tmp_path / "out").values()
    assert [line["event_type"] for line in lines] == ["run_started", "failed", "run_completed"]


def test_of_a_view_only_its_episodes_are_there(tmp_path: Path) -> None:
    view = record_talks(tmp_path / "data")[1:2]
    exporters["events"](view, tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event_type"] for line in lines[:2]] == ["run_started", "reset"]
    assert {line["episode"] for line in lines[1:]} == {1}


def test_small_arrays_stand_in_the_line(recordings: Recordings, tmp_path: Path) -> None:
    assert isinstance(recordings("cartpole").observation_space, gym.spaces.Box)
    (lines,) = export(recordings("cartpole"), tmp_path / "out").values()
    assert lines[1]["payload"]["observation"] == recordings("cartpole")[0].observations[0].tolist()


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    (lines,) = export(recordings("desktop"), tmp_path / "out").values()
    action = next(line["payload"]["action"] for line in lines if line["event_type"] == "step")
    assert action["kind"] == "TypeText"
