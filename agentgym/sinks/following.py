"""Records out of a Redis stream, each run's in order, by any number of readers that may die."""

from __future__ import annotations

import os
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import AgentGymError, DatasetError, StreamError
from agentgym.events import Record
from agentgym.sinks.base import SinkWarning
from agentgym.sinks.redisplace import StreamPlace, connect, is_passing, place_of
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.records import read_record
from agentgym.trajectory.values import ValueReader

__all__ = ["GROUP", "FollowedLine", "follow", "follow_lines", "read_line"]

GROUP = "agentgym"

_AT_ONCE = 200
_MOST_HELD = 10_000
_BLOCK_S = 0.5
_ANSWER_S = 5.0
_PAUSE_S = 0.5
_TELL_S = 0.05

# The server lost the stream, or its readers; who sends the stream sends it again.
_FORGOTTEN = ("NOGROUP", "UNBLOCKED")

# What is done is so for every reader of the group, whatever happens to this one between the two.
_DONE = """
if tonumber(ARGV[3]) > tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '-1') then
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
end
return redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 4))
"""


@dataclass(frozen=True)
class FollowedLine:
    """A record as the stream has it: one line of JSON."""

    run_id: str
    idx: int
    content: bytes


def follow(
    url: str,
    *,
    group: str = GROUP,
    consumer: str | None = None,
    claim_after_s: float = 10.0,
    idle_s: float | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Record]:
    """The records that workers send to a stream, from its beginning, as they come; ``idx`` by ``idx`` within each run.

    A record is done when the next one is asked for, and acknowledged soon after: what a reader that died had not told
    is read again, by another of its group. Readers of one group share the records; each group gets all. A server that
    is away is waited for.

    Pictures are where they were recorded: an observation has their shape, dtype and SHA-256.

    Args:
        url: as the sink has it, ``"redis://host:6379/0?stream=NAME"``.
        group: whose progress the server remembers.
        consumer: this reader's name in the group; drawn if not given.
        claim_after_s: what another reader has had for so long without an acknowledgement is taken over.
        idle_s: ends when nothing came for so long; None to go on for ever.
        stop: ends when it is set.

    Raises:
        UsageError: if the url names no stream.
        StreamError: if the server refuses.
        DatasetError: if an entry is no record.
    """
    lines = follow_lines(url, group=group, consumer=consumer, claim_after_s=claim_after_s, idle_s=idle_s, stop=stop)
    return map(read_line, lines)


def follow_lines(
    url: str,
    *,
    group: str = GROUP,
    consumer: str | None = None,
    claim_after_s: float = 10.0,
    idle_s: float | None = None,
    stop: threading.Event | None = None,
    on_wait: Callable[[str], object] | None = None,
    on_resume: Callable[[int], object] | None = None,
) -> Iterator[FollowedLine]:
    """As `follow`, the lines as they are in the stream.

    Args:
        on_wait: is told, once each time, why the server is waited for.
        on_resume: is told of how many runs the group has had records before this reader joined, if of any.
    """
    reader = _Reader(place_of(url), group, consumer or _own_name(), claim_after_s, on_resume)
    return _until(reader, idle_s, stop or threading.Event(), on_wait)


