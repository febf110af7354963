"""The records of an episode as they come."""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Iterator
from queue import SimpleQueue

from agentgym.errors import UsageError
from agentgym.events import Record
from agentgym.runner.episode import Episode

__all__ = ["stream"]


class _End:
    """Comes after the last record."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def stream(episode: Episode, *, thread: bool | None = None) -> Iterator[Record]:
    """Runs the episode and yields its records as they come; when it is over, so is the loop.

    A loop that is left (``break``) ends the episode at its next step, before it returns: the agent is told, the run is
    ended in the record. What the episode raises is raised in the loop, after the records that came before.

    In a thread the episode does not wait for the loop: records wait in memory for one that is slower, and an
    observation that the environment writes over, as AgentGym's own do not, is by then what it became; ``thread=False``
    is for those.

    Args:
        episode: it may have made steps already; it is over afterwards.
        thread: True to run it in a thread of its own, so that a record is here as soon as it is published; False to
            make each step in the caller's, when the loop asks for more, and to yield the step's records after it. None
            for a thread, except where the environment belongs to the thread that made it, as widgets in process do.

    Raises:
        UsageError: if such an environment is to run in another thread.
    """
    bound = _bound_to_a_thread(episode)
    if bound and thread:
        raise UsageError("widgets in this process belong to the thread that made them: leave thread=True out")
    return _stepwise(episode) if bound or thread is False else _threaded(episode)


def _threaded(episode: Episode) -> Iterator[Record]:
    queue: SimpleQueue[Record | _End] = SimpleQueue()
    left = threading.Event()
    unsubscribe = episode.bus.subscribe(lambda record: _hand_over(record, queue))
    context = contextvars.copy_context()
    worker = threading.Thread(target=context.run, args=(_play, episode, left, queue), name="agentgym-stream")
    worker.start()
    try:
        while not isinstance(record := queue.get(), _End):
            yield record
    finally:
        left.set()
        worker.join()
        unsubscribe()
    if record.error is not None:
        raise record.error


def _hand_over(record: Record, queue: SimpleQueue[Record | _End]) -> None:
    queue.put(record)
    # Lets the interpreter go: a reader that waits would have it only after `sys.getswitchinterval()`, 5 ms, where the
    # agent or the environment goes on computing in Python.
    time.sleep(0)


def _play(episode: Episode, left: threading.Event, queue: SimpleQueue[Record | _End]) -> None:
    error: BaseException | None = None
    try:
        with episode:
            for _ in episode:
                if left.is_set():
                    break
    except BaseException as raised:  # noqa: BLE001 - raised again in the consumer's thread
        error = raised
    queue.put(_End(error))


def _stepwise(episode: Episode) -> Iterator[Record]:
    records: deque[Record] = deque()
    unsubscribe = episode.bus.subscribe(records.append)
    error: Exception | None = None
    try:
        with episode:
            for _ in episode:
                yield from _taken(records)
    except Exception as raised:  # noqa: BLE001 - raised again below
        error = raised
    finally:
        unsubscribe()
    yield from _taken(records)
    if error is not None:
        raise error


def _taken(records: deque[Record]) -> Iterator[Record]:
    while records:
        yield records.popleft()


def _bound_to_a_thread(episode: Episode) -> bool:
    backend = getattr(episode.env.unwrapped, "backend", None)
    return bool(getattr(backend, "bound_to_thread", False))
