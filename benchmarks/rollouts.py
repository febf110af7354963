"""What the loop costs above agent and environment, and how late a streamed record comes.

    python benchmarks/rollouts.py [--quick]

Agent and environment do nothing, so that what is left is ours: the episode, the bus, the state, the recorder's file, a
sink. Ways to run are taken in turns and compared with the bare loop in the same turn; a figure is the median of the
turns, beside the fastest and the slowest. A late record is one whose reader had to be woken.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from rich.table import Table

from agentgym.agents import Emit
from agentgym.events import Bus, ModelRequest, ModelResponse, Note, Reset, RunCompleted, Step, ToolCalled, ToolReturned
from agentgym.runner import Episode, stream
from agentgym.sinks import attached
from agentgym.state import RunState
from agentgym.tasks import Task
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

_ROUNDS = 9
_STEPS = 2000
_RECORDS = 2000
_LOOP_US = 100.0
_LATE_MS = 1.0
_STATE_US = 10.0


class Nothing(gym.Env[Any, Any]):
    """Shows nothing, and ends after so many steps."""

    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, length: int) -> None:
        self._length = length

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self._steps = 0
        return 0, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        return 0, 0.0, self._steps >= self._length, False, {}


class Idle:
    """Always does the same."""

    def reset(self, task: Task, emit: Emit) -> None:
        self.emit = emit

    def act(self, observation: Any) -> int:
        return 1


class Talking(Idle):
    """Asks a model and calls a tool before each action, or says that it did."""

    def act(self, observation: Any) -> int:
        self.emit(ModelRequest(call_id="m", model="none", messages=[{"role": "user", "content": "what now?"}]))
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        self.emit(ModelResponse(call_id="m", model="none", content="I look.", usage=usage))
        self.emit(ToolCalled(call_id="t", name="look", arguments={"at": "all"}, model_call_id="m"))
        self.emit(ToolReturned(call_id="t", name="look", ok=True, result="nothing", latency_ms=0.1))
        return 1


class Dating(Idle):
    """Says what time it is, once its reader has surely gone to sleep."""

    def act(self, observation: Any) -> int:
        time.sleep(0.001)
        self.emit(Note(kind="now", value=time.perf_counter_ns()))
        return 1


class Computing(Idle):
    """Says what time it is, and goes on to compute in Python."""

    def act(self, observation: Any) -> int:
        time.sleep(0.001)
        self.emit(Note(kind="now", value=time.perf_counter_ns()))
        until = time.perf_counter() + 0.01
        while time.perf_counter() < until:
            pass
        return 1


@dataclass(frozen=True)
class Line:
    """Of the table; ``figure`` must be at most ``target``."""

    what: str
    said: str
    figure: float
    target: float | None = None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "holds" if self.figure <= self.target else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer turns: for trying, not for quoting")
    rounds = 3 if parser.parse_args().quick else _ROUNDS
    table = Table("", "median", "fastest to slowest", "at most", "", title="Rollouts", title_justify="left")
    lines = [*_loop(rounds), *_late(rounds), *_state(rounds)]
    for line in lines:
        median, _, spread = line.said.partition("|")
        target = "" if line.target is None else f"{line.target:g}"
        table.add_row(line.what, median, spread, target, line.verdict)
    Console(width=130).print(table)


def _loop(rounds: int) -> list[Line]:
    ways: Mapping[str, tuple[Callable[[Path], float], float | None]] = {
        "episode": (_alone, None),
        "episode, state": (partial(_alone, state=True), None),
        "episode, recording": (_recorded, None),
        "episode, state, recording": (partial(_recorded, state=True), _LOOP_US),
        "episode, state, recording, sink jsonl": (partial(_recorded, state=True, sink=True), _LOOP_US),
        "the same with a model call and a tool call a step": (
            partial(_recorded, state=True, sink=True, agent=Talking),
            None,
        ),
    }
    above: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as root:
            bare = _bare()
            for place, (name, (run, _target)) in enumerate(ways.items()):
                above[name].append((run(Path(root) / str(place)) - bare) / _STEPS * 1e6)
    return [_line(f"us a step: {name}", above[name], target) for name, (_, target) in ways.items()]


def _bare() -> float:
    env, agent = Nothing(_STEPS), Idle()
    started = time.perf_counter()
    observation, _ = env.reset()
    over = False
    while not over:
        observation, _, over, _, _ = env.step(agent.act(observation))
    return time.perf_counter() - started


def _alone(_folder: Path, *, state: bool = False) -> float:
    bus = Bus()
    if state:
        bus.subscribe(RunState().apply)
    return _run(Episode(Nothing(_STEPS), Idle(), bus=bus))


def _recorded(folder: Path, *, state: bool = False, sink: bool = False, agent: type[Idle] = Idle) -> float:
    env = TrajectoryRecorder(Nothing(_STEPS), folder)
    with ExitStack() as stack:
        stack.callback(env.close)
        if state:
            env.bus.subscribe(RunState().apply)
        if sink:
            stack.enter_context(attached(env.bus, [f"jsonl:{folder}-sink.jsonl"]))
        return _run(Episode(env, agent()))


def _run(episode: Episode) -> float:
    started = time.perf_counter()
    episode.run()
    return time.perf_counter() - started


def _late(rounds: int) -> list[Line]:
    """In milliseconds: from publishing a record to having it."""
    waits = {"that waits": Dating, "that computes": Computing}
    late: dict[str, list[list[float]]] = {name: [] for name in waits}
    for _ in range(rounds):
        for name, agent in waits.items():
            late[name].append(
                [
                    (time.perf_counter_ns() - record.payload.value) / 1e6
                    for record in stream(Episode(Nothing(100), agent()))
                    if isinstance(record.payload, Note)
                ]
            )
    return [
        line
        for name, turns in late.items()
        for line in (
            _line(f"ms until stream() has a record of an agent {name}", [*map(statistics.median, turns)], _LATE_MS),
            _line("the same, 95 of 100", [statistics.quantiles(one, n=20)[18] for one in turns], None),
        )
    ]


def _state(rounds: int) -> list[Line]:
    live, read, looks = [], [], []
    with tempfile.TemporaryDirectory() as root:
        env = TrajectoryRecorder(Nothing(_RECORDS // 5), root)
        Episode(env, Talking()).run()
        env.close()
        (run_id,) = Dataset(root).runs
        records = list(Dataset(root).records(run_id))
        for _ in range(rounds):
            state = RunState()
            started = time.perf_counter()
            for record in records:
                state.apply(record)
            live.append((time.perf_counter() - started) / len(records) * 1e6)
            started = time.perf_counter()
            again = RunState.read(root)
            read.append((time.perf_counter() - started) / len(records) * 1e6)
            started = time.perf_counter()
            again.refresh()
            looks.append((time.perf_counter() - started) * 1e3)
    kept = [_kept_bytes() / 1e6 for _ in range(3)]
    return [
        _line("us a record: state, live", live, _STATE_US),
        _line("us a record: state, read from a dataset", read, _STATE_US),
        _line("ms to look whether there is more", looks, None),
        _line("MB: state of 10,000 ended episodes, a run each", kept, None),
    ]


def _kept_bytes() -> int:
    names = [f"20260101T000000{number:06d}-0123456789" for number in range(10_000)]
    tracemalloc.start()
    state = RunState()
    for name in names:
        bus = Bus(name)
        bus.subscribe(state.apply)
        bus.publish(Reset(observation=0, task_id="task"))
        bus.publish(Step(step=1, observation=0, action=1, reward=1.0, terminated=True, truncated=False))
        bus.publish(RunCompleted(status="completed"))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept


def _line(what: str, figures: Sequence[float], target: float | None) -> Line:
    median = statistics.median(figures)
    return Line(what, f"{median:.3g}|{min(figures):.3g} to {max(figures):.3g}", median, target)


if __name__ == "__main__":
    main()
