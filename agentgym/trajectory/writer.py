"""Writes the records of one run, so that what was appended stays whatever happens next."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from agentgym.errors import DatasetError
from agentgym.events import Failed, Record, Reset, RunStarted, Scored, Step
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.layout import (
    describe_dataset,
    frames_file,
    records_file,
    summary_file,
    write_atomically,
)
from agentgym.trajectory.redaction import make_redact, scrub
from agentgym.trajectory.values import ValueWriter

__all__ = ["Fsync", "TrajectoryWriter"]

Fsync: TypeAlias = Literal["never", "episode", "step"]


class TrajectoryWriter:
    """The one writer of one run's files. Creates nothing before the first record.

    ``append`` returns when the record is in the file: the frames that it refers to first, then its line, so that the
    death of the process at any moment leaves every line whole but the last, and no line that points to nothing.
    Used from one thread at a time, in the process that made it.

    Args:
        root: the dataset's folder; made if it is not there.
        run_id: no other run's.
        redact: whether secrets are taken out of all texts.
        fsync: when the disk itself must have the data. ``"never"`` survives the death of the process,
            ``"episode"`` and ``"step"`` that of the machine.
    """

    def __init__(
        self,
        root: Path,
        run_id: str,
        *,
        redact: bool = True,
        fsync: Fsync = "never",
    ) -> None:
        self.root = root
        self.run_id = run_id
        self.failure: DatasetError | None = None
        self._fsync = fsync
        self._log = FrameLog()
        self._redact = make_redact(os.environ) if redact else None
        self._values = ValueWriter(self._log, self._redact)
        self._records = _AppendOnlyFile(records_file(root, run_id))
        self._frames = _AppendOnlyFile(frames_file(root, run_id))
        self._committed = (0, 0)
        self._tally = _Tally()

    def append(self, record: Record) -> None:
        """Writes a record. One that was written already, after an interrupt, is passed over.

        Raises:
            DatasetError: if the disk refuses. What was written before stays readable, the rest of the run is
                refused, too, so that no recording has a hole.
        """
        if self.failure is not None:
            raise self.failure
        next_idx, end = self._committed
        if record.idx < next_idx:
            return
        try:
            if next_idx == 0:
                self._create(record)
            self._records.cut(end)
            self._write(record)
        except OSError as error:
            self._fail(error)
        except BaseException:
            self._forget()
            raise
        # One assignment: an interrupt before it makes the line be written again, one after it makes it be passed over.
        self._committed = (record.idx + 1, self._records.end)
        self._tally.add(record)

    def close(self) -> None:
        """Writes the summary. Without it nothing is lost but the summary."""
        self._records.close()
        self._frames.close()
        records, _ = self._committed
        if records == 0 or self.failure is not None:
            return
        self.failure = DatasetError(f"the recording of run {self.run_id} is closed")
        summary = {
            "run_id": self.run_id,
            **self._tally.totals(),
            "records": records,
            "bytes": {"records": self._records.end, "frames": self._frames.end},
        }
        content = msgspec.json.format(msgspec.json.encode(summary)) + b"\n"
        try:
            write_atomically(summary_file(self.root, self.run_id), content)
        except OSError as error:
            self._fail(error)

    def _create(self, first: Record) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        description = {}
        if isinstance(first.payload, RunStarted):
            description = {"env": first.payload.env, "provenance": first.payload.provenance}
        describe_dataset(self.root, description if self._redact is None else scrub(description, self._redact))
        if self._records.is_closed:
            self._records.create()

    def _write(self, record: Record) -> None:
        payload = self._payload(record)
        frames = self._log.take()
        if frames:
            self._frames.append(frames)
        line = {
            "ts_utc": record.ts_utc,
            "run_id": record.run_id,
            "episode": record.episode,
            "idx": record.idx,
            "event_type": record.event_type,
            "payload": payload,
        }
        if self._fsync != "never" and self._must_sync(record):
            self._frames.sync()
            self._records.append(msgspec.json.encode(line) + b"\n")
            self._records.sync()
        else:
            self._records.append(msgspec.json.encode(line) + b"\n")

    def _payload(self, record: Record) -> dict[str, Any]:
        plain = self._values.plain
        payload = {}
        for name, required in _fields(type(record.payload)):
            value = getattr(record.payload, name)
            if required or not _is_empty(value):
                payload[name] = plain(value, (name,))
        return payload

    def _must_sync(self, record: Record) -> bool:
        match record.payload:
            case Step() as step:
                return self._fsync == "step" or step.terminated or step.truncated
            case Reset():
                return self._fsync == "step"
        return True

    def _fail(self, error: OSError) -> None:
        self._forget()
        where = error.filename or self.root
        self.failure = DatasetError(
            f"the recording in {self.root} cannot go on: {error.strerror or error} ({where}); "
            f"the {self._committed[0]} records of run {self.run_id} before this one are kept"
        )
        raise self.failure from error

    def _forget(self) -> None:
        self._records.cut(self._committed[1])
        self._frames.cut(self._frames.end)
        self._log.forget(self._frames.end)
        self._values.forget()


class _AppendOnlyFile:
    """A file that is as long as what was appended, or has a tail that `cut` takes off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._finalizer: weakref.finalize[..., _AppendOnlyFile] | None = None
        self.end = 0

    @property
    def is_closed(self) -> bool:
        return self._descriptor is None

    def create(self) -> int:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._finalizer = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def append(self, data: bytes) -> None:
        descriptor = self.create() if self._descriptor is None else self._descriptor
        # A file whose last name is gone still takes data and loses all of it.
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was removed while it was being written", str(self._path))
        rest = memoryview(data)
        at = self.end
        while rest:
            written = os.pwrite(descriptor, rest, at)
            at += written
            rest = rest[written:]
        self.end = at

    def sync(self) -> None:
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def cut(self, end: int) -> None:
        """Takes off what comes after ``end``, as far as the disk lets us; readers pass over it otherwise."""
        if self._descriptor is None or os.fstat(self._descriptor).st_size <= end:
            return
        self.end = end
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, end)

    def close(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._descriptor = None


class _Tally:
    """What a run amounts to."""

    def __init__(self) -> None:
        self._started = self._ended = ""
        self._status: str | None = None
        self._episodes = self._steps = self._failures = self._scored = 0
        self._return = self._score = 0.0

    def add(self, record: Record) -> None:
        self._started = self._started or record.ts_utc
        self._ended = record.ts_utc
        match record.payload:
            case Step() as step:
                self._steps += 1
                self._return += step.reward
            case Reset():
                self._episodes += 1
            case Scored() as scored:
                self._scored += 1
                self._score += scored.value
            case Failed():
                self._failures += 1
            case completed if record.event_type == "run_completed":
                self._status = getattr(completed, "status", None)

    def totals(self) -> dict[str, Any]:
        return {
            "status": self._status,
            "started": self._started,
            "ended": self._ended,
            "episodes": self._episodes,
            "steps": self._steps,
            "total_reward": self._return,
            "scored": self._scored,
            "mean_score": self._score / self._scored if self._scored else None,
            "failures": self._failures,
        }


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """Names of an event's fields and whether each must always be written."""
    return tuple((field.name, field.required) for field in msgspec.structs.fields(kind))


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, dict | list) and not value)
