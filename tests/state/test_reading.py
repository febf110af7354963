from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import agentgym
from agentgym.errors import DatasetError
from agentgym.events import Bus, Reset, RunStarted, Step
from agentgym.state import RunState
from agentgym.trajectory import TrajectoryWriter, pack
from agentgym.trajectory.held import is_held
from agentgym.wrappers import TrajectoryRecorder
from tests.state.small import Counting, ask

ROOT = Path(agentgym.__file__).parents[1]
RECORDINGS = ROOT / "tests" / "trajectory" / "recordings"

RECORDS = """
import sys, time
from agentgym.wrappers import TrajectoryRecorder
from tests.state.small import Counting
from agentgym.events import ModelRequest
env = TrajectoryRecorder(Counting(), sys.argv[1])
env.reset()
env.step(0)
env.bus.publish(ModelRequest(call_id="m1"))
print("ready", flush=True)
sys.stdin.read()
"""


def recording(path: Path) -> TrajectoryRecorder:
    env = TrajectoryRecorder(Counting(), path)
    env.reset()
    return env


def test_a_state_grows_with_the_files(tmp_path: Path) -> None:
    env = recording(tmp_path)
    state = RunState.read(tmp_path)
    run = state.runs[env.run_id]
    assert (run.status, run.steps, state.is_over) == ("running", 0, False)
    env.step(0)
    other = recording(tmp_path)
    state.refresh()
    assert (run.steps, len(state.runs)) == (1, 2)
    env.close()
    other.close()
    state.refresh()
    assert [one.status for one in state.runs.values()] == ["cancelled", "done"]
    assert state.is_over


@pytest.mark.episodes
def test_a_run_whose_process_was_killed_is_interrupted(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        state = RunState.read(tmp_path)
        (run,) = state.runs.values()
        assert (run.status, run.episodes[0].status) == ("running", "running")
        detail = run.episodes[0].detail
        assert detail is not None
        call = detail.open_calls["m1"]
        process.send_signal(signal.SIGKILL)
        process.wait()
    state.refresh()
    assert (run.status, run.episodes[0].status, call.status) == ("interrupted",) * 3
    assert state.is_over
    (again,) = RunState.read(tmp_path).runs.values()
    assert (again.status, again.steps) == ("interrupted", 1)


def test_a_run_that_was_thought_dead_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = recording(tmp_path)
    # A file system without locks.
    monkeypatch.setattr("agentgym.state.reading.is_held", lambda _path: False)
    state = RunState.read(tmp_path)
    run = state.runs[env.run_id]
    assert run.status == "interrupted"
    env.step(0)
    ask(env.bus, "m1")
    monkeypatch.undo()
    state.refresh()
    assert (run.status, run.episodes[0].status, run.episodes[0].totals.model_calls) == ("running", "running", 1)
    env.close()


def test_to_look_at_a_file_does_not_disturb_its_writer(tmp_path: Path) -> None:
    env = recording(tmp_path)
    path = tmp_path / f"{env.run_id}.jsonl"
    assert is_held(path)
    assert is_held(path)
    env.step(0)
    env.close()
    assert not is_held(path)
    assert not is_held(tmp_path / "nothing")


def test_a_torn_line_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    env = recording(tmp_path)
    env.step(0)
    env.step(0)
    run_id = env.run_id
    path = tmp_path / f"{run_id}.jsonl"
    whole = path.read_bytes()
    env.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "dataset.json", copy)
    torn = copy / path.name
    torn.write_bytes(whole[:-40])
    state = RunState.read(copy)
    assert state.runs[run_id].steps == 1
    torn.write_bytes(whole)
    state.refresh()
    assert state.runs[run_id].steps == 2


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_recordings_of_every_version_are_read(version: str) -> None:
    state = RunState.read(RECORDINGS / version)
    assert state.is_over
    assert all(run.steps for run in state.runs.values())


def test_packed_runs_are_read(tmp_path: Path) -> None:
    env = recording(tmp_path)
    env.step(0)
    env.close()
    plain = RunState.read(tmp_path).plain()
    assert pack(tmp_path) != 0
    assert RunState.read(tmp_path).plain() == plain


def test_a_recording_that_was_closed_and_says_no_end_is_done(tmp_path: Path) -> None:
    bus = Bus("imported")
    writer = TrajectoryWriter(tmp_path, "imported")
    bus.subscribe(writer.append)
    bus.publish(RunStarted())
    bus.publish(Reset(observation=None))
    bus.publish(Step(step=1, observation=None, action="x", reward=0.5, terminated=False, truncated=False))
    writer.close()
    (run,) = RunState.read(tmp_path).runs.values()
    assert (run.status, run.episodes[0].status, run.episodes[0].total_return) == ("done", "cancelled", 0.5)


def test_odd_numbers_are_read(tmp_path: Path) -> None:
    env = recording(tmp_path)
    env.bus.publish(
        Step(step=1, observation=0, action=0, reward=float("inf"), terminated=True, truncated=False, agent_id="a")
    )
    env.close()
    (run,) = RunState.read(tmp_path).runs.values()
    assert run.episodes[0].total_return == float("inf")


def test_what_is_no_dataset_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no dataset\.json"):
        RunState.read(tmp_path)
