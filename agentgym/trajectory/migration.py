"""Recordings of earlier versions, brought up to the present one while they are read; the files stay as they are.

The version of a run is what its ``run_started`` says, or else its dataset's. Each step of the version has one function
here, from a line of the one to a line of the next.

=======  ======================================================================================================
version  what changed
=======  ======================================================================================================
1        the first
2        a run's frames may go on in further files; texts may be previews, conversations may lie in the frames;
         more fields that may be absent
=======  ======================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from agentgym.errors import DatasetError
from agentgym.events import SCHEMA

__all__ = ["VERSION", "Migration", "migrate", "version_of"]

VERSION = 2

Line: TypeAlias = dict[str, Any]
Migration: TypeAlias = Callable[[Line], Line]


def _from_1_to_2(line: Line) -> Line:
    # Nothing that version 1 writes means anything else in version 2 but the name of the schema itself.
    if line["event_type"] == "run_started":
        line["payload"]["schema"] = "agentgym.event/2"
    return line


_STEPS: Mapping[int, Migration] = {1: _from_1_to_2}
"""By the version that each leads away from."""


def migrate(line: Line, version: int) -> Line:
    """A line as the present version would have written it; the one that was given may be changed."""
    for step in range(version, VERSION):
        line = _STEPS[step](line)
    return line


def version_of(first_line: bytes, *, otherwise: int) -> int:
    """The version of a run by its first line.

    Args:
        first_line: of the run.
        otherwise: of the dataset, for a run that does not begin with ``run_started``.

    Raises:
        DatasetError: if it is later than this agentgym.
    """
    try:
        schema = msgspec.json.decode(first_line, type=_FirstLine).payload.schema
    except msgspec.MsgspecError:
        return otherwise
    if schema is None:
        return otherwise
    name, _, number = schema.partition("/")
    if name != SCHEMA.partition("/")[0] or not number.isdecimal() or not 1 <= int(number) <= VERSION:
        raise DatasetError(f"the stream is of the schema {schema!r}; this agentgym reads up to {SCHEMA!r}")
    return int(number)


class _Started(msgspec.Struct):
    schema: str | None = None


class _FirstLine(msgspec.Struct):
    payload: _Started
