"""What engines gain: episodes that wait, episodes that compute, and ten thousand of which workers are killed.

    python benchmarks/engines.py [--quick] [--only waiting|computing|tiny]

Prints one table. Sides take turns and figures are medians, so that what else the machine does hits all of them. An
engine whose package is not installed has a line that says so.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import engine_episodes as episodes
from engine_memory import megabytes
from engine_model import served
from rich.console import Console
from tools_table import Line, duration, table_of, timed

import agentgym  # noqa: F401 - registers the environments
from agentgym.agents import agents
from agentgym.engines import Engine, engines, make_engine
from agentgym.errors import MissingDependencyError
from agentgym.runner import RolloutSpec, rollout

_AT_ONCE = 32
_CORES = 2
_WAITING_TIMES = 25.0
_COMPUTING_TIMES = 1.7
_KILLED_EVERY = 100
_MOST_GROWTH = 1.1
_LOOKS = 100
_MARKS = (10, 50, 100)
_TOGETHER = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer episodes and repetitions")
    parser.add_argument("--only", choices=["waiting", "computing", "tiny"], help="one part of the table")
    given = parser.parse_args()
    console = Console(width=150)
    rounds = 1 if given.quick else 3
    parts: Mapping[str, Callable[[], Sequence[Line]]] = {
        "waiting": lambda: _waiting(console, 64 if given.quick else 200, rounds),
        "computing": lambda: _computing(console, 40 if given.quick else 120, rounds),
        "tiny": lambda: _tiny(console, 1_000 if given.quick else 10_000),
    }
    wanted = [given.only] if given.only else list(parts)
    console.print(table_of([line for part in wanted for line in parts[part]()], title="Engines"))


def _waiting(console: Console, count: int, rounds: int) -> Sequence[Line]:
    """Threads against serial: an agent that sleeps, the agent `openai` and a server, a sandbox for each episode."""
    part = f"{count} episodes with tools, of five answers of a model that takes 50 ms; threads, {_AT_ONCE} at once"
    lines = [_threads_line(console, part, "an agent that waits", episodes.waiting(count), rounds)]
    if "openai" in agents:
        with served() as url:
            specs = episodes.modelled(count, url)
            lines.append(_threads_line(console, part, "the agent openai and a server", specs, rounds))
    some = episodes.waiting(count // 4, tool="bash")
    lines.append(_threads_line(console, part, f"{len(some)} that have a sandbox each", some, rounds, times=None))
    return lines


def _threads_line(
    console: Console,
    part: str,
    what: str,
    specs: Sequence[RolloutSpec],
    rounds: int,
    *,
    times: float | None = _WAITING_TIMES,
) -> Line:
    sides = {"serial": make_engine("serial"), "threads": make_engine("threads", workers=_AT_ONCE)}
    _played(sides["threads"], specs[:_AT_ONCE])
    seconds = _taken(console, what, sides, specs, rounds)
    if times is None:
        return _against_serial(part, what, "threads", seconds, "", None)
    # The last ones to begin leave places empty.
    most = len(specs) / -(-len(specs) // _AT_ONCE)
    wanted = f">= {times:.3g} x of {most:.3g}"
    return _against_serial(part, what, "threads", seconds, wanted, seconds["serial"] / seconds["threads"] >= times)


def _computing(console: Console, count: int, rounds: int) -> Sequence[Line]:
    """Every engine with a worker on each of two cores, against serial."""
    part = f"{count} episodes with tools, of an agent that computes; {_CORES} workers"
    specs = episodes.computing(count)
    sides: dict[str, Engine] = {"serial": make_engine("serial")}
    lines: list[Line] = []
    for name in _others():
        engine, line = _started(part, name)
        lines.append(line)
        if engine is not None:
            sides[name] = engine
    seconds = _taken(console, "computing", sides, specs, rounds)
    for name in list(sides)[1:]:
        holds = seconds["serial"] / seconds[name] >= _COMPUTING_TIMES
        wanted = "" if name == "threads" else f">= {_COMPUTING_TIMES} x"
        lines.append(_against_serial(part, name, name, seconds, wanted, holds if wanted else None))
    return lines


def _started(part: str, name: str) -> tuple[Engine | None, Line]:
    """The engine with its workers up, and how long that took; None if it cannot be had here."""
    engine: list[Engine] = []

    def start() -> None:
        engine.append(make_engine(name, workers=_CORES))
        _played(engine[0], episodes.waiting(_CORES))

    try:
        seconds = timed(start)
    except MissingDependencyError as error:
        return None, Line(part, f"{name}: skipped", "", str(error))
    return engine[0], Line(part, f"{name}: to start, with two episodes", duration(seconds))


def _tiny(console: Console, count: int) -> Sequence[Line]:
    """Every engine: nothing lost, nothing twice, memory flat."""
    part = f"{count:,} episodes of one step; 1% of the workers killed in the middle of one (serial, threads: a fault)"
    lines: list[Line] = []
    for name in engines:
        console.print(f"tiny: {name}")
        try:
            engine = make_engine(name, workers=1 if name == "serial" else _CORES, retries=2)
            lines += _tiny_lines(part, name, engine, count)
        except MissingDependencyError as error:
            lines.append(Line(part, f"{name}: skipped", "", str(error)))
    return lines


def _tiny_lines(part: str, name: str, engine: Engine, count: int) -> Sequence[Line]:
    seen: Counter[int] = Counter()
    memory: list[float] = []
    failed = again = 0
    with tempfile.TemporaryDirectory() as folder:

        def play() -> None:
            nonlocal failed, again
            specs = episodes.tiny(count, Path(folder), killed_every=_KILLED_EVERY)
            for outcome in engine.map(episodes.play_tiny, specs):
                seen[outcome.index] += 1
                failed += outcome.value != 1.0
                again += outcome.attempts > 1
                if seen.total() % (count // _LOOKS) == 0:
                    memory.append(megabytes())

        seconds = timed(play)
        died = len(list(Path(folder).glob("died-*")))
        ended = Counter(map(int, Path(folder, "ended").read_text().split()))
    whole = ended == seen == Counter(range(count)) and not failed and died == count // _KILLED_EVERY
    told = f"{count - len(seen)} lost, {sum(seen.values()) - len(seen)} twice, {failed} failed"
    # Workers come and go: of the last looks, so that it does not depend on whether one has just begun.
    figures = [statistics.mean(memory[mark - _TOGETHER : mark]) for mark in _MARKS]
    return [
        Line(part, f"{name}: each has one outcome", told, f"{died} killed, {again} tried again", holds=whole),
        Line(part, f"{name}: time, each", f"{duration(seconds)}, {duration(seconds / count)}"),
        Line(
            part,
            f"{name}: memory at 10, 50, 100%",
            ", ".join(f"{figure:.0f}" for figure in figures) + " MB",
            ratio=figures[-1] / figures[0],
            wanted=f"<= {_MOST_GROWTH} x",
            holds=figures[-1] <= _MOST_GROWTH * figures[0],
        ),
    ]


def _taken(
    console: Console, what: str, sides: Mapping[str, Engine], specs: Sequence[RolloutSpec], rounds: int
) -> Mapping[str, float]:
    """Seconds, by the engine's name, the median of rounds."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        console.print(f"{what}: round {number + 1} of {rounds}")
        for name, engine in sides.items():
            taken[name].append(timed(partial(_played, engine, specs)))
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _played(engine: Engine, specs: Sequence[RolloutSpec]) -> None:
    scores = [outcome.unwrap().score for outcome in engine.map(rollout, specs)]
    if scores != [1.0] * len(specs):
        raise RuntimeError(f"each of {len(specs)} episodes scores 1, and not {scores}")


def _against_serial(
    part: str, what: str, name: str, seconds: Mapping[str, float], wanted: str, holds: bool | None
) -> Line:
    serial = f"{duration(seconds['serial'])} serial"
    return Line(part, what, duration(seconds[name]), serial, seconds["serial"] / seconds[name], wanted, holds)


def _others() -> Iterator[str]:
    return (name for name in engines if name != "serial")


if __name__ == "__main__":
    main()
