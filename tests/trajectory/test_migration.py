"""Recordings of every version there has been are read as the present one; see `recordings/make.py`."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from agentgym.actions import Click
from agentgym.errors import DatasetError
from agentgym.events import SCHEMA, Bus, ModelRequest, Reset, RunStarted, ToolReturned
from agentgym.trajectory import Dataset, TrajectoryWriter, merge
from agentgym.trajectory.checking import check_recording
from agentgym.trajectory.layout import FORMAT_VERSION, read_description
from agentgym.trajectory.migration import VERSION, migrate, version_of

RECORDINGS = Path(__file__).parent / "recordings"
VERSIONS = sorted(RECORDINGS.glob("v*"), key=lambda path: int(path.name[1:]))
LONG = "a line of text, again and again\n" * 100


def test_there_is_a_recording_of_each_version() -> None:
    assert [path.name for path in VERSIONS] == [f"v{number}" for number in range(1, VERSION + 1)]
    assert [read_description(path)["version"] for path in VERSIONS] == list(range(1, VERSION + 1))
    assert f"agentgym.event/{VERSION}" == SCHEMA
    assert FORMAT_VERSION == VERSION


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.name)
def test_a_recording_of_any_version_is_read_whole(path: Path) -> None:
    dataset = Dataset(path)
    assert dataset.torn == ()
    first, second = dataset
    assert (len(first), len(second)) == (3, 1)
    for t in range(4):
        picture = np.full((30, 40, 3), 200, np.uint8)
        picture[5:9, 4 * t : 4 * t + 4] = t
        assert np.array_equal(first.observations["screenshot"][t], picture)
        assert first.observations["text"][t] == LONG + str(t)
    assert list(first.actions) == [np.int64(1), Click(1, 2), Click(2, 2)]
    assert first.rewards.tolist() == [0.25, 0.5, 0.75]
    assert math.isnan(first.infos[2]["nan"])
    assert (first.seed, first.score, first.reset_info) == (3, 0.5, {"tuple": (1, 2.5)})
    assert first.task is not None
    assert first.task.id == "tests/sample"
    records = list(dataset.records(dataset.runs[0]))
    assert isinstance(records[0].payload, RunStarted)
    assert records[0].payload.schema == SCHEMA
    (request, *_) = (record.payload for record in records if isinstance(record.payload, ModelRequest))
    assert request.messages == [{"role": "user", "content": LONG}]
    assert all(record.payload.ok for record in records if isinstance(record.payload, ToolReturned))
    assert dataset.statistics().steps == 4
    assert check_recording(str(path)).faults == ()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.name)
def test_a_recording_of_any_version_can_be_added_to(path: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(path, root)
    before = {file.name: file.read_bytes() for file in root.iterdir() if file.name != "dataset.json"}
    bus, writer = Bus("new"), TrajectoryWriter(root, "new")
    bus.subscribe(writer.append)
    bus.publish(RunStarted())
    bus.publish(Reset(observation=1))
    assert len(Dataset(root)) == 3
    assert Dataset(root)[2].observations[0] == 1
    # An earlier agentgym refuses what it could not read.
    assert read_description(root)["version"] == VERSION
    assert before.items() <= {file.name: file.read_bytes() for file in root.iterdir()}.items()


def test_merging_writes_the_present_version(tmp_path: Path) -> None:
    merged = merge([VERSIONS[0]], tmp_path / "merged")
    (run_id,) = merged.runs
    assert f'"schema":"{SCHEMA}"'.encode() in (tmp_path / "merged" / f"{run_id}.jsonl").read_bytes()
    for found, original in zip(merged.records(run_id), Dataset(VERSIONS[0]).records(run_id), strict=True):
        # Tools' results have had previews since version 2.
        if found.event_type != "tool_result":
            assert repr(found) == repr(original)


def test_a_run_of_a_later_version_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"schema 'agentgym.event/99'; this agentgym reads up to"):
        version_of(b'{"event_type":"run_started","payload":{"schema":"agentgym.event/99"}}', otherwise=1)


def test_a_run_that_does_not_say_is_of_its_datasets_version() -> None:
    assert version_of(b'{"event_type":"reset","payload":{"observation":1}}', otherwise=1) == 1


def test_every_step_of_the_version_has_its_migration() -> None:
    line = {"event_type": "run_started", "payload": {"schema": "agentgym.event/1"}}
    assert migrate(line, 1)["payload"]["schema"] == SCHEMA
    assert migrate({"event_type": "note", "payload": {"kind": "x"}}, VERSION) == {
        "event_type": "note",
        "payload": {"kind": "x"},
    }
