"""A run's records into a Redis stream: each once, in order, whoever else sends the same run."""

from __future__ import annotations

from typing import Any

from agentgym.sinks.redisplace import StreamPlace
from agentgym.sinks.tail import Line, Tail

__all__ = ["RunSender"]

_MOST_LINES = 200
_MOST_BYTES = 1 << 20

# The stream and the hash change in one step, so that neither a lost answer nor a second sender makes a record twice.
# An entry is added only after the one before it: what a restarted server has forgotten is sent again.
_APPEND = """
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '-1')
local idx, maxlen, at = tonumber(ARGV[2]), ARGV[3], 4
while at <= #ARGV do
  if idx == last + 1 then
    local entry = {'session', ARGV[at], 'run', ARGV[1], 'task', ARGV[at + 1], 'episode', ARGV[at + 2],
                   'agent', ARGV[at + 3], 'idx', idx, 'type', ARGV[at + 4], 'data', ARGV[at + 5]}
    if maxlen == '' then
      redis.call('XADD', KEYS[1], '*', unpack(entry))
    else
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', maxlen, '*', unpack(entry))
    end
    redis.call('HSET', KEYS[2], ARGV[1], idx)
    last = idx
  end
  idx, at = idx + 1, at + 6
end
return last
"""


class RunSender:
    """Sends what the stream lacks of a run.

    Args:
        client: of redis.
        place: of the stream.
        tail: the run's file.
    """

    def __init__(self, client: Any, place: StreamPlace, tail: Tail) -> None:
        self.tail = tail
        self._place = place
        self._append = client.register_script(_APPEND)
        self._next: int | None = None

    @property
    def next_idx(self) -> int:
        """The first record that the stream was not seen to have."""
        return self._next or 0

    def ask(self) -> int:
        """Has the server say what it has of the run; returns the first that it lacks."""
        return self._send([])

    def push(self) -> int:
        """Sends some of what is lacking; returns how many records of the file are lacking still.

        Raises:
            redis.RedisError: if the server is away or refuses. What was sent then may have arrived.
            DatasetError: if the file cannot be read.
        """
        start = self.ask() if self._next is None else self._next
        if self.tail.refresh() > start:
            start = self._send(self._batch(start))
        return len(self.tail) - start

    def _batch(self, start: int) -> list[Line]:
        batch: list[Line] = []
        size = 0
        for line in self.tail.lines(start):
            batch.append(line)
            size += len(line.content)
            if len(batch) == _MOST_LINES or size >= _MOST_BYTES:
                break
        return batch

    def _send(self, batch: list[Line]) -> int:
        maxlen = "" if self._place.maxlen is None else self._place.maxlen
        arguments: list[Any] = [self.tail.run_id, batch[0].idx if batch else 0, maxlen]
        for line in batch:
            arguments += [line.session, line.task, line.episode, line.agent, line.event_type, line.content]
        last = self._append(keys=[self._place.stream, self._place.runs_key], args=arguments)
        self._next = int(last) + 1
        return self._next
