"""Lines of the stream as the records that were published."""

from __future__ import annotations

from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.events import EVENT_TYPES, Event, Record
from agentgym.trajectory.values import ValueReader

__all__ = ["read_record"]


def read_record(form: dict[str, Any], values: ValueReader) -> Record:
    """A line of the stream, of the present version, as the record that was published.

    Raises:
        DatasetError: if it is none, or what it refers to cannot be read.
    """
    try:
        kind: type[Event] = EVENT_TYPES[form["event_type"]]
        payload = msgspec.convert(values.value(form["payload"]), kind)
        envelope = {name: form[name] for name in ("ts_utc", "run_id", "episode", "idx", "event_type")}
        return Record(**envelope, payload=payload)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise DatasetError(f"not a record: {error}: {str(form)[:200]}") from error
