"""What was followed, kept as a dataset: the recordings of other machines without their pictures."""

from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.sinks.base import SinkWarning
from agentgym.sinks.following import FollowedLine
from agentgym.sinks.tail import Tail
from agentgym.trajectory.held import hold, is_held
from agentgym.trajectory.layout import describe_dataset, records_file

__all__ = ["FollowedRuns"]

_MOST_OPEN = 128


class _Started(msgspec.Struct):
    env: dict[str, Any] = {}
    provenance: dict[str, Any] = {}


class _Line(msgspec.Struct):
    event_type: str
    payload: msgspec.Raw


class FollowedRuns:
    """Appends lines to the files of their runs; one that is there already is passed over.

    Goes on with files that it wrote before. Everything that reads a dataset reads the folder while it grows.

    Args:
        root: the folder; not one that the workers themselves record into.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = Path(root).absolute()
        self._files: OrderedDict[str, _RunFile] = OrderedDict()
        self._over: set[str] = set()

    def take(self, line: FollowedLine) -> None:
        """Keeps a line.

        Raises:
            DatasetError: if the disk refuses.
        """
        if line.run_id in self._over:
            return
        try:
            file = self._file(line)
            if line.idx > file.count:
                self._leave(line, file.count)
            elif line.idx == file.count:
                file.append(line.content)
        except OSError as error:
            raise DatasetError(
                f"{self._root} cannot be written: {error.strerror or error} ({error.filename})"
            ) from error
        if _is_last(line):
            self._close(line.run_id)

    def close(self) -> None:
        for run_id in list(self._files):
            self._close(run_id)

    def _file(self, line: FollowedLine) -> _RunFile:
        file = self._files.get(line.run_id)
        if file is None:
            if len(self._files) >= _MOST_OPEN:
                self._close(next(iter(self._files)))
            self._describe(line)
            file = self._files[line.run_id] = _RunFile(self._root, line.run_id)
        self._files.move_to_end(line.run_id)
        return file

    def _describe(self, line: FollowedLine) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        description: dict[str, Any] = {}
        if line.idx == 0:
            known = msgspec.json.decode(line.content, type=_Line)
            if known.event_type == "run_started":
                description = msgspec.to_builtins(msgspec.json.decode(known.payload, type=_Started))
        describe_dataset(self._root, description)

    def _leave(self, line: FollowedLine, count: int) -> None:
        self._over.add(line.run_id)
        self._close(line.run_id)
        kept = f"is kept up to record {count - 1}: the stream goes on" if count else "is not kept: the stream begins"
        warnings.warn(f"run {line.run_id} {kept} with record {line.idx}", SinkWarning, stacklevel=3)

    def _close(self, run_id: str) -> None:
        file = self._files.pop(run_id, None)
        if file is not None:
            file.close()


class _RunFile:
    """A run's file, open at the end of its last whole line."""

    def __init__(self, root: Path, run_id: str) -> None:
        path = records_file(root, run_id)
        if is_held(path):
            raise DatasetError(f"{path} is being written by somebody else; follow into a folder of its own")
        tail = Tail(root, run_id)
        self.count = tail.refresh()
        if self.count and not path.exists():
            raise DatasetError(f"{path} was packed while it was not complete; follow into another folder")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        # What this process died in the middle of.
        os.ftruncate(self._descriptor, tail.end)
        self._end = tail.end
        hold(self._descriptor)

    def append(self, line: bytes) -> None:
        rest = memoryview(line + b"\n")
        at = self._end
        while rest:
            written = os.pwrite(self._descriptor, rest, at)
            at += written
            rest = rest[written:]
        self._end = at
        self.count += 1

    def close(self) -> None:
        os.close(self._descriptor)


def _is_last(line: FollowedLine) -> bool:
    return msgspec.json.decode(line.content, type=_Kind).event_type == "run_completed"


class _Kind(msgspec.Struct):
    event_type: str
