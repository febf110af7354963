"""Records as lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agentgym.errors import StreamError, UsageError
from agentgym.events import Bus, Phase, ToolReturned
from agentgym.export import exporters
from agentgym.sinks import attached, make_sink, sync
from agentgym.sinks.jsonl import JsonLines
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SECRET, SOLVES, STUMBLES, Adding, Talker, play


def record_into(path: Path, data: Path, *, options: str = "") -> None:
    recorder = TrajectoryRecorder(Adding(), data)
    with attached(recorder.bus, [f"jsonl:{path}{options}"], recording=data):
        for plan in (SOLVES, STUMBLES):
            for _ in play(recorder, Talker(recorder.bus, plan, fails_once=True)):
                pass
        recorder.close()


@pytest.mark.parametrize("options", ["", "?fsync=true"])
def test_lines_are_those_that_the_recording_is_exported_to(tmp_path: Path, options: str) -> None:
    record_into(tmp_path / "new" / "lines.jsonl", tmp_path / "data", options=options)
    exporters["events"](Dataset(tmp_path / "data"), tmp_path / "out")
    (exported,) = (tmp_path / "out").glob("*.jsonl")
    live = [json.loads(line) for line in (tmp_path / "new" / "lines.jsonl").read_text().splitlines()]
    stored = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [line["idx"] for line in live] == list(range(len(stored)))
    assert live == stored
    assert all("sha256" in line["payload"] for line in live if line["event_type"] == "tool_result")


def test_what_is_given_afterwards_is_what_was_written_live(tmp_path: Path) -> None:
    record_into(tmp_path / "live.jsonl", tmp_path / "data")
    bus_lines = tmp_path / "more.jsonl"
    with attached((recorder := TrajectoryRecorder(Adding(), tmp_path / "more")).bus, [f"jsonl:{bus_lines}"]):
        recorder.reset(seed=0)
        for number, result in enumerate(({"sum": [1, (2, 3)], "note": SECRET}, 7, np.arange(3000), b"ab")):
            recorder.bus.publish(ToolReturned(call_id=str(number), ok=True, result=result))
        recorder.close()
    for data, lines in (("data", tmp_path / "live.jsonl"), ("more", bus_lines)):
        assert list(sync(tmp_path / data, f"jsonl:{tmp_path / data}.jsonl"))
        assert (tmp_path / f"{data}.jsonl").read_text() == lines.read_text()


def test_a_secret_is_not_written(tmp_path: Path) -> None:
    record_into(tmp_path / "lines.jsonl", tmp_path / "data")
    written = (tmp_path / "lines.jsonl").read_text()
    assert SECRET not in written
    assert "429 too many requests" in written


def test_pictures_are_there_as_their_digest(tmp_path: Path) -> None:
    record_into(tmp_path / "lines.jsonl", tmp_path / "data")
    lines = [json.loads(line) for line in (tmp_path / "lines.jsonl").read_text().splitlines()]
    reset = next(line for line in lines if line["event_type"] == "reset")
    assert reset["payload"]["observation"]["screenshot"]["shape"] == [60, 90, 3]
    assert len(reset["payload"]["observation"]["screenshot"]["sha256"]) == 64


def test_several_append_to_one_file(tmp_path: Path) -> None:
    sinks = [JsonLines(tmp_path / "lines.jsonl") for _ in range(3)]
    for sink in sinks:
        bus = Bus()
        bus.subscribe(sink)
        for number in range(20):
            bus.publish(Phase(name="setup", status=str(number)))
    for sink in sinks:
        sink.close()
    assert [json.loads(line)["idx"] for line in (tmp_path / "lines.jsonl").read_text().splitlines()] == [*range(20)] * 3


def test_a_record_that_is_handed_out_again_is_written_once(tmp_path: Path) -> None:
    sink, bus = JsonLines(tmp_path / "lines.jsonl"), Bus()
    record = bus.publish(Phase(name="setup", status="began"))
    sink(record)
    sink(record)
    sink.close()
    assert (tmp_path / "lines.jsonl").read_text().count("\n") == 1


def test_lines_go_to_the_standard_output() -> None:
    program = """
from agentgym.events import Bus, Phase
from agentgym.sinks import attached
bus = Bus()
with attached(bus, ["jsonl:-"]):
    bus.publish(Phase(name="setup", status="began"))
    bus.publish(Phase(name="setup", status="ended"))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert [json.loads(line)["payload"]["status"] for line in said.splitlines()] == ["began", "ended"]


def test_a_file_must_be_named() -> None:
    with pytest.raises(UsageError, match="needs a file: jsonl:PATH"):
        make_sink("jsonl")


def test_a_recording_that_cannot_be_given_to_a_sink_is_told(tmp_path: Path) -> None:
    record_into(tmp_path / "lines.jsonl", tmp_path / "data")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StreamError, match="folder' failed: IsADirectoryError"):
        list(sync(tmp_path / "data", f"jsonl:{tmp_path / 'folder'}"))


def test_a_run_that_is_none_is_told_with_the_next(tmp_path: Path) -> None:
    record_into(tmp_path / "lines.jsonl", tmp_path / "data")
    (run_id,) = Dataset(tmp_path / "data").runs
    with pytest.raises(UsageError, match=f"did you mean '{run_id}'"):
        list(sync(tmp_path / "data", f"jsonl:{tmp_path / 'other.jsonl'}", runs=[f"{run_id}0"]))
    (synced,) = sync(tmp_path / "data", f"jsonl:{tmp_path / 'other.jsonl'}", runs=[run_id])
    assert (tmp_path / "other.jsonl").read_text().count("\n") == synced.records > 0
