"""The current run: whatever is called deep inside a step logs into it without being handed the recorder.

`agentgym.wrappers.TrajectoryRecorder` makes its run the current one while it resets and steps the environment::

    def search(query: str) -> str:          # a tool; knows nothing of environments
        with traced_tool("search", {"query": query}) as call:
            call.result = look_up(query)
        trace(Note(kind="cache", value={"hit": True}))
        return call.result

Outside of any run `trace` does nothing, so that the function works on its own.

The current run is a context variable: each thread and each asyncio task has its own. A task inherits it; a thread does
not, unless it is started in a copy of the context: ``Thread(target=contextvars.copy_context().run, args=(fn,))``. What
runs in another process hands its events back to be published.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, Protocol

from agentgym.events.bus import Bus
from agentgym.events.record import Record
from agentgym.events.types import Event, ToolCalled, ToolReturned

__all__ = ["ToolCall", "current_run", "trace", "traced_tool", "tracing"]

_current: ContextVar[Bus | None] = ContextVar("agentgym_run", default=None)


class Recorder(Protocol):
    """What has a bus: a recorder."""

    @property
    def bus(self) -> Bus: ...


class tracing:  # noqa: N801 - used as a function is, `with tracing(run):`; a generator would cost three times as much
    """Makes a run the current one for the block; the one that was current before is so again afterwards.

    Args:
        run: a bus, or a recorder: that is, its run at the time.
    """

    __slots__ = ("_bus", "_token")

    def __init__(self, run: Bus | Recorder) -> None:
        self._bus = run if isinstance(run, Bus) else run.bus
        self._token: Token[Bus | None] | None = None

    def __enter__(self) -> Bus:
        self._token = _current.set(self._bus)
        return self._bus

    def __exit__(self, *_error: object) -> None:
        assert self._token is not None
        _current.reset(self._token)


def current_run() -> Bus | None:
    """The run that is current here; None outside of any."""
    return _current.get()


def trace(event: Event) -> Record | None:
    """Publishes an event into the current run; does nothing, and returns None, outside of any.

    Raises:
        DatasetError: if the run is recorded and the disk refuses.
    """
    bus = _current.get()
    return None if bus is None else bus.publish(event)


@dataclass
class ToolCall:
    """A call that is going on; whoever answers it sets ``result``."""

    call_id: str
    result: Any = None


@contextmanager
def traced_tool(
    name: str, arguments: Mapping[str, Any] | None = None, *, call_id: str | None = None
) -> Iterator[ToolCall]:
    """Publishes a call of a tool and, when the block ends, what came of it and how long it took.

    An error in the block is what came of it; it is raised again.

    Args:
        name: of the tool.
        arguments: that it is called with.
        call_id: what the model named the call; drawn if not given.
    """
    call = ToolCall(call_id or uuid.uuid4().hex)
    trace(ToolCalled(call_id=call.call_id, name=name, arguments=dict(arguments or {})))
    started = time.perf_counter()
    try:
        yield call
    except BaseException as error:
        what = f"{type(error).__name__}: {error}"
        trace(ToolReturned(call_id=call.call_id, ok=False, name=name, error=what, latency_ms=_since(started)))
        raise
    latency = _since(started)
    trace(ToolReturned(call_id=call.call_id, ok=True, name=name, result=call.result, latency_ms=latency))


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
