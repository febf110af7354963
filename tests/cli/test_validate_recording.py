from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agentgym.cli import main
from agentgym.events import Bus, Note, Reset, RunCompleted, Step
from agentgym.trajectory import TrajectoryWriter


@pytest.fixture
def data(tmp_path: Path) -> Path:
    bus, writer = Bus("run"), TrajectoryWriter(tmp_path, "run")
    bus.subscribe(writer.append)
    bus.publish(Reset(observation=np.zeros((50, 50, 3), np.uint8)))
    for number in range(1, 4):
        picture = np.full((50, 50, 3), number, np.uint8)
        bus.publish(
            Step(step=number, observation=picture, action=0, reward=0.0, terminated=False, truncated=False, info={})
        )
    bus.publish(Note(kind="x", text="word " * 1000))
    bus.publish(RunCompleted(status="completed"))
    writer.close()
    return tmp_path


def validate(capsys: pytest.CaptureFixture[str], data: Path, *options: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["validate", str(data), *options])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


def replace(data: Path, old: str, new: str) -> None:
    path = data / "run.jsonl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_recording_that_is_whole_passes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(capsys, data) == (0, "1 run, 1 episode, 6 records, 0 problems\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"reward":0.0', '"reward":"much"', 2, "at `$.payload.reward`"),
        ('"step":3', '"step":2', 4, "expected step 3, got step 2 - at `$.payload.step`"),
        ('"kind":"x"', '"kind":7', 5, "got `int` - at `$.payload.kind`"),
        ('"event_type":"note"', '"event_type":"nod"', 5, "unknown event type 'nod' - at `$.event_type`"),
        ('"run_id":"run"', '"run_id":"ran"', 1, "expected the run 'run', got 'ran' - at `$.run_id`"),
        ('"$frame":0', '"$frame":3', 1, "at byte 3: not the beginning of a frame"),
        ('"$frame":0', '"$frame":999999', 1, "not the beginning of a frame"),
    ],
)
def test_a_fault_is_told_with_its_line_and_path(
    data: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: int, message: str
) -> None:
    replace(data, old, new)
    code, said = validate(capsys, data)
    assert code == 1
    assert f"run.jsonl:{line}: " in said
    assert message in said
    assert "6 records, 1 problem" in said


def test_a_picture_that_is_damaged_is_found(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "run.frames"
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    code, said = validate(capsys, data, "--json")
    assert code == 1
    (problem,) = json.loads(said)["problems"]
    assert (problem["file"], problem["line"]) == ("run.jsonl", 1)
    assert "check sum" in problem["message"]


def test_a_summary_that_counts_otherwise_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = data / "run.summary.json"
    path.write_text(path.read_text().replace('"records": 6', '"records": 7', 1))
    code, said = validate(capsys, data)
    assert code == 1
    assert "run.summary.json: says 7 records, but there are 6 - at `$.records`" in said


def test_a_torn_end_is_told_and_is_no_fault(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "run.summary.json").unlink()
    path = data / "run.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    code, said = validate(capsys, data)
    assert code == 0
    assert "are torn off: the last line is not complete" in said
    assert "5 records, 0 problems" in said


def test_the_stored_recordings_pass(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in sorted((Path(__file__).parents[1] / "trajectory" / "recordings").glob("v*")):
        code, said = validate(capsys, folder)
        assert (code, said[-11:]) == (0, "0 problems\n")
