"""Records as lines of plain JSON that need no other file."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from agentgym.events.plain import plain
from agentgym.events.record import Record

__all__ = ["plain_line"]


def plain_line(record: Record) -> dict[str, Any]:
    """The record as it stands in one line; what says nothing is left out, large arrays are there as their digest."""
    event = record.payload
    said = {
        name: value for name, needed in _fields(type(event)) if not _is_empty(value := getattr(event, name)) or needed
    }
    envelope = {name: getattr(record, name) for name in ("ts_utc", "run_id", "episode", "idx", "event_type")}
    return {**envelope, "payload": plain(said)}


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """Names of an event's fields, and whether each is always there. To find them out takes 200 us."""
    return tuple((field.name, field.required) for field in msgspec.structs.fields(kind))


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)
