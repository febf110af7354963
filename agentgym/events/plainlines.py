"""Records as lines of plain JSON that need no other file."""

from __future__ import annotations

from typing import Any

import msgspec

from agentgym.events.plain import plain
from agentgym.events.record import Record

__all__ = ["plain_line"]


def plain_line(record: Record) -> dict[str, Any]:
    """The record as it stands in one line; what says nothing is left out, large arrays are there as their digest."""
    fields = msgspec.structs.fields(record.payload)
    values = {field.name: getattr(record.payload, field.name) for field in fields}
    needed = {field.name for field in fields if field.required}
    envelope = {name: getattr(record, name) for name in ("ts_utc", "run_id", "episode", "idx", "event_type")}
    said = {name: value for name, value in values.items() if name in needed or not _is_empty(value)}
    return {**envelope, "payload": plain(said)}


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)
