"""The records of a dataset that answer a question: of one task, of one agent, from one place on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from agentgym.errors import UnknownNameError
from agentgym.events import EVENT_TYPES, Event, Record, event_type
from agentgym.registry import suggestion
from agentgym.trajectory.folders import folder_at
from agentgym.trajectory.recordfile import RecordFile
from agentgym.trajectory.recordings import Recordings
from agentgym.trajectory.records import read_record
from agentgym.trajectory.values import ValueReader

__all__ = ["Query", "records"]

Names: TypeAlias = str | Iterable[str]


class _Envelope(msgspec.Struct):
    episode: int
    idx: int
    event_type: str


@dataclass(frozen=True)
class Query:
    """What must hold of a record; None for anything. Of names ``*`` stands for any text.

    Attributes:
        run: ids of runs.
        episode: its number within its run.
        task: ids of tasks. What a run says before its first reset counts to its first episode, what it says after an
            episode to that.
        types: of events.
        agent: ``agent_id`` of the event.
        start: the first ``idx``, in each run.
        where: values of the payload by name, ``{"name": "bash", "info.action_error": None}``; of what is absent the
            value is None.
    """

    run: tuple[str, ...] | None = None
    episode: int | None = None
    task: tuple[str, ...] | None = None
    types: frozenset[str] | None = None
    agent: tuple[str, ...] | None = None
    start: int = 0
    where: Mapping[str, Any] | None = None


def records(
    path: str | os.PathLike[str],
    *,
    run: Names | None = None,
    episode: int | None = None,
    task: Names | None = None,
    types: Iterable[str | type[Event]] | None = None,
    agent: Names | None = None,
    start: int = 0,
    where: Mapping[str, Any] | None = None,
) -> Iterator[Record]:
    """The records of a dataset of which all that is asked holds: run after run, each in its own order.

    What a subscriber missed is given to it so: ``for record in records("data/", run=run_id, start=idx): sink(record)``.
    A last line that is not complete yet is left out. The arguments are those of `Query`; names may be one or several.

    Raises:
        DatasetError: if the folder is no dataset that can be read.
        UnknownNameError: if there is no such type of event.
    """
    query = Query(
        run=_names(run),
        episode=episode,
        task=_names(task),
        types=None if types is None else frozenset(_known(kind) for kind in types),
        agent=_names(agent),
        start=start,
        where=where,
    )
    return _found(Recordings(folder_at(path), Path(path)), query)


def _found(recordings: Recordings, query: Query) -> Iterator[Record]:
    for run_id, file in recordings.runs.items():
        if query.run is None or _matches(run_id, query.run):
            values = ValueReader(recordings.frames(run_id))
            episodes = _episodes(file, values, query)
            if episodes is None or episodes:
                yield from _of_run(file, values, query, episodes)


def _of_run(file: RecordFile, values: ValueReader, query: Query, episodes: Set[int] | None) -> Iterator[Record]:
    envelope = msgspec.json.Decoder(_Envelope).decode
    for line in file.lines():
        known = envelope(line)
        if (
            known.idx >= query.start
            and (query.types is None or known.event_type in query.types)
            and (episodes is None or known.episode in episodes)
        ):
            record = read_record(file.form(line), values)
            if _holds(record, query):
                yield record


def _holds(record: Record, query: Query) -> bool:
    agent = record.payload.agent_id
    if query.agent is not None and (agent is None or not _matches(agent, query.agent)):
        return False
    return all(_equals(_at(record.payload, name), wanted) for name, wanted in (query.where or {}).items())


def _episodes(file: RecordFile, values: ValueReader, query: Query) -> Set[int] | None:
    """The numbers of the episodes that are asked for; None for all."""
    if query.task is None:
        return None if query.episode is None else {query.episode}
    spans = [file.span(place) for place in file.begun]
    return {
        span.number
        for span in spans
        if query.episode in (None, span.number) and _matches(_task(file.moment(span, 0)["payload"], values), query.task)
    }


def _task(reset: Mapping[str, Any], values: ValueReader) -> str:
    task = values.value(reset.get("task"))
    name = task.get("id") if isinstance(task, dict) else values.value(reset.get("task_id"))
    return "" if name is None else str(name)


def _at(payload: Event, name: str) -> Any:
    first, *rest = name.split(".")
    value: Any = getattr(payload, first, None)
    for part in rest:
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(value, str) and fnmatchcase(value, wanted)
    # Recorded arrays have an equality of their own, element by element.
    return type(value) in (bool, int, float, str, list, dict, type(None)) and bool(value == wanted)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _names(names: Names | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(names)


def _known(kind: str | type[Event]) -> str:
    if not isinstance(kind, str):
        return event_type(kind)
    if kind not in EVENT_TYPES:
        raise UnknownNameError(f"no event type {kind!r}; {suggestion(kind, EVENT_TYPES)}")
    return kind
