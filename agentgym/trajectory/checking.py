"""What is wrong with a recording: every line against the schema, every reference, every count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agentgym.errors import DatasetError
from agentgym.trajectory.folders import folder_at, is_address
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.layout import dataset_file, summary_file
from agentgym.trajectory.recordfile import Torn
from agentgym.trajectory.recordings import Recordings
from agentgym.trajectory.stored import check_line

__all__ = ["CheckedRecording", "Fault", "check_recording", "is_recording"]

_REFERENCE = re.compile(rb'"\$(?:frame|text|blob|json)":(\d+)')


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where.

    Attributes:
        file: its name in the dataset's folder.
        line: from 1; 0 for the file as a whole.
        message: ends with the JSON path, where there is one.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(frozen=True)
class CheckedRecording:
    """A recording and what is wrong with it. A torn end is what a sudden death or a running writer leaves: no fault."""

    runs: int
    episodes: int
    records: int
    torn: tuple[Torn, ...]
    faults: tuple[Fault, ...]


class _Step(msgspec.Struct):
    step: int


class _StepLine(msgspec.Struct):
    payload: _Step


class _Envelope(msgspec.Struct):
    run_id: str
    event_type: str


class _Summary(msgspec.Struct):
    records: int


def is_recording(place: str) -> bool:
    """Whether there is a dataset at a path or an address."""
    return is_address(place) or dataset_file(Path(place)).exists()


def check_recording(place: str) -> CheckedRecording:
    """Reads a whole recording, without decoding its pictures.

    Raises:
        DatasetError: if it is no dataset, or of a later version.
    """
    recordings = Recordings(folder_at(place), Path(place))
    faults = [fault for run_id in recordings.runs for fault in _faults(recordings, run_id)]
    files = recordings.runs.values()
    return CheckedRecording(
        runs=len(files),
        episodes=sum(len(file.begun) for file in files),
        records=sum(file.records for file in files),
        torn=tuple(recordings.torn()),
        faults=tuple(faults),
    )


def _faults(recordings: Recordings, run_id: str) -> Iterator[Fault]:
    file, reader = recordings.runs[run_id], recordings.frames(run_id)
    last_step = 0
    for number, line in enumerate(file.current_lines(), 1):
        envelope = msgspec.json.decode(line, type=_Envelope)
        try:
            check_line(line)
            if envelope.run_id != run_id:
                raise DatasetError(f"expected the run {run_id!r}, got {envelope.run_id!r} - at `$.run_id`")
            if envelope.event_type == "step":
                _check_step(line, last_step + 1)
            _check_references(line, reader)
        except DatasetError as error:
            yield Fault(file.name, number, str(error))
        # By the kind of line alone, so that one fault is not told again with every line that follows.
        last_step = {"reset": 0, "step": last_step + 1}.get(envelope.event_type, last_step)
    yield from _summary_faults(recordings, run_id)


def _check_step(line: bytes, expected: int) -> None:
    found = msgspec.json.decode(line, type=_StepLine).payload.step
    if found != expected:
        raise DatasetError(f"expected step {expected}, got step {found} - at `$.payload.step`")


def _check_references(line: bytes, reader: FrameReader) -> None:
    for place in _REFERENCE.findall(line):
        reader.check(int(place))


def _summary_faults(recordings: Recordings, run_id: str) -> Iterator[Fault]:
    name = summary_file(recordings.path, run_id).name
    size = recordings.folder.size(name)
    if size == 0:
        return
    with recordings.folder.open(name) as read:
        try:
            said = msgspec.json.decode(read(0, size), type=_Summary).records
        except msgspec.MsgspecError as error:
            yield Fault(name, 0, str(error))
            return
    if said != recordings.runs[run_id].records:
        yield Fault(name, 0, f"says {said} records, but there are {recordings.runs[run_id].records} - at `$.records`")
