"""The records of a run from its file, which may still grow, as lines that need no other file."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.sinks.standalone import standalone
from agentgym.trajectory.folders import LocalFolder, ReadAt
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.layout import frames_file, records_file
from agentgym.trajectory.migration import VERSION, migrate, version_of
from agentgym.trajectory.packing import PackedFolder

__all__ = ["Line", "Tail"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Line:
    """A record: where it belongs, and all of it as one line of JSON."""

    session: str
    run_id: str
    task: str
    episode: int
    agent: str
    idx: int
    event_type: str
    content: bytes


class _Named(msgspec.Struct):
    id: str = ""


class _Payload(msgspec.Struct):
    agent: str | None = None
    session_id: str | None = None
    task: Any = None
    task_id: Any = None


class _Envelope(msgspec.Struct):
    idx: int
    event_type: str


class _Began(msgspec.Struct):
    payload: _Payload


class Tail:
    """A run's lines by their number.

    Args:
        root: the folder of the dataset.
        run_id: of the run; its file need not be there yet.
    """

    def __init__(self, root: Path, run_id: str) -> None:
        self.run_id = run_id
        self._folder = PackedFolder(LocalFolder(root))
        self._name = records_file(root, run_id).name
        self._frames = FrameReader(frames_file(root, run_id), FrameCache(), folder=self._folder)
        # Where each line begins, and the last one ends.
        self._places = array("Q", [0])
        self._session = self._agent = ""
        self._tasks: list[tuple[int, str]] = [(0, "")]
        self._version = VERSION

    def __len__(self) -> int:
        return len(self._places) - 1

    @property
    def end(self) -> int:
        """Where the last whole line ends in the file."""
        return self._places[-1]

    def refresh(self) -> int:
        """Takes in the whole lines that were written since; returns how many there are now.

        Raises:
            DatasetError: if the file cannot be read.
        """
        if self._folder.size(self._name) <= self.end:
            return len(self)
        with self._open() as read:
            rest, at = b"", self.end
            while data := read(at, _CHUNK):
                at += len(data)
                *lines, rest = (rest + data).split(b"\n")
                if not all(map(self._take, lines)):
                    break
        return len(self)

    def lines(self, start: int) -> Iterator[Line]:
        """Those that were taken in, from one on.

        Raises:
            DatasetError: if one, or what it refers to, cannot be read.
        """
        with self._open() as read:
            for idx in range(start, len(self)):
                yield self._line(read, idx)

    @contextmanager
    def _open(self) -> Iterator[ReadAt]:
        with ExitStack() as stack:
            try:
                read = stack.enter_context(self._folder.open(self._name))
            except DatasetError:
                # It was packed between a look and the other.
                read = stack.enter_context(self._folder.open(self._name))
            yield read

    def _line(self, read: ReadAt, idx: int) -> Line:
        begin, end = self._places[idx], self._places[idx + 1]
        form = migrate(msgspec.json.decode(read(begin, end - begin)), self._version)
        form["payload"] = standalone(form["payload"], self._frames)
        task = next(task for first, task in reversed(self._tasks) if first <= idx)
        agent = form["payload"].get("agent_id") or self._agent
        content = msgspec.json.encode(form)
        return Line(self._session, self.run_id, task, form["episode"], str(agent), idx, form["event_type"], content)

    def _take(self, line: bytes) -> bool:
        """Whether it is the next record; what comes after one that is not was never written by a recorder."""
        try:
            envelope = msgspec.json.decode(line, type=_Envelope)
            if envelope.idx != len(self):
                return False
            if envelope.idx == 0:
                self._version = version_of(line, otherwise=VERSION)
            if envelope.event_type in ("run_started", "reset"):
                self._begin(envelope, msgspec.json.decode(line, type=_Began).payload)
        except msgspec.MsgspecError:
            return False
        self._places.append(self.end + len(line) + 1)
        return True

    def _begin(self, envelope: _Envelope, payload: _Payload) -> None:
        if envelope.event_type == "run_started":
            self._session, self._agent = payload.session_id or "", payload.agent or ""
        else:
            self._tasks.append((envelope.idx, self._task_id(payload)))

    def _task_id(self, payload: _Payload) -> str:
        task = standalone(payload.task, self._frames)
        try:
            named = msgspec.convert(task, _Named).id if isinstance(task, dict) else ""
            return named or msgspec.convert(payload.task_id or "", str)
        except msgspec.ValidationError as error:
            raise DatasetError(f"{self._name}: a task without an id: {error}") from error