def read_line(line: FollowedLine) -> Record:
    """The record that a line holds.

    Raises:
        DatasetError: if it holds none.
    """
    try:
        form = msgspec.json.decode(line.content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise DatasetError(f"record {line.idx} of run {line.run_id} in the stream is not JSON: {error}") from error
    return read_record(form, _values)


# Refers to no frames.
_values = ValueReader(FrameReader(Path("nowhere"), FrameCache()))


def _until(
    reader: _Reader, idle_s: float | None, stop: threading.Event, on_wait: Callable[[str], object] | None
) -> Iterator[FollowedLine]:
    with closing(reader):
        yield from _lines(reader, idle_s, stop, on_wait)


def _lines(
    reader: _Reader, idle_s: float | None, stop: threading.Event, on_wait: Callable[[str], object] | None
) -> Iterator[FollowedLine]:
    came = time.monotonic()
    waits = False
    while not stop.is_set() and (idle_s is None or time.monotonic() - came < idle_s):
        try:
            reader.join()
            for entry in reader.ready():
                yield entry.line
                reader.done(entry)
                came = time.monotonic()
                if stop.is_set():
                    return
            if reader.fetch():
                came = time.monotonic()
            waits = False
        except AgentGymError:
            raise
        except Exception as error:
            if not (is_passing(error) or str(error).startswith(_FORGOTTEN)):
                raise StreamError(f"{reader.shown}: {error}") from error
            reader.lost()
            if on_wait is not None and not waits:
                on_wait(str(error))
            waits = True
            stop.wait(_PAUSE_S)


@dataclass(frozen=True)
class _Entry:
    """What the server gave to this reader, and when."""

    id: bytes
    line: FollowedLine
    at: float


class _Reader:
    """One reader of a group: what it was given and has not been done with, by run and ``idx``."""

    def __init__(
        self,
        place: StreamPlace,
        group: str,
        consumer: str,
        claim_after_s: float,
        on_resume: Callable[[int], object] | None,
    ) -> None:
        self.shown = place.shown
        self._place = place
        self._group = group
        self._consumer = consumer
        self._claim_after_s = claim_after_s
        self._on_resume = on_resume
        self._client: Any = connect(place, answer_s=_ANSWER_S)
        self._acknowledge = self._client.register_script(_DONE)
        self._held: dict[str, dict[int, _Entry]] = {}
        self._done: dict[str, int] = {}
        self._claimed_at = float("-inf")
        self._is_joined = False
        # What is done and not yet acknowledged.
        self._untold: list[_Entry] = []
        self._told_at = float("-inf")

    def ready(self) -> Iterator[_Entry]:
        """What is next of its run and still this reader's."""
        self._tell()
        for run_id in list(self._held):
            held = self._held[run_id]
            if self._done_of(run_id) + 1 not in held:
                self._done[run_id] = max(self._done_of(run_id), self._told_done(run_id))
            if over := sorted(idx for idx in held if idx <= self._done_of(run_id)):
                self._acknowledge_all([held.pop(idx) for idx in over])
            if held and min(held) > self._done_of(run_id) + 1 and self._is_gap(held[min(held)]):
                self._pass_over(run_id, min(held))
            while (entry := held.get(self._done_of(run_id) + 1)) is not None:
                del held[entry.line.idx]
                if self._is_ours(entry):
                    yield entry
                else:
                    break
            if not held:
                del self._held[run_id]

    def done(self, entry: _Entry) -> None:
        """Acknowledges what the caller is done with, soon; a server that is away is told when it is back."""
        self._done[entry.line.run_id] = entry.line.idx
        self._untold.append(entry)
        if len(self._untold) >= _AT_ONCE or time.monotonic() - self._told_at > _TELL_S:
            self._tell()

    def fetch(self) -> bool:
        """Takes what is there, or waits a little for something. Whether something came."""
        before = self._count_held()
        if time.monotonic() - self._claimed_at > self._claim_after_s / 2:
            self._claim()
        held = self._count_held()
        if held < _MOST_HELD:
            # Whoever holds what another reader must be done with first looks again soon.
            block_s = min(_BLOCK_S / 10 if held else _BLOCK_S, self._claim_after_s / 2)
            self._take(self._read(b">", block_ms=max(1, int(block_s * 1000))))
        else:
            time.sleep(_BLOCK_S / 10)
        return self._count_held() > before

    def _count_held(self) -> int:
        return sum(map(len, self._held.values()))

    def lost(self) -> None:
        """The connection broke."""
        self._is_joined = False

    def close(self) -> None:
        """Leaves the group, unless something is still this reader's: that is for the next one."""
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError):
            self._tell()
            if not self._client.xpending_range(self._place.stream, self._group, "-", "+", 1, self._consumer):
                self._client.xgroup_delconsumer(self._place.stream, self._group, self._consumer)
        self._client.close()

    def join(self) -> None:
        """Is of the group from here on; what was on its way when the connection broke is given again."""
        if self._is_joined:
            return
        self._make_group()
        if self._on_resume is not None and (runs := self._client.hlen(self._place.done_key(self._group))):
            self._on_resume(runs)
        self._on_resume = None
        start = b"0"
        while entries := self._read(start):
            self._take(entries)
            start = entries[-1][0]
        self._is_joined = True

    def _make_group(self) -> None:
        from redis.exceptions import ResponseError

        try:
            self._client.xgroup_create(self._place.stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def _read(self, start: bytes, *, block_ms: int | None = None) -> list[tuple[bytes, Any]]:
        found = self._client.xreadgroup(
            self._group, self._consumer, {self._place.stream: start}, count=_AT_ONCE, block=block_ms
        )
        return found[0][1] if found else []

    def _claim(self) -> None:
        start: Any = b"0-0"
        while True:
            start, entries, *_ = self._client.xautoclaim(
                self._place.stream,
                self._group,
                self._consumer,
                min_idle_time=int(self._claim_after_s * 1000),
                start_id=start,
                count=_AT_ONCE,
            )
            self._take(entries)
            if start == b"0-0":
                break
        self._claimed_at = time.monotonic()

    def _take(self, entries: list[tuple[bytes, Any]]) -> None:
        now = time.monotonic()
        for identity, fields in entries:
            if fields is None:
                # Trimmed while it was pending.
                self._client.xack(self._place.stream, self._group, identity)
                continue
            line = self._line(identity, fields)
            self._held.setdefault(line.run_id, {})[line.idx] = _Entry(identity, line, now)

    def _line(self, identity: bytes, fields: dict[bytes, bytes]) -> FollowedLine:
        try:
            return FollowedLine(fields[b"run"].decode(), int(fields[b"idx"]), fields[b"data"])
        except (KeyError, ValueError) as error:
            where = f"{self._place.shown}: entry {identity.decode()}"
            raise DatasetError(f"{where} is no record of agentgym: {error!r}") from error

    def _done_of(self, run_id: str) -> int:
        if run_id not in self._done:
            self._done[run_id] = self._told_done(run_id)
        return self._done[run_id]

    def _told_done(self, run_id: str) -> int:
        told = self._client.hget(self._place.done_key(self._group), run_id)
        return -1 if told is None else int(told)

    def _is_ours(self, entry: _Entry) -> bool:
        """Whether no other reader has taken it over, as it may have what was held for long."""
        if time.monotonic() - entry.at < self._claim_after_s / 2:
            return True
        found = self._client.xpending_range(
            self._place.stream, self._group, min=entry.id, max=entry.id, count=1, consumername=self._consumer
        )
        return bool(found)

    def _is_gap(self, entry: _Entry) -> bool:
        """Whether what should come before it never will: it was trimmed from the stream before the group read it."""
        oldest = self._client.xpending(self._place.stream, self._group)["min"]
        told = self._told_done(entry.line.run_id)
        return bool(oldest == entry.id) and told < entry.line.idx - 1

    def _pass_over(self, run_id: str, idx: int) -> None:
        first = self._done_of(run_id) + 1
        warnings.warn(
            f"records {first} to {idx - 1} of run {run_id} are gone from {self._place.shown}: it keeps no more",
            SinkWarning,
            stacklevel=2,
        )
        self._done[run_id] = idx - 1

    def _tell(self) -> None:
        """Tells what is done, of each run in one go."""
        while self._untold:
            run_id = self._untold[0].line.run_id
            self._acknowledge_all([entry for entry in self._untold if entry.line.run_id == run_id])
            self._untold = [entry for entry in self._untold if entry.line.run_id != run_id]
        self._told_at = time.monotonic()

    def _acknowledge_all(self, entries: list[_Entry]) -> None:
        last = entries[-1].line
        self._acknowledge(
            keys=[self._place.stream, self._place.done_key(self._group)],
            args=[self._group, last.run_id, last.idx, *(entry.id for entry in entries)],
        )


def _own_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(3).hex()}"
