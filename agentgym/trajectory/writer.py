"""Writes the records of one run, so that what was appended stays whatever happens next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import msgspec

from agentgym.errors import DatasetError, UsageError
from agentgym.events import Record, Reset, RunStarted, Step
from agentgym.trajectory.appendfile import AppendOnlyFile
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.held import hold
from agentgym.trajectory.layout import (
    describe_dataset,
    frames_file,
    records_file,
    summary_file,
    write_atomically,
)
from agentgym.trajectory.packing import pack_run
from agentgym.trajectory.payload import payload
from agentgym.trajectory.redaction import Redact, make_redact, scrub
from agentgym.trajectory.tally import Tally
from agentgym.trajectory.valuewriter import ValueWriter

__all__ = ["Fsync", "TrajectoryWriter"]

Fsync: TypeAlias = Literal["never", "episode", "step"]

FRAMES_BYTES = 1 << 30


class TrajectoryWriter:
    """The one writer of one run's files. Creates nothing before the first record.

    ``append`` returns when the record is in the file: the frames that it refers to first, then its line, so that the
    death of the process at any moment leaves every line whole but the last, and no line that points to nothing.
    Used from one thread at a time, in the process that made it.

    Args:
        root: the dataset's folder; made if it is not there.
        run_id: no other run's.
        redact: whether secrets are taken out of all texts; a function takes out more than is known here.
        preview_chars: of a longer text only its beginning, its digest and its length are kept; None to keep all.
        fsync: when the disk itself must have the data. ``"never"`` survives the death of the process,
            ``"episode"`` and ``"step"`` that of the machine.
        key_frame_every: at most so many stored frames must be decoded for any one of them; None for what suits
            their size.
        pack: whether the records are compressed when the run is closed.
        frames_bytes: a file of frames that is so large is gone on from in another.

    Raises:
        UsageError: if one of these is out of range.
    """

    def __init__(
        self,
        root: Path,
        run_id: str,
        *,
        redact: bool | Redact = True,
        preview_chars: int | None = None,
        fsync: Fsync = "never",
        key_frame_every: int | None = None,
        pack: bool = False,
        frames_bytes: int = FRAMES_BYTES,
    ) -> None:
        _check(fsync, preview_chars=preview_chars, key_frame_every=key_frame_every, frames_bytes=frames_bytes)
        self.root = root
        self.run_id = run_id
        self.failure: DatasetError | None = None
        self._fsync = fsync
        self._pack = pack
        self._frames_bytes = frames_bytes
        self._process = os.getpid()
        self._log = FrameLog(key_frame_every=key_frame_every)
        self._redact = _redact(redact)
        self._values = ValueWriter(self._log, self._redact, preview_chars=preview_chars)
        self._records = AppendOnlyFile(records_file(root, run_id))
        self._parts = [AppendOnlyFile(frames_file(root, run_id))]
        self._committed = (0, 0)
        # Whether an interrupt may have left part of a line.
        self._is_torn = False
        self._tally = Tally()

    def append(self, record: Record) -> None:
        """Writes a record. One that was written already, after an interrupt, is passed over.

        Raises:
            DatasetError: if the disk refuses. What was written before stays readable, the rest of the run is
                refused, too, so that no recording has a hole.
        """
        if self.failure is not None:
            raise self.failure
        if os.getpid() != self._process:
            raise DatasetError(
                f"run {self.run_id} is written by process {self._process}, not by {os.getpid()}, which was forked "
                "from it; hand events back to be published there"
            )
        next_idx, end = self._committed
        if record.idx < next_idx:
            return
        try:
            if next_idx == 0:
                self._create(record)
            if self._is_torn:
                self._records.cut(end)
            self._is_torn = True
            self._write(record)
        except OSError as error:
            self._fail(error)
        except BaseException:
            self._forget()
            raise
        # One assignment: an interrupt before it makes the line be written again, one after it makes it be passed over.
        self._committed = (record.idx + 1, self._records.end)
        self._is_torn = False
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
            "bytes": {"records": self._records.end, "frames": sum(part.end for part in self._parts)},
        }
        content = msgspec.json.format(msgspec.json.encode(summary)) + b"\n"
        try:
            write_atomically(summary_file(self.root, self.run_id), content)
        except OSError as error:
            self._fail(error)
        if self._pack:
            pack_run(self.root, self.run_id)

    def _create(self, first: Record) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        description = {}
        if isinstance(first.payload, RunStarted):
            description = {"env": first.payload.env, "provenance": first.payload.provenance}
        describe_dataset(self.root, description if self._redact is None else scrub(description, self._redact))
        if self._records.is_closed:
            hold(self._records.create())
            self._sync_folder()

    def _write(self, record: Record) -> None:
        if self._frames.end >= self._frames_bytes:
            self._begin_part()
        form = payload(record.payload, self._values)
        frames = self._log.take()
        if frames:
            self._frames.append(frames)
        line = {
            "ts_utc": record.ts_utc,
            "run_id": record.run_id,
            "episode": record.episode,
            "idx": record.idx,
            "event_type": record.event_type,
            "payload": form,
        }
        if self._fsync != "never" and self._must_sync(record):
            self._frames.sync()
            self._records.append(msgspec.json.encode(line) + b"\n")
            self._records.sync()
        else:
            self._records.append(msgspec.json.encode(line) + b"\n")

    @property
    def _frames(self) -> AppendOnlyFile:
        return self._parts[-1]

    def _begin_part(self) -> None:
        if self._fsync != "never":
            self._frames.sync()
        self._frames.close()
        part = len(self._parts)
        self._parts.append(AppendOnlyFile(frames_file(self.root, self.run_id, part)))
        self._log.forget(0, part)
        self._frames.create()
        self._sync_folder()

    def _sync_folder(self) -> None:
        """Makes the disk know the names of new files."""
        if self._fsync == "never":
            return
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _must_sync(self, record: Record) -> bool:
        match record.payload:
            case Step() as step:
                return self._fsync == "step" or step.terminated or step.truncated
            case Reset():
                return self._fsync == "step"
        return True

    def _fail(self, error: OSError) -> None:
        self._forget()
        if self._committed[0] == 0:
            self._remove()
        where = error.filename or self.root
        self.failure = DatasetError(
            f"the recording in {self.root} cannot go on: {error.strerror or error} ({where}); "
            f"the {self._committed[0]} records of run {self.run_id} before this one are kept"
        )
        raise self.failure from error

    def _remove(self) -> None:
        """Takes away files of a run of which nothing could be kept, so that trying again leaves nothing behind."""
        for file in (self._records, *self._parts):
            file.remove()

    def _forget(self) -> None:
        self._records.cut(self._committed[1])
        self._frames.cut(self._frames.end)
        self._log.forget(self._frames.end, len(self._parts) - 1)
        self._values.forget()


def _redact(redact: bool | Redact) -> Redact | None:
    if redact is False:
        return None
    known = make_redact(os.environ)
    if redact is True:
        return known
    more: Redact = redact
    return lambda text: more(known(text))


def _check(fsync: str, **numbers: int | None) -> None:
    if fsync not in get_args(Fsync):
        raise UsageError(f"fsync is one of {', '.join(get_args(Fsync))}, not {fsync!r}")
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise UsageError(f"{name} must be a whole number of at least 1, got {number!r}")
