"""The stream alone: records as JSON lines that need no other file, and a summary of each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentgym.events import EVENT_TYPES, Record, RunCompleted, RunStarted
from agentgym.events.plainlines import plain_line
from agentgym.export.base import fresh
from agentgym.export.writing import write_json, write_lines
from agentgym.trajectory import Dataset
from agentgym.trajectory.tally import Tally

__all__ = ["export_events"]


def export_events(dataset: Dataset, out: Path) -> None:
    """Writes a folder with ``<run_id>.jsonl`` and ``<run_id>.summary.json`` for each run.

    A line is ``{"ts_utc", "run_id", "episode", "idx", "event_type", "payload"}``, plain JSON: long texts stand in it,
    actions are objects with their ``kind``, fields that say nothing are left out. Runs without an episode, since the
    first reset failed, are there, too; of a view only its episodes are, so that ``idx`` has gaps. The summary is made
    from the records: status, times, counts of each event type, totals of steps, rewards, scores and failures.

    Has no place for: pictures and other arrays of more than 1024 numbers (given are shape, dtype and SHA-256), the
    difference between a tuple and a list, numbers that are not finite (null).

    Raises:
        UsageError: if something is at ``out``.
    """
    with fresh(out) as folder:
        folder.mkdir()
        chosen: dict[str, set[int]] = {}
        for episode in dataset:
            chosen.setdefault(episode.run_id, set()).add(episode.number)
        for run_id in dataset.runs:
            run = _Run(_of_episodes(dataset.records(run_id), chosen.get(run_id)), run_id)
            write_lines(folder / f"{run_id}.jsonl", run.lines())
            write_json(folder / f"{run_id}.summary.json", run.summary())


class _Run:
    """A run's lines, counted as they pass."""

    def __init__(self, records: Iterator[Record], run_id: str) -> None:
        self._records = records
        self._run_id = run_id
        self._tally = Tally()
        self._counts: dict[str, int] = {}

    def lines(self) -> Iterator[dict[str, Any]]:
        for record in self._records:
            self._tally.add(record)
            self._counts[record.event_type] = self._counts.get(record.event_type, 0) + 1
            yield plain_line(record)

    def summary(self) -> dict[str, Any]:
        return {
            "run_id": self._run_id,
            **self._tally.totals(),
            "records": sum(self._counts.values()),
            "event_types": {name: self._counts[name] for name in EVENT_TYPES if name in self._counts},
        }


def _of_episodes(records: Iterator[Record], numbers: set[int] | None) -> Iterator[Record]:
    """What was published in these episodes and of the run as a whole; all of a run that has none."""
    for record in records:
        if numbers is None or record.episode in numbers or isinstance(record.payload, RunStarted | RunCompleted):
            yield record
