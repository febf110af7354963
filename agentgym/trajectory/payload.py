"""An event's fields as they are written: the ones that say something, with what the stream promises of long texts."""

from __future__ import annotations

import hashlib
from functools import cache

import msgspec
from msgspec.structs import astuple

from agentgym.events import Event, FinalReport, ToolReturned
from agentgym.trajectory.framelog import Place
from agentgym.trajectory.outcomes import outcome
from agentgym.trajectory.values import Json
from agentgym.trajectory.valuewriter import ValueWriter

__all__ = ["payload"]

_PLAIN = frozenset({bool, int})
_CONTAINERS = frozenset({dict, list})

# They grow by a little with each call of a model, or are the same each time.
_CONVERSATIONS = frozenset({"messages", "tools"})


def payload(event: Event, values: ValueWriter) -> dict[str, Json]:
    """What stands in the event's record, plain JSON.

    Fields at their default are left out. A tool's outcome has a preview and its digest, a report its digest and its
    length.
    """
    plain = values.plain
    forms: dict[str, Json] = {}
    for (name, place, required), value in zip(_fields(type(event)), astuple(event), strict=True):
        kind = type(value)
        if kind in _PLAIN:
            forms[name] = value
        # An empty container is what an absent one is read as.
        elif required or not (value is None or (kind in _CONTAINERS and not value)):
            forms[name] = plain(value, place) if name not in _CONVERSATIONS else values.conversation(value, place)
    if isinstance(event, ToolReturned):
        forms |= outcome(event, values.redacted)
    if isinstance(event, FinalReport) and event.text is not None:
        # Of the text as it is kept, without its secrets.
        text = values.redacted(event.text).encode("utf-8", "surrogatepass")
        forms |= {"sha256": hashlib.sha256(text).hexdigest(), "length": len(text)}
    return forms


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, Place, bool], ...]:
    """Names of an event's fields, their place, and whether each must always be written."""
    return tuple((field.name, (field.name,), field.required) for field in msgspec.structs.fields(kind))
