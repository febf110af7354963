"""Attempts that nobody told the end of: the process was killed, or interrupted, and only their recordings are left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agentgym.trajectory.layout import records_file, run_ids_among

__all__ = ["LostRun", "lost_runs"]


@dataclass(frozen=True)
class LostRun:
    """A recording that no result names.

    Attributes:
        item: the key of what was attempted.
    """

    run_id: str
    item: str
    attempt: int
    started: str


class _Payload(msgspec.Struct):
    session_id: str | None = None
    attempt: int | None = None
    metadata: Mapping[str, object] = {}


class _Line(msgspec.Struct):
    ts_utc: str
    payload: _Payload


def lost_runs(dataset: Path, session_id: str, known: Iterable[str]) -> Iterator[LostRun]:
    """The runs of a session that are not known, in the order in which they began.

    Args:
        known: the ids of runs that need not be looked at.
    """
    if not dataset.is_dir():
        return
    for run_id in sorted(set(run_ids_among(path.name for path in dataset.iterdir())) - set(known)):
        with records_file(dataset, run_id).open("rb") as file:
            line = file.readline()
        try:
            first = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError:
            # It was killed before its first record was whole, so that nothing of it is known; or is none of ours.
            continue
        item = first.payload.metadata.get("item")
        if first.payload.session_id == session_id and isinstance(item, str):
            yield LostRun(run_id, item, first.payload.attempt or 1, first.ts_utc)
