"""A recording given to a sink afterwards: what it lacks, or all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agentgym.errors import AgentGymError, StreamError, UsageError
from agentgym.registry import suggestion
from agentgym.sinks.base import CatchesUp, Sink, make_sink, read_order
from agentgym.trajectory import Dataset

__all__ = ["Synced", "sync"]


@dataclass(frozen=True)
class Synced:
    """How many records of a run a sink was given."""

    run_id: str
    records: int


def sync(path: str | os.PathLike[str], text: str, *, runs: Sequence[str] = ()) -> Iterator[Synced]:
    """Gives the runs of a recording to a sink, one after the other.

    A sink that knows what it has (a Redis stream) gets the rest, so that it may be done at any time, also while the
    runs go on; any other gets everything.

    Args:
        path: the folder of the dataset.
        text: as `make_sink` takes it.
        runs: which; all if none is given.

    Raises:
        UsageError: if there is no such run, or as `make_sink`.
        DatasetError: if the recording cannot be read.
        StreamError: if the sink fails: its server is away or refuses, its file cannot be written.
    """
    dataset = Dataset(path)
    for run_id in runs:
        if run_id not in dataset.runs:
            raise UsageError(f"no run {run_id!r} in {path}; {suggestion(run_id, dataset.runs)}")
    sink = make_sink(text, recording=Path(path), live=False)
    try:
        with closing(sink):
            for run_id in runs or dataset.runs:
                yield Synced(run_id, _given(sink, dataset, run_id))
    except AgentGymError:
        raise
    except Exception as error:
        raise StreamError(f"the sink {read_order(text).shown!r} failed: {type(error).__name__}: {error}") from error


def _given(sink: Sink, dataset: Dataset, run_id: str) -> int:
    if isinstance(sink, CatchesUp):
        return sink.catch_up(run_id)
    count = 0
    for record in dataset.records(run_id):
        sink(record)
        count += 1
    return count
