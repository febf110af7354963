from __future__ import annotations

import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import zstandard

from agentgym.errors import DatasetError
from agentgym.events import Bus, Note, Reset, RunCompleted, Step
from agentgym.trajectory import Dataset, TrajectoryWriter, merge, pack
from agentgym.trajectory.checking import check_recording


def record(root: Path, run_id: str, *, close: bool = True, packed: bool = False) -> None:
    bus, writer = Bus(run_id), TrajectoryWriter(root, run_id, pack=packed)
    bus.subscribe(writer.append)
    for episode in range(20):
        bus.publish(Reset(observation=np.full((40, 40), episode, np.uint8)))
        for t in range(1, 51):
            picture = np.full((40, 40), t, np.uint8)
            last = t == 50
            bus.publish(Step(step=t, observation=picture, action=t, reward=0.5, terminated=last, truncated=False))
        bus.publish(Note(kind="x", text=str(episode) * 3000))
    bus.publish(RunCompleted(status="completed"))
    if close:
        writer.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    record(tmp_path / "data", "a")
    record(tmp_path / "data", "b", close=False)
    return tmp_path / "data"


@pytest.mark.episodes
def test_finished_runs_take_a_fraction_and_read_the_same(data: Path) -> None:
    before = [repr(list(episode.records())) for episode in Dataset(data)]
    size = (data / "a.jsonl").stat().st_size
    saved = pack(data)
    assert size - saved == (data / "a.jsonl.zst").stat().st_size < size / 8
    assert not (data / "a.jsonl").exists()
    assert (data / "b.jsonl").exists()
    dataset = Dataset(data)
    assert dataset.runs == ("a", "b")
    assert [repr(list(episode.records())) for episode in dataset] == before
    assert dataset.torn == ()
    assert check_recording(str(data)).faults == ()
    assert dataset.transitions()[777].action == 28
    assert pickle.loads(pickle.dumps(dataset))[3].observations[7][0, 0] == 7
    assert merge([data], data.parent / "merged").runs == ("a", "b")


def test_the_packed_lines_are_those_that_zstd_gives_back(data: Path) -> None:
    lines = (data / "a.jsonl").read_bytes()
    pack(data)
    packed = (data / "a.jsonl.zst").read_bytes()
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed), read_across_frames=True)
    assert reader.read() == lines


def test_a_recorder_packs_its_run_when_it_is_closed(tmp_path: Path) -> None:
    record(tmp_path, "run", packed=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "dataset.json",
        "run.frames",
        "run.jsonl.zst",
        "run.summary.json",
    ]
    assert len(Dataset(tmp_path)) == 20


def test_of_two_the_plain_one_is_read(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "a.jsonl", tmp_path / "kept")
    pack(data)
    shutil.copy(tmp_path / "kept", data / "a.jsonl")
    (data / "a.jsonl.zst").write_bytes(b"half of it")
    assert len(Dataset(data)) == 40


def test_a_packed_run_that_is_cut_short_is_one_clear_error(data: Path) -> None:
    pack(data)
    path = data / "a.jsonl.zst"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DatasetError, match=r"a\.jsonl\.zst has no table of its frames"):
        Dataset(data)


def test_a_packed_run_that_is_damaged_is_one_clear_error(data: Path) -> None:
    pack(data)
    path = data / "a.jsonl.zst"
    content = bytearray(path.read_bytes())
    content[1000] ^= 255
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"a\.jsonl\.zst is damaged"):
        Dataset(data)


def test_packing_twice_changes_nothing(data: Path) -> None:
    pack(data)
    assert pack(data) == 0
