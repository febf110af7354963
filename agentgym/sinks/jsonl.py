"""Records as lines of JSON, in a file or on the standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from agentgym.errors import UsageError
from agentgym.events import Record, ToolReturned
from agentgym.events.plainlines import plain_line
from agentgym.sinks.base import SinkOrder
from agentgym.trajectory.outcomes import outcome
from agentgym.trajectory.redaction import Redact, make_redact, scrub

__all__ = ["JsonLines", "jsonl_sink"]

_STANDARD_OUTPUT = "-"


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    fsync: bool = False


class JsonLines:
    """Appends each record as a line, without secrets: the line is there when ``publish`` returns.

    Lines are those of the exporter ``events``: plain JSON, long texts in it, large arrays as their shape, dtype and
    SHA-256. Any number of processes may append to one file: a line is one write. Whoever reads slowly from a pipe is
    waited for, as by any program that writes into one.

    Args:
        path: the file; ``"-"`` for the standard output.
        fsync: whether the disk itself has a line before ``publish`` returns.
        redact: takes secrets out of texts; those that are known by what they look like if not given.
    """

    def __init__(self, path: str | os.PathLike[str], *, fsync: bool = False, redact: Redact | None = None) -> None:
        self._path = None if path == _STANDARD_OUTPUT else Path(path).absolute()
        self._fsync = fsync and self._path is not None
        self._descriptor: int | None = None
        self._redact = redact or make_redact(os.environ)
        self._last: tuple[str, int] | None = None

    def __call__(self, record: Record) -> None:
        # After an interrupt a bus hands out again what it handed out last.
        if (record.run_id, record.idx) == self._last:
            return
        self._write(record)
        self._last = (record.run_id, record.idx)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, record: Record) -> None:
        event = record.payload
        if isinstance(event, ToolReturned):
            record = msgspec.structs.replace(
                record, payload=msgspec.structs.replace(event, **outcome(event, self._redact))
            )
        line = msgspec.json.encode(scrub(plain_line(record), self._redact)) + b"\n"
        if self._path is None:
            sys.stdout.write(line.decode())
            sys.stdout.flush()
            return
        descriptor = self._open(self._path) if self._descriptor is None else self._descriptor
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if self._fsync:
            os.fsync(descriptor)

    def _open(self, path: Path) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        return self._descriptor


def jsonl_sink(order: SinkOrder) -> JsonLines:
    if not order.place:
        raise UsageError(f"the sink {order.text!r} needs a file: jsonl:PATH, or jsonl:- for the standard output")
    return JsonLines(order.place, fsync=order.read(_Options).fsync, redact=order.redact)
