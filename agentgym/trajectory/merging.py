"""One dataset made from several."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from agentgym.errors import DatasetError
from agentgym.trajectory.dataset import Dataset
from agentgym.trajectory.fresh import fresh
from agentgym.trajectory.layout import describe_dataset
from agentgym.trajectory.writer import TrajectoryWriter

__all__ = ["merge"]

_OF_THE_FORMAT = frozenset({"format", "version", "began_as"})


def merge(paths: Iterable[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Dataset:
    """Writes a new dataset with all runs of others, which stay as they are, and opens it.

    Runs keep their ids. One that is in several of them is taken once, if it is the same in all. What is torn is left
    out; runs of earlier versions are written as the present one does. The description, spaces included, is that of
    the first.

    Args:
        paths: of datasets; each may be an address that fsspec opens.
        out: a folder that must not exist.

    Raises:
        UsageError: if ``out`` exists.
        DatasetError: if one cannot be read, there are none, or two different runs have the same id.
    """
    datasets = [Dataset(path) for path in paths]
    if not datasets:
        raise DatasetError("there is nothing to merge: no datasets were given")
    description = {key: part for key, part in datasets[0].description.items() if key not in _OF_THE_FORMAT}
    with fresh(Path(out)) as path:
        path.mkdir()
        describe_dataset(path, description)
        taken: dict[str, Dataset] = {}
        for dataset in datasets:
            for run_id in dataset.runs:
                if run_id not in taken:
                    taken[run_id] = dataset
                    _copy(dataset, run_id, path)
                elif not _are_equal(taken[run_id], dataset, run_id):
                    raise DatasetError(
                        f"run {run_id} of {dataset.path} is not the one of that id in {taken[run_id].path}"
                    )
    return Dataset(out)


def _copy(dataset: Dataset, run_id: str, out: Path) -> None:
    writer = TrajectoryWriter(out, run_id, redact=False)
    for record in dataset.records(run_id):
        writer.append(record)
    writer.close()


def _are_equal(first: Dataset, second: Dataset, run_id: str) -> bool:
    """Whether two runs have the same records; one may have been copied while it was being written."""
    return all(
        (one.ts_utc, one.idx, one.event_type) == (other.ts_utc, other.idx, other.event_type)
        for one, other in zip(first.records(run_id), second.records(run_id), strict=False)
    )
