"""Sinks on a bus, such that one that fails costs itself alone."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from agentgym.display import Picture
from agentgym.events import Bus, Note, Record
from agentgym.sinks.base import LooksAtScreen, Sink, SinkWarning, make_sink
from agentgym.trajectory.redaction import Redact, make_redact

__all__ = ["Guarded", "attached"]


@contextmanager
def attached(
    bus: Bus,
    texts: Iterable[str],
    *,
    recording: str | os.PathLike[str] | None = None,
    secrets: Redact | None = None,
    look: Callable[[], Picture | None] | None = None,
) -> Iterator[tuple[Sink, ...]]:
    """Hands a bus's records to the sinks that are named, for the block, and closes them after it.

    One that fails gets no more: it is warned of once and noted in the stream; the episode goes on, and the recording
    is whole.

    Args:
        bus: of the run; a recorder's keeps what it subscribed itself, so that a record is in the file before a sink
            has it.
        texts: as `make_sink` takes them. None is attached if one of them is mistaken.
        recording: the folder that the run is recorded into.
        secrets: takes out of texts what only the caller knows to be secret.
        look: what the run's screen shows, for sinks that keep pictures of it.

    Raises:
        UsageError: as `make_sink`.
    """
    with ExitStack() as stack:
        guarded = []
        for text in texts:
            sink = make_sink(text, recording=recording, secrets=secrets)
            if look is not None and isinstance(sink, LooksAtScreen):
                sink.look_through(look)
            one = Guarded(sink, bus, make_redact(os.environ)(text))
            stack.callback(one.close)
            guarded.append(one)
        for one in guarded:
            stack.callback(bus.subscribe(one))
        yield tuple(guarded)


class Guarded:
    """A sink whose failure is noted, once, and nobody else's.

    Args:
        sink: gets no record after it raised.
        bus: the note goes there; None where there is none.
        name: of the sink, in the note.
    """

    def __init__(self, sink: Sink, bus: Bus | None, name: str) -> None:
        self._sink = sink
        self._bus = bus
        self._name = name
        self._has_failed = False

    def __call__(self, record: Record) -> None:
        if self._has_failed:
            return
        try:
            self._sink(record)
        except Exception as error:  # noqa: BLE001 - whatever a sink raises is its own affair, and told
            self._has_failed = True
            told = self._told(error, f"got no more after record {record.idx} of run {record.run_id}")
            if self._bus is not None:
                about = {"sink": self._name, "error": type(error).__name__}
                self._bus.publish(Note(kind="sink", text=told, value=about))
            warnings.warn(told, SinkWarning, stacklevel=2)

    def close(self) -> None:
        try:
            self._sink.close()
        except Exception as error:  # noqa: BLE001 - as above; the run is over, so that it cannot be noted there
            if not self._has_failed:
                warnings.warn(self._told(error, "could not be closed"), SinkWarning, stacklevel=2)

    def _told(self, error: Exception, what: str) -> str:
        return make_redact(os.environ)(f"the sink {self._name!r} {what}: {type(error).__name__}: {error}")
