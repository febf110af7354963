"""A folder of recordings, read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from gymnasium import spaces

from agentgym.events import Record
from agentgym.trajectory.episode import Episode, read_record
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.layout import frames_file, read_description, records_file, run_ids
from agentgym.trajectory.recordfile import EpisodeSpan, RecordFile, Torn, size_of
from agentgym.trajectory.spacejson import space_from_json
from agentgym.trajectory.values import ValueReader

__all__ = ["Dataset"]


class Dataset(Sequence[Episode]):
    """The episodes of all runs in a folder: the runs in the order in which they began, each run's in its own order.

    Shows what was on disk when it was opened or last refreshed; the folder may be written to meanwhile. Holds no file
    open, and can be pickled.

    Args:
        path: of the folder.

    Raises:
        DatasetError: if it is none that can be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.description = read_description(self.path)
        self._cache = FrameCache()
        self._runs: dict[str, RecordFile] = {}
        self._places: list[tuple[str, EpisodeSpan]] = []
        self.refresh()

    def refresh(self) -> None:
        """Takes in what was written since. Episodes that are open in other processes grow."""
        for run_id in run_ids(self.path):
            self._runs.setdefault(run_id, RecordFile(records_file(self.path, run_id))).refresh()
        self._runs = dict(sorted(self._runs.items()))
        self._places = [(run, span) for run, file in self._runs.items() for span in file.episodes if span.begun]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Episode: ...
    @overload
    def __getitem__(self, index: slice) -> list[Episode]: ...
    def __getitem__(self, index: int | slice) -> Episode | list[Episode]:
        if isinstance(index, slice):
            return [self._episode(*place) for place in self._places[index]]
        return self._episode(*self._places[index])

    def __iter__(self) -> Iterator[Episode]:
        return (self._episode(*place) for place in self._places)

    def __repr__(self) -> str:
        return f"Dataset({str(self.path)!r}): {len(self)} episodes of {len(self._runs)} runs"

    @property
    def runs(self) -> tuple[str, ...]:
        """The ids of the runs, the oldest first."""
        return tuple(self._runs)

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Of the run that came first.

        Raises:
            DatasetError: if it is of a type that cannot be made again.
        """
        return space_from_json(self.description["env"]["observation_space"])

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Of the run that came first; raises as ``observation_space``."""
        return space_from_json(self.description["env"]["action_space"])

    @property
    def torn(self) -> tuple[Torn, ...]:
        """Ends of files that cannot be read: what a sudden death cut off, or what is being written just now."""
        torn = [part for run_id, file in self._runs.items() for part in (file.torn, self._torn_frames(run_id, file))]
        return tuple(part for part in torn if part is not None)

    def records(self, run_id: str) -> Iterator[Record]:
        """Everything that was published in a run, in order."""
        values = ValueReader(self._frames(run_id))
        return (read_record(line, values) for line in self._runs[run_id].lines())

    def _episode(self, run_id: str, span: EpisodeSpan) -> Episode:
        return Episode(self._runs[run_id], span, self._frames(run_id))

    def _frames(self, run_id: str) -> FrameReader:
        return FrameReader(frames_file(self.path, run_id), self._cache)

    def _torn_frames(self, run_id: str, file: RecordFile) -> Torn | None:
        path = frames_file(self.path, run_id)
        size = size_of(path)
        if size == 0:
            return None
        end = self._frames(run_id).end_of_entries(file.last_reference() or 0)
        return Torn(path, end, size - end, "the last frame is not complete") if end < size else None
