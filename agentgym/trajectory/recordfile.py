"""Finds the episodes in a run's ``.jsonl`` file, which may still be growing or end in the middle of a line."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.trajectory.folders import Folder, ReadAt
from agentgym.trajectory.migration import VERSION, migrate, version_of

__all__ = ["EpisodeSpan", "RecordFile", "Torn"]

_CHUNK = 4 << 20
_LINE = 2048
_REFERENCE = re.compile(rb'"\$(?:frame|text|blob|json)":(\d+)')


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


@dataclass(frozen=True, slots=True)
class EpisodeSpan:
    """Where the records of an episode lie: from the first to the last line that carries its number.

    Attributes:
        first: the place of its reset among the run's resets and steps; its steps follow.
        begun: whether its reset is there.
        rewarded: whether rewards were added to its steps afterwards.
    """

    number: int
    start: int
    end: int
    steps: int
    first: int
    begun: bool
    rewarded: bool


class _Envelope(msgspec.Struct):
    run_id: str
    episode: int
    idx: int
    event_type: str


class RecordFile:
    """The lines of one run.

    Args:
        folder: that its file is in.
        run_id: of the run.
        version: of the dataset.
    """

    def __init__(self, folder: Folder, run_id: str, version: int) -> None:
        self.run_id = run_id
        self.records = 0
        self._folder = folder
        self._name = f"{run_id}.jsonl"
        self._version = version
        self._end = 0
        self._reason = ""
        # A million episodes must not be a million objects. An episode's end is where the next one starts.
        self._numbers = array("Q")
        self._starts = array("Q")
        self._firsts = array("Q")
        self._begun = bytearray()
        self._rewarded = bytearray()
        self._moments = array("Q")

    @property
    def name(self) -> str:
        return self._name

    @property
    def end(self) -> int:
        """Where the last line ends that was taken in."""
        return self._end

    @property
    def episodes(self) -> int:
        """How many there are, those without a reset included."""
        return len(self._numbers)

    @property
    def begun(self) -> array[int]:
        """The places of those with a reset, for ``span``."""
        return array("Q", (place for place, begun in enumerate(self._begun) if begun))

    def span(self, place: int) -> EpisodeSpan:
        """One of the episodes as it is now."""
        is_last = place + 1 == len(self._numbers)
        end, next_first = (
            (self._end, len(self._moments)) if is_last else (self._starts[place + 1], self._firsts[place + 1])
        )
        first, begun, rewarded = self._firsts[place], bool(self._begun[place]), bool(self._rewarded[place])
        steps = next_first - first - begun
        return EpisodeSpan(self._numbers[place], self._starts[place], end, steps, first, begun, rewarded)

    def refresh(self) -> None:
        """Takes in the lines that were written since the last time.

        Raises:
            DatasetError: if the file cannot be read, or is of a later version.
        """
        with self._folder.open(self._name) as read:
            self._scan(read)

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The lines that lie between two places in the file: by default, all that were taken in."""
        end = self._end if end is None else end
        with self._folder.open(self._name) as read:
            rest = b""
            while start < end:
                data = read(start, min(_CHUNK, end - start))
                if not data:
                    raise DatasetError(f"{self._name} has become shorter than it was")
                start += len(data)
                *lines, rest = (rest + data).split(b"\n")
                yield from lines

    def current_lines(self, span: EpisodeSpan | None = None, *, start: int = 0) -> Iterator[bytes]:
        """The lines of an episode, or of the whole run from a place in its file on, as the present version has them."""
        lines = self.lines(start) if span is None else self.lines(span.start, span.end)
        return lines if self._version == VERSION else (msgspec.json.encode(self.form(line)) for line in lines)

    def forms(self, span: EpisodeSpan) -> list[dict[str, Any]]:
        """The records of an episode, as the present version writes them, values undecoded."""
        return [self.form(line) for line in self.lines(span.start, span.end)]

    def moment(self, span: EpisodeSpan, t: int) -> dict[str, Any]:
        """The record of an episode's reset, t = 0, or of its step t."""
        offset = self._moments[span.first + t]
        with self._folder.open(self._name) as read:
            line = read(offset, _LINE)
            while (end := line.find(b"\n")) < 0:
                more = read(offset + len(line), _CHUNK)
                if not more:
                    raise DatasetError(f"{self._name} has become shorter than it was")
                line += more
        return self.form(line[:end])

    def form(self, line: bytes) -> dict[str, Any]:
        """A line as the present version writes it.

        Raises:
            DatasetError: if it is no record.
        """
        try:
            return migrate(msgspec.json.decode(line), self._version)
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            raise DatasetError(f"not a record: {error}: {line[:200]!r}") from error

    def torn(self, path: Path) -> Torn | None:
        """What comes after the last whole record; ``path`` is that of the file."""
        size = self._folder.size(self._name) - self._end
        return Torn(path, self._end, size, self._reason or "the last line is not complete") if size > 0 else None

    def last_reference(self) -> int | None:
        """The place of a frame near the end of the frame files, as the last lines that name one say."""
        end = self._end
        with self._folder.open(self._name) as read:
            while end > 0:
                start = max(0, end - _CHUNK)
                found = [int(digits) for digits in _REFERENCE.findall(read(start, end - start))]
                if found:
                    return max(found)
                # What was cut in two at the chunk's beginning is whole in the next.
                end = start + 64 if start > 0 else 0
        return None

    def _scan(self, read: ReadAt) -> None:
        self._reason = ""
        decode = msgspec.json.Decoder(_Envelope).decode
        at, data = self._end, b""
        while more := read(at, _CHUNK):
            at += len(more)
            data += more
            start = 0
            while (end := data.find(b"\n", start)) >= 0:
                if not self._take(data[start : end + 1], decode):
                    return
                start = end + 1
            data = data[start:]

    def _take(self, line: bytes, decode: Callable[[bytes], _Envelope]) -> bool:
        try:
            envelope = decode(line)
        except msgspec.MsgspecError as error:
            self._reason = f"not a record: {error}"
            return False
        if envelope.idx != self.records:
            self._reason = f"expected record {self.records}, got record {envelope.idx}"
            return False
        if self.records == 0:
            self._version = version_of(line, otherwise=self._version)
        self._place(envelope)
        self.records += 1
        self._end += len(line)
        return True

    def _place(self, envelope: _Envelope) -> None:
        if not self._numbers or self._numbers[-1] != envelope.episode:
            self._numbers.append(envelope.episode)
            self._starts.append(self._end)
            self._firsts.append(len(self._moments))
            self._begun.append(False)
            self._rewarded.append(False)
        if envelope.event_type == ("step" if self._begun[-1] else "reset"):
            self._begun[-1] = True
            self._moments.append(self._end)
        if envelope.event_type == "reward":
            self._rewarded[-1] = True
