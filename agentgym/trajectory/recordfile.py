"""Finds the episodes in a run's ``.jsonl`` file, which may still be growing or end in the middle of a line."""

from __future__ import annotations

import os
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from agentgym.errors import DatasetError

__all__ = ["EpisodeSpan", "RecordFile", "Torn"]

_CHUNK = 4 << 20
_REFERENCE = re.compile(rb'"\$(?:frame|text|blob)":(\d+)')


@dataclass(frozen=True)
class Torn:
    """The end of a file that a sudden death left, or that is being written just now.

    Attributes:
        path: of the file.
        offset: where what can be read ends.
        size: bytes after that.
        reason: what is wrong with them.
    """

    path: Path
    offset: int
    size: int
    reason: str


@dataclass
class EpisodeSpan:
    """Where the records of an episode lie: from the first to the last line that carries its number."""

    number: int
    start: int
    end: int = 0
    steps: int = 0
    begun: bool = False
    lines: array[int] = field(default_factory=lambda: array("Q"))


class _Envelope(msgspec.Struct):
    run_id: str
    episode: int
    idx: int
    event_type: str


class RecordFile:
    """The lines of one run.

    Args:
        path: of the ``.jsonl`` file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.episodes: list[EpisodeSpan] = []
        self.records = 0
        self._end = 0
        self._reason = ""

    def refresh(self) -> None:
        """Takes in the lines that were written since the last time.

        Raises:
            DatasetError: if the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._end)
                self._scan(file.read(_CHUNK), file)
        except OSError as error:
            raise DatasetError(f"{self.path} cannot be read: {error.strerror}") from error

    def lines(self, span: EpisodeSpan | None = None) -> Iterator[bytes]:
        """The lines of an episode, or of the whole run."""
        start, end = (0, self._end) if span is None else (span.start, span.end)
        with self.path.open("rb") as file:
            file.seek(start)
            while start < end:
                line = file.readline()
                start += len(line)
                yield line

    def first_line(self) -> bytes | None:
        return next(self.lines(), None)

    @property
    def torn(self) -> Torn | None:
        """What comes after the last whole record."""
        size = self.path.stat().st_size - self._end
        return Torn(self.path, self._end, size, self._reason or "the last line is not complete") if size > 0 else None

    def last_reference(self) -> int | None:
        """The place of a frame near the end of the frame file, as the last line that names one says."""
        step = 64
        offsets = [offset for span in self.episodes for offset in span.lines]
        with self.path.open("rb") as file:
            for last in range(len(offsets), 0, -step):
                first = max(0, last - step)
                file.seek(offsets[first])
                end = offsets[last] if last < len(offsets) else self._end
                found = [int(digits) for digits in _REFERENCE.findall(file.read(end - offsets[first]))]
                if found:
                    return max(found)
        return None

    def _scan(self, data: bytes, file: BinaryIO) -> None:
        self._reason = ""
        decode = msgspec.json.Decoder(_Envelope).decode
        while data:
            start = 0
            while (end := data.find(b"\n", start)) >= 0:
                if not self._take(data[start : end + 1], decode):
                    return
                start = end + 1
            more = file.read(_CHUNK)
            if not more:
                return
            data = data[start:] + more

    def _take(self, line: bytes, decode: Callable[[bytes], _Envelope]) -> bool:
        try:
            envelope = decode(line)
        except msgspec.MsgspecError as error:
            self._reason = f"not a record: {error}"
            return False
        if envelope.idx != self.records:
            self._reason = f"expected record {self.records}, got record {envelope.idx}"
            return False
        self._place(envelope, len(line))
        self.records += 1
        self._end += len(line)
        return True

    def _place(self, envelope: _Envelope, size: int) -> None:
        if not self.episodes or self.episodes[-1].number != envelope.episode:
            self.episodes.append(EpisodeSpan(envelope.episode, self._end))
        span = self.episodes[-1]
        span.lines.append(self._end)
        span.end = self._end + size
        span.steps += envelope.event_type == "step"
        span.begun |= envelope.event_type == "reset"


def size_of(path: Path) -> int:
    """In bytes; 0 if there is no such file."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
