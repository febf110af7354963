from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from agentgym.errors import DatasetError
from agentgym.events import Bus, Note, Reset, RunCompleted, RunStarted, Scored, Step
from agentgym.trajectory import Dataset, TrajectoryWriter

SIZE = 256 * 1024


def a_step(number: int, observation: object = 0, *, terminated: bool = False) -> Step:
    return Step(step=number, observation=observation, action=0, reward=0.5, terminated=terminated, truncated=False)


def a_run(root: Path, run_id: str = "run") -> tuple[Bus, TrajectoryWriter]:
    bus, writer = Bus(run_id), TrajectoryWriter(root, run_id)
    bus.subscribe(writer.append)
    return bus, writer


@pytest.fixture
def small_files() -> Iterator[None]:
    # The kernel refuses as it does on a full disk: part of the data is written, then an error (EFBIG for ENOSPC).
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noise(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (100, 100), np.uint8)


def test_nothing_is_made_before_the_first_record(tmp_path: Path) -> None:
    _, writer = a_run(tmp_path / "data")
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_line_has_the_envelope_in_its_order(tmp_path: Path) -> None:
    bus, _ = a_run(tmp_path)
    bus.publish(Reset(observation=1, seed=3))
    line = msgspec.json.decode((tmp_path / "run.jsonl").read_bytes())
    assert list(line) == ["ts_utc", "run_id", "episode", "idx", "event_type", "payload"]
    assert line["payload"] == {"observation": 1, "seed": 3}


def test_a_record_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    bus, _ = a_run(tmp_path)
    bus.publish(Reset(observation=noise(0)))
    bus.publish(a_step(1, noise(1)))
    assert np.array_equal(Dataset(tmp_path)[0].observations[1], noise(1))


def test_the_summary_says_what_the_run_amounts_to(tmp_path: Path) -> None:
    bus, writer = a_run(tmp_path)
    for event in (RunStarted(), Reset(observation=0), a_step(1), a_step(2, terminated=True), Scored(value=0.75)):
        bus.publish(event)
    bus.publish(RunCompleted(status="completed"))
    writer.close()
    summary = msgspec.json.decode((tmp_path / "run.summary.json").read_bytes())
    assert summary["status"] == "completed"
    assert (summary["episodes"], summary["steps"], summary["total_reward"], summary["mean_score"]) == (1, 2, 1.0, 0.75)
    assert summary["records"] == 6
    assert summary["bytes"]["records"] == (tmp_path / "run.jsonl").stat().st_size


def test_a_full_disk_is_one_clear_error_and_harms_nothing(tmp_path: Path, small_files: None) -> None:
    bus, writer = a_run(tmp_path)
    bus.publish(Reset(observation=noise(0)))
    steps = 0

    def fill() -> None:
        nonlocal steps
        while True:
            bus.publish(a_step(steps + 1, noise(steps + 1)))
            steps += 1

    with pytest.raises(DatasetError, match=r"cannot go on: .*records of run run before this one are kept"):
        fill()
    episode = Dataset(tmp_path)[0]
    assert len(episode) == steps > 10
    assert all(np.array_equal(episode.observations[t], noise(t)) for t in range(steps + 1))
    assert Dataset(tmp_path).torn == ()
    with pytest.raises(DatasetError, match="cannot go on"):
        bus.publish(a_step(99))
    writer.close()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_removed_recording_is_an_error_not_a_silent_loss(tmp_path: Path, what: str) -> None:
    root = tmp_path / "data"
    bus, _ = a_run(root)
    bus.publish(Reset(observation=0))
    if what == "folder":
        shutil.rmtree(root)
    else:
        (root / "run.jsonl").unlink()
    with pytest.raises(DatasetError, match="removed while it was being written"):
        bus.publish(a_step(1))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    bus, _ = a_run(tmp_path / "data")
    with pytest.raises(DatasetError, match="data"):
        bus.publish(Note(kind="x"))


def test_a_path_under_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    bus, _ = a_run(tmp_path / "file" / "data")
    with pytest.raises(DatasetError, match="Not a directory"):
        bus.publish(Note(kind="x"))


def test_a_run_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    a_run(tmp_path)[0].publish(Note(kind="first"))
    with pytest.raises(DatasetError, match="File exists"):
        a_run(tmp_path)[0].publish(Note(kind="second"))
    assert len(list(Dataset(tmp_path).records("run"))) == 1


def test_a_dataset_of_a_later_version_is_not_added_to(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text('{"format": "agentgym.dataset", "version": 99}')
    with pytest.raises(DatasetError, match="version 99"):
        a_run(tmp_path)[0].publish(Note(kind="x"))


def test_a_record_that_was_interrupted_is_written_once(tmp_path: Path) -> None:
    bus, writer = a_run(tmp_path)
    record = bus.publish(Reset(observation=noise(0)))
    writer.append(record)
    bus.publish(a_step(1, noise(1)))
    assert [record.idx for record in Dataset(tmp_path).records("run")] == [0, 1]


def test_an_interrupt_in_the_middle_of_a_record_leaves_no_hole(tmp_path: Path) -> None:
    class Interrupts:
        armed = True

        def __repr__(self) -> str:
            if self.armed:
                raise KeyboardInterrupt
            return "calm"

    bus, _ = a_run(tmp_path)
    bus.publish(Reset(observation=noise(0)))
    bomb = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        bus.publish(a_step(1, [noise(1), bomb]))
    bomb.armed = False
    bus.publish(a_step(2, [noise(2), 0]))
    episode = Dataset(tmp_path)[0]
    assert len(episode) == 2
    assert np.array_equal(episode.observations[1][0], noise(1))
    assert np.array_equal(episode.observations[2][0], noise(2))


@pytest.mark.parametrize("fsync", ["never", "episode", "step"])
def test_every_fsync_writes_the_same(tmp_path: Path, fsync: str) -> None:
    bus, writer = Bus("run"), TrajectoryWriter(tmp_path, "run", fsync=fsync)  # type: ignore[arg-type]  # parametrised
    bus.subscribe(writer.append)
    for event in (Reset(observation=noise(0)), a_step(1, noise(1)), a_step(2, noise(2), terminated=True)):
        bus.publish(event)
    assert len(Dataset(tmp_path)[0]) == 2


def test_closed_writers_leave_no_descriptor_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(5):
        bus, writer = a_run(tmp_path, f"run-{number}")
        bus.publish(Reset(observation=noise(0)))
        if number % 2:
            writer.close()
        del bus, writer
    assert len(os.listdir("/proc/self/fd")) == before


def test_secrets_are_not_in_any_file(tmp_path: Path) -> None:
    secret = "sk-" + "aB3" * 14
    bus, writer = a_run(tmp_path)
    bus.publish(RunStarted(env={"kwargs": {"key": secret}}, metadata={"args": ["--key", secret]}))
    bus.publish(Reset(observation="x " * 3000 + secret, info={"headers": {"Authorization": "plain"}}))
    bus.publish(RunCompleted(status="completed"))
    writer.close()
    episode = Dataset(tmp_path)[0]
    assert episode.observations[0] == "x " * 3000 + "[redacted]"
    assert episode.reset_info == {"headers": {"Authorization": "[redacted]"}}
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())
