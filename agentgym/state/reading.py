"""What was written to a dataset since the last look, given to a fold; and which of its runs nobody writes any more."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from agentgym.errors import DatasetError
from agentgym.state.brief import brief, read_line
from agentgym.state.fold import Fold
from agentgym.state.parts import RunPart
from agentgym.trajectory.folders import folder_at, is_address
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.held import is_held
from agentgym.trajectory.layout import parse_description, records_file, run_ids_among, summary_file
from agentgym.trajectory.packing import PackedFolder
from agentgym.trajectory.recordfile import RecordFile
from agentgym.trajectory.values import ValueReader

__all__ = ["Follower"]


class Follower:
    """Reads each line of a dataset once, for as long as runs grow.

    A run that ended is not looked at again: nobody writes to it. Holds no file open.

    Args:
        path: the dataset's folder, or an address that fsspec opens.

    Raises:
        DatasetError: if it is none that can be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._is_local = not (isinstance(path, str) and is_address(path))
        self._root = Path(path)
        self._folder = PackedFolder(folder_at(path))
        self._version: int = parse_description(self._folder, self._root)["version"]
        self._cache = FrameCache()
        self._growing: dict[str, RecordFile] = {}
        self._ended: set[str] = set()

    def refresh(self, fold: Fold) -> None:
        """Gives the fold all that was written since the last time."""
        for run_id in run_ids_among(self._folder.names()):
            if run_id in self._ended:
                continue
            if run_id not in self._growing:
                self._growing[run_id] = RecordFile(self._folder, run_id, self._version)
            # Asked before it is read: a writer that ends in between has written all that it ever will.
            is_written = self._is_local and is_held(records_file(self._root, run_id))
            self._read(run_id, self._growing[run_id], fold)
            run = fold.runs.get(run_id)
            if run is not None and self._has_ended(run, fold, is_written=is_written):
                self._ended.add(run_id)
                del self._growing[run_id]

    def _read(self, run_id: str, file: RecordFile, fold: Fold) -> None:
        start = file.end
        file.refresh()
        if file.end == start:
            return
        values = ValueReader(FrameReader(self._root / f"{run_id}.frames", self._cache, folder=self._folder))
        for text in file.current_lines(start=start):
            try:
                line = read_line(text)
                event = brief(line, values)
            except msgspec.MsgspecError as error:
                raise DatasetError(f"{file.name}: not a record: {error}: {text[:200]!r}") from error
            fold.take(line.ts_utc, line.run_id, line.episode, line.idx, line.event_type, event)

    def _has_ended(self, run: RunPart, fold: Fold, *, is_written: bool) -> bool:
        """Whether no more is to come; says of a run without an end what became of it."""
        if run.status not in ("running", "interrupted"):
            return True
        if is_written:
            return False
        if self._folder.size(summary_file(self._root, run.run_id).name):
            # Its writer closed it and never said that it was over: a recording of another program.
            fold.end(run, "done")
            return True
        if run.status == "running":
            fold.end(run, "interrupted")
        # Looked at again all the same: on a file system without locks a writer that lives looks dead.
        return False
