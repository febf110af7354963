"""What every sink promises, as a check for sinks of one's own."""

from __future__ import annotations

import enum
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from agentgym.events import (
    Bus,
    Event,
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Record,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.events.plain import plain_text
from agentgym.sinks import Sink
from agentgym.tasks import Task
from agentgym.trajectory import TrajectoryWriter

__all__ = ["check_sink"]

Make: TypeAlias = Callable[[Path], Sink]

_MOST_S = 3.0


def check_sink(make: Make) -> None:
    """Gives a sink records of every type, with all that programs put into them.

    Args:
        make: makes the sink; is given the folder that the runs are recorded into.

    Raises:
        AssertionError: says which promise is broken.
    """
    _attempt(make, lambda _sink, _folder: None, "be closed before it got anything")
    _attempt(make, _whole_runs, "take two runs at a time, of every type of event")
    _attempt(make, _in_the_middle, "take a run that it did not see begin, and be closed before it ends")
    _attempt(make, _again, "take a record that it had already, as a bus does after an interrupt")


def _attempt(make: Make, use: Callable[[Sink, Path], None], what: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sink = make(Path(folder))
        try:
            use(sink, Path(folder))
            sink.close()
        except AssertionError:
            raise
        except Exception as error:
            raise AssertionError(f"a sink must {what}; it raised {type(error).__name__}: {error}") from error


def _whole_runs(sink: Sink, folder: Path) -> None:
    buses = [_bus(folder) for _ in range(2)]
    for bus in buses:
        bus.subscribe(lambda record: _give(sink, record))
    for event in _events():
        for bus in buses:
            bus.publish(event)


def _in_the_middle(sink: Sink, folder: Path) -> None:
    bus = _bus(folder)
    events = list(_events())
    for number, event in enumerate(events[:-1]):
        if number == 3:
            bus.subscribe(lambda record: _give(sink, record))
        bus.publish(event)


def _again(sink: Sink, folder: Path) -> None:
    bus = _bus(folder)
    for event in _events():
        record = bus.publish(event)
        _give(sink, record)
        _give(sink, record)


def _give(sink: Sink, record: Record) -> None:
    before = plain_text(record.payload)
    began = time.monotonic()
    sink(record)
    took = time.monotonic() - began
    assert took < _MOST_S, f"a sink must not hold an episode up; {record.event_type} took it {took:.1f} s"
    assert plain_text(record.payload) == before, (
        f"a sink must leave a record as it is; it changed a {record.event_type}"
    )


def _bus(folder: Path) -> Bus:
    """A bus whose records are in the folder before anybody else has them."""
    bus = Bus()
    bus.subscribe(TrajectoryWriter(folder, bus.run_id).append)
    return bus


class _Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class _Point:
    x: int


class _Unshowable:
    def __repr__(self) -> str:
        raise ValueError("has no repr")


_ANYTHING: dict[Any, Any] = {
    "nan": float("nan"),
    "surrogates": "\ud800",
    "bytes": b"\xff",
    "tuple": (1, 2),
    "set": {1},
    "large": 2**70,
    "path": Path("somewhere"),
    "enumeration": _Colour.RED,
    "dataclass": _Point(1),
    "class": _Point,
    "object": object(),
    "unshowable": _Unshowable(),
    "scalar": np.float32(0.5),
    "moment": np.datetime64("2026-01-01T00:00:00.000000001"),
    3: "a key that is no text",
}


def _events() -> Iterator[Event]:
    """A run of two episodes, of which the second breaks."""
    yield RunStarted(
        env={"id": "some/Env-v0"}, agent="someone", model="some-1", session_id="session", metadata=_ANYTHING
    )
    yield from _episode(0)
    yield Reward(step=1, value=0.5, name="late")
    yield from _episode(1, broken=True)
    yield RunCompleted(status="error", error="BackendError: it broke", episodes=2, steps=1)


def _episode(seed: int, *, broken: bool = False) -> Iterator[Event]:
    picture = np.full((120, 160, 3), seed, np.uint8)
    messages = [
        {"role": "system", "content": "Do it."},
        {"role": "user", "content": ["words", {"type": "text", "text": "x"}]},
    ]
    task = Task(id="some/task", instruction="Do it.")
    yield Reset(observation={"screenshot": picture}, info=dict(_ANYTHING), seed=seed, task=task)
    yield Phase(name="setup", status="ended")
    yield ModelRequest(call_id="1", messages=messages, model="some-1", parameters={"temperature": 0.5})
    yield ModelResponse(
        call_id="1", model="some-1", content="I do.", usage={"prompt_tokens": 9, "completion_tokens": 1}
    )
    yield ModelRequest(call_id="2", messages=messages)
    yield ModelResponse(call_id="2", error="429")
    yield ToolCalled(call_id="3", name="bash", arguments={"command": "ls", "more": _ANYTHING})
    yield ToolReturned(call_id="3", ok=True, name="bash", result={"anything": _ANYTHING})
    yield ToolReturned(call_id="unheard of", ok=False, error="no such call")
    yield MessageSnapshot(purpose="why not", messages=messages)
    yield Note(kind="tag", value=_ANYTHING)
    if broken:
        yield Failed(during="step", type="BackendError", message="it broke", infrastructure=True)
        return
    yield Step(
        step=1,
        observation={"screenshot": picture},
        action={"name": "bash", "arguments": _ANYTHING},
        reward=1.0,
        terminated=True,
        truncated=False,
        info=dict(_ANYTHING),
        reward_terms={"score": 1.0, "odd": None},
    )
    yield Scored(value=1.0, terms={"score": 1.0})
    yield FinalReport(text="Done.")
