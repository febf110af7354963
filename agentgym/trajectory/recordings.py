"""The runs in a folder, read: what all views of a dataset share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from agentgym.events import Record
from agentgym.trajectory.folders import Folder
from agentgym.trajectory.frameformat import join_place, split_place
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.layout import parse_description, part_name, run_ids_among
from agentgym.trajectory.outline import Outline, Started, outline, started
from agentgym.trajectory.packing import PackedFolder
from agentgym.trajectory.recordfile import EpisodeSpan, RecordFile, Torn
from agentgym.trajectory.records import read_record
from agentgym.trajectory.values import ValueReader

__all__ = ["Recordings"]

_PART = re.compile(r"\.(\d+)\.frames\Z")


class Recordings:
    """Shows what was on disk when it was opened or last refreshed. Holds no file open; can be pickled.

    Args:
        folder: of the dataset.
        path: by which files are named in errors.

    Raises:
        DatasetError: if the folder is no dataset that can be read.
    """

    def __init__(self, folder: Folder, path: Path) -> None:
        self.folder = PackedFolder(folder)
        self.path = path
        self.description = parse_description(self.folder, path)
        self.cache = FrameCache()
        self.runs: dict[str, RecordFile] = {}
        self._started: dict[str, Started] = {}
        self._outlines: dict[tuple[str, int], tuple[int, Outline]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Takes in what was written since."""
        for run_id in run_ids_among(self.folder.names()):
            if run_id not in self.runs:
                self.runs[run_id] = RecordFile(self.folder, run_id, self.description["version"])
            self.runs[run_id].refresh()
        self.runs = dict(sorted(self.runs.items()))

    def frames(self, run_id: str) -> FrameReader:
        return FrameReader(self.path / f"{run_id}.frames", self.cache, folder=self.folder)

    def records(self, run_id: str) -> Iterator[Record]:
        """Everything that was published in a run, in order."""
        file, values = self.runs[run_id], ValueReader(self.frames(run_id))
        return (read_record(file.form(line), values) for line in file.lines())

    def started(self, run_id: str) -> Started:
        """What is known of a run from its beginning."""
        known = self._started.get(run_id)
        if known is None:
            known = self._started[run_id] = started(next(self.runs[run_id].lines(), b"{}"))
        return known

    def outline(self, run_id: str, span: EpisodeSpan) -> Outline:
        """What an episode amounts to."""
        key = (run_id, span.start)
        size, known = self._outlines.get(key, (None, None))
        if known is None or size != span.end:
            known = outline(self.runs[run_id].current_lines(span), span.steps, ValueReader(self.frames(run_id)))
            self._outlines[key] = (span.end, known)
        return known

    def torn(self) -> Iterator[Torn]:
        """Ends of files that cannot be read."""
        parts: dict[str, int] = {}
        for name in self.folder.names():
            found = _PART.search(name)
            if found is not None:
                run_id = name[: found.start()]
                parts[run_id] = max(parts.get(run_id, 0), int(found[1]) - 1)
        for run_id, file in self.runs.items():
            torn = file.torn(self.path / file.name)
            if torn is not None:
                yield torn
            yield from self._torn_frames(run_id, file, parts.get(run_id, 0))

    def _torn_frames(self, run_id: str, file: RecordFile, last_part: int) -> Iterator[Torn]:
        reader = self.frames(run_id)
        part, offset = split_place(file.last_reference() or 0)
        for at in range(part, last_part + 1):
            name = part_name(f"{run_id}.frames", at)
            size = self.folder.size(name)
            if size > 0:
                end = reader.end_of_entries(join_place(at, offset if at == part else 0))
                if end < size:
                    yield Torn(self.path / name, end, size - end, "the last frame is not complete")
