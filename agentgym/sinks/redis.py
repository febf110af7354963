"""Records into a Redis stream, from the recording: the server may be away, and gets the rest when it is back."""

from __future__ import annotations

import os
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from agentgym.errors import AgentGymError, StreamError, UsageError
from agentgym.events import Record, RunCompleted
from agentgym.sinks.base import SinkOrder, SinkWarning
from agentgym.sinks.redisplace import StreamPlace, connect, is_passing, place_of
from agentgym.sinks.redissending import RunSender
from agentgym.sinks.tail import Tail

__all__ = ["RedisStream", "redis_sink"]

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0
_LOOK_AGAIN_S = 0.01


class RedisStream:
    """Makes a thread send what the recording has and the stream lacks.

    A record that it is handed only wakes that thread: nothing is kept in memory, nothing is waited for. The thread
    reads the run's file, asks the server what it has of the run, and sends the rest, as often as the connection is
    lost.

    Args:
        place: of the stream.
        recording: the folder of the dataset that the same run is recorded into.
    """

    def __init__(self, place: StreamPlace, recording: Path) -> None:
        self._place = place
        self._recording = recording
        self._thread: threading.Thread | None = None
        self._fault: Exception | None = None
        self._trouble: Exception | None = None
        self._prepare()

    def __call__(self, record: Record) -> None:
        if self._process != os.getpid():
            # The thread and the connection stayed with the parent; a recorder goes on in a run of its own.
            self._prepare()
        if self._fault is not None:
            self._is_told = True
            raise self._fault
        with self._lock:
            self._wanted[record.run_id] = (record.idx + 1, isinstance(record.payload, RunCompleted))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="agentgym-redis", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """Sends the rest, for as long as the place has patience; less if the server does not answer.

        What is not sent by then is told, with the command that sends it.
        """
        if self._thread is None or self._process != os.getpid() or self._is_told:
            return
        self._deadline = time.monotonic() + self._place.patience_s
        self._closing.set()
        self._wake.set()
        self._thread.join(self._place.patience_s)
        if self._fault is not None:
            raise self._fault
        lacking = {run_id: wanted for run_id, (wanted, _) in self._wanted.items()}
        if lacking:
            self._tell(lacking)

    def catch_up(self, run_id: str) -> int:
        """Sends what the stream lacks of a run, in the caller's thread; returns how many records that were.

        Raises:
            StreamError: if the server is away or refuses.
            DatasetError: if the run cannot be read.
        """
        from redis.exceptions import RedisError

        sender = RunSender(self._client, self._place, Tail(self._recording, run_id))
        try:
            start = sender.ask()
            while sender.push():
                pass
        except RedisError as error:
            raise StreamError(f"{self._place.shown}: {error}") from error
        return sender.next_idx - start

    def _tell(self, lacking: dict[str, int]) -> None:
        run_id, wanted = next(iter(lacking.items()))
        sender = self._senders.get(run_id)
        count = wanted - (0 if sender is None else sender.next_idx)
        why = "there was no time" if self._trouble is None else f"{type(self._trouble).__name__}: {self._trouble}"
        warnings.warn(
            f"{count} of {wanted} records of run {run_id} are not in {self._place.shown} yet ({why}); the recording "
            f"has them: agentgym sync {self._recording} --sink {self._place.shown!r}",
            SinkWarning,
            stacklevel=3,
        )

    def _prepare(self) -> None:
        self._process = os.getpid()
        self._client: Any = connect(self._place)
        self._senders: dict[str, RunSender] = {}
        # By run: how many records there are, and whether it has ended.
        self._wanted: dict[str, tuple[int, bool]] = {}
        self._lock = threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._deadline = float("inf")
        self._thread = self._fault = self._trouble = None
        # Of what the server will refuse again.
        self._is_told = False

    def _work(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not (self._closing.is_set() and (not self._wanted or time.monotonic() > self._deadline)):
            self._wake.wait()
            self._wake.clear()
            try:
                self._send_all()
                self._trouble, pause_s = None, _FIRST_PAUSE_S
            except AgentGymError as error:
                self._fault = error
                return
            except Exception as error:  # noqa: BLE001 - sorted here: what will not pass is raised by the next call
                if not is_passing(error):
                    self._fault = error
                    return
                self._trouble = error
                if self._closing.is_set():
                    return
                self._closing.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                self._wake.set()
        self._client.close()

    def _send_all(self) -> None:
        """Sends until the stream has all that was published, of every run."""
        while time.monotonic() < self._deadline:
            with self._lock:
                wanted = dict(self._wanted)
            moved = [self._send(run_id, *of) for run_id, of in wanted.items()]
            if not any(moved):
                return

    def _send(self, run_id: str, wanted: int, has_ended: bool) -> bool:
        """Sends some of a run; whether there is more."""
        sender = self._senders.get(run_id)
        if sender is None:
            sender = self._senders[run_id] = RunSender(self._client, self._place, Tail(self._recording, run_id))
        lacking = sender.push()
        if lacking or sender.next_idx < wanted:
            if not lacking:
                # Of a run that began after the sink was attached the writer has a record after us.
                time.sleep(_LOOK_AGAIN_S)
            return True
        # The last word is the server's: one that was restarted meanwhile may have lost what it had.
        if (self._closing.is_set() or has_ended) and sender.ask() < wanted:
            return True
        with self._lock:
            if (self._closing.is_set() or has_ended) and self._wanted[run_id][0] == wanted:
                del self._wanted[run_id]
            if has_ended:
                self._senders.pop(run_id, None)
        return False


def redis_sink(order: SinkOrder) -> RedisStream:
    place = place_of(order)
    if order.recording is None:
        raise UsageError(
            f"the sink {place.shown!r} sends what is recorded, and this run is not: record it (a TrajectoryRecorder, "
            "RolloutSpec(record=…), --out), and give its folder as recording="
        )
    return RedisStream(place, order.recording)
