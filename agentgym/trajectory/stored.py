"""The types of a line of the stream as it is written, made from the events' types, and the JSON Schema of them.

A line differs from its event in that what JSON lacks, and what is long, is a form with a key that begins with ``$``.

    python -m agentgym.trajectory.stored > agentgym/trajectory/stream.schema.json
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from agentgym.errors import DatasetError
from agentgym.events import EVENT_TYPES, SCHEMA

__all__ = ["SCHEMA_FILE", "check_line", "stream_schema"]

SCHEMA_FILE = "stream.schema.json"


class LongText(
    msgspec.Struct, forbid_unknown_fields=True, rename={name: f"${name}" for name in ("text", "preview", "surrogates")}
):
    """A text that is not in line: where it is, or what is left of it; length in bytes of UTF-8."""

    text: int | msgspec.UnsetType = msgspec.UNSET
    preview: str | msgspec.UnsetType = msgspec.UNSET
    surrogates: str | msgspec.UnsetType = msgspec.UNSET
    sha256: str | msgspec.UnsetType = msgspec.UNSET
    length: int | msgspec.UnsetType = msgspec.UNSET


class OddNumber(msgspec.Struct, forbid_unknown_fields=True, rename={"float": "$float", "numpy": "$numpy"}):
    """NaN, an infinity, or a number of numpy's."""

    float: Literal["nan", "inf", "-inf"] | msgspec.UnsetType = msgspec.UNSET
    numpy: list[Any] | msgspec.UnsetType = msgspec.UNSET


class Conversation(msgspec.Struct, forbid_unknown_fields=True, rename={"json": "$json"}):
    """A list that is not in line."""

    json: int
    sha256: str
    length: int


def stream_schema() -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, of one line."""
    lines = _lines()
    references, components = msgspec.json.schema_components(lines.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "One line of a run's .jsonl file.",
        "oneOf": list(references),
        "$defs": dict(sorted(components.items())),
    }


def check_line(line: bytes) -> None:
    """Checks a line against the types that the schema is made from.

    Raises:
        DatasetError: what was expected, what is there, and the JSON path.
    """
    try:
        kind = msgspec.json.decode(line, type=_Kind).event_type
        if kind not in EVENT_TYPES:
            raise DatasetError(f"unknown event type {kind!r} - at `$.event_type`")
        _decoders()[kind](line)
    except msgspec.MsgspecError as error:
        raise DatasetError(str(error)) from error


class _Kind(msgspec.Struct):
    event_type: str


@cache
def _decoders() -> Mapping[str, Callable[[bytes], object]]:
    return {name: msgspec.json.Decoder(line).decode for name, line in _lines().items()}


@cache
def _lines() -> Mapping[str, type[msgspec.Struct]]:
    return {name: _line(name, kind) for name, kind in EVENT_TYPES.items()}


def _line(name: str, kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields: list[Any] = [
        ("ts_utc", str),
        ("run_id", str),
        ("episode", int),
        ("idx", int),
        ("event_type", Literal[name]),
        ("payload", _payload(kind)),
    ]
    return msgspec.defstruct(f"{kind.__name__}Line", fields, forbid_unknown_fields=True)


def _payload(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    annotations = typing.get_type_hints(kind)
    fields: list[Any] = []
    for field in msgspec.structs.fields(kind):
        form = _form(annotations[field.name])
        fields.append((field.name, form) if field.required else (field.name, form, _default(field)))
    namespace = {"__doc__": kind.__doc__}
    return msgspec.defstruct(kind.__name__, fields, kw_only=True, forbid_unknown_fields=True, namespace=namespace)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return field.default


def _form(annotation: Any) -> Any:
    """What a value of this type may be in a line."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return Union[tuple(_form(part) for part in get_args(annotation))]  # noqa: UP007 - made from a tuple
    if annotation is str:
        return str | LongText
    if annotation is float:
        return float | OddNumber
    if origin is list:
        return list[Any] | Conversation if get_args(annotation)[0] in (Any, dict[str, Any]) else annotation
    return dict[str, Any] if origin is dict else annotation


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(stream_schema())) + b"\n")
