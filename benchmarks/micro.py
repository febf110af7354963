"""What a step of a small task costs: against MiniWoB++ and BrowserGym's MiniWoB, part by part, and against Qt alone.

    python benchmarks/micro.py [--quick] [--no-peers]

Prints three tables. Sides take turns and figures are medians, so that what else the machine does hits all of them; CPU
time is of a side's processes together, steps and resets. "steps/s" counts every step, also those during which others
had the processor; "step" is the median one. The same random clicks below the instruction on every side, ten to an
episode: ours on three buttons, theirs on two (`click-test-2`).
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from micro_floor import Pair, pairs
from micro_peers import PEERS, Click, Round, absent, clicks, peer, played
from rich.console import Console
from rich.table import Table

import agentgym  # noqa: F401 - registers the environments
from agentgym.backends.qt.input import QtInput
from agentgym.backends.qt.turns import Seat, Turns

_SIZES = ((84, 84), (160, 210))
_WANTED = {"MiniWoB++": ">= 60 x", "BrowserGym MiniWoB": ">= 300 x"}
_OWN_SECONDS = 1.0
_PEER_SECONDS = {"MiniWoB++": 4.0, "BrowserGym MiniWoB": 10.0}


class Part(NamedTuple):
    """A part of a step: the function that does it, and how deep within others."""

    name: str
    owner: Any
    function: str
    depth: int = 0


@contextmanager
def small_task(size: tuple[int, int], task: str = "ClickButton") -> Iterator[gym.Env[Any, Any]]:
    env = gym.make(f"agentgym/{task}-v0", level=2, size=size, disable_env_checker=True)
    try:
        env.reset(seed=0)
        yield env
    finally:
        env.close()


def own_action(click: Click) -> Any:
    return np.array([0, *click, 0])


def own_round(env: gym.Env[Any, Any], places: Iterator[Click]) -> Round:
    # Ours alone: the peers are children of this process.
    return played(env, own_action, places, _OWN_SECONDS, cpu=time.process_time)


def against_peers(console: Console, rounds: int, *, with_peers: bool) -> Table:
    """Steps a second of every side, in turns."""
    found: dict[str, list[Round]] = {}
    with ExitStack() as stack:
        sides: dict[str, Callable[[], Round]] = {}
        for size in _SIZES:
            env, places = stack.enter_context(small_task(size)), clicks()
            sides[_name(size)] = lambda env=env, places=places: own_round(env, places)  # type: ignore[misc]
        for name in PEERS if with_peers else ():
            play, seconds = stack.enter_context(peer(name)), _PEER_SECONDS[name.partition(",")[0]]
            sides[name] = lambda play=play, seconds=seconds: play(seconds)  # type: ignore[misc]
        for number in range(rounds):
            for name, side in sides.items():
                console.log(f"round {number + 1} of {rounds}: {name}")
                found.setdefault(name, []).append(side())
    return _peers_table({name: Summary.of(rounds) for name, rounds in found.items()})


class Summary(NamedTuple):
    """Medians of one side: over its rounds, over all its steps, over all its resets."""

    rate: float
    step_ms: float
    rate_with_resets: float
    reset_ms: float
    cpu_ms: float

    @staticmethod
    def of(rounds: list[Round]) -> Summary:
        steps = [seconds for one in rounds for seconds in one.steps]
        resets = [seconds for one in rounds for seconds in one.resets]
        return Summary(
            statistics.median(one.rate for one in rounds),
            statistics.median(steps) * 1000,
            statistics.median(one.rate_with_resets for one in rounds),
            statistics.median(resets) * 1000,
            statistics.median(one.cpu_s / len(one.steps) for one in rounds) * 1000,
        )


def _name(size: tuple[int, int]) -> str:
    return f"agentgym, {size[0]}x{size[1]}"


def _peers_table(found: Mapping[str, Summary]) -> Table:
    table = Table(title="Random clicks, one environment, one process")
    ratios = [f"{size[0]}x{size[1]}:\n{what}" for size in _SIZES for what in ("steps/s", "with resets", "step")]
    for heading in ("", "steps/s", "with\nresets", "step", "reset", "CPU\na step", *ratios, "wanted"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    ours = {_name(size): found[_name(size)] for size in _SIZES}
    for name, one in found.items():
        ratios = [ratio for each in ours.values() for ratio in (_ratios(each, one) if name not in ours else ("",) * 3)]
        wanted = ">= 1,000, < 3 ms" if name in ours else _WANTED.get(name, "")
        table.add_row(
            name,
            *(_figure(rate) for rate in (one.rate, one.rate_with_resets)),
            *(f"{_figure(milliseconds)} ms" for milliseconds in (one.step_ms, one.reset_ms, one.cpu_ms)),
            *ratios,
            wanted,
        )
    return table


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}" if number < 10 else f"{number:.1f}"


def _ratios(ours: Summary, theirs: Summary) -> list[str]:
    found = (
        ours.rate / theirs.rate,
        ours.rate_with_resets / theirs.rate_with_resets,
        theirs.step_ms / ours.step_ms,
    )
    return [f"{ratio:,.0f} x" for ratio in found]


def parts_of(env: gym.Env[Any, Any]) -> list[Part]:
    inner: Any = env.unwrapped
    machine, screen = inner.backend, inner.backend._screen
    return [
        Part("step", env, "step"),
        Part("Gymnasium's wrapper: what it calls", inner, "step", 1),
        Part("read and check the action", inner, "_decode", 2),
        Part("deliver the events", machine, "perform", 2),
        Part("move the pointer", Seat, "point", 3),
        Part("send to the window", QtInput, "_send", 3),
        Part("let time pass and paint", machine, "settle", 2),
        Part("windows that came or went", Turns, "look", 3),
        Part("Qt paints", screen, "_paint", 3),
        Part("copy and resize", inner, "_observe", 2),
        Part("state of the task", inner, "_read_state", 2),
    ]


def where_it_goes(count: int) -> Table:
    """Each part measured by itself, so that measuring one does not lengthen another."""
    table = Table("a step, median over clicks on the instruction", title="Where a step goes")
    rows: dict[str, list[str]] = {}
    for size in _SIZES:
        table.add_column(f"{size[0]}x{size[1]}", justify="right")
        with small_task(size) as env:
            parts = parts_of(env)
            for part in parts:
                spent = statistics.median(_spent_in(part, env, count))
                rows.setdefault("  " * part.depth + part.name, []).append(f"{spent * 1e6:.0f} us")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def _spent_in(part: Part, env: gym.Env[Any, Any], count: int) -> Iterator[float]:
    """Seconds of each step that are spent in a part."""
    original = getattr(part.owner, part.function)
    own = vars(part.owner).get(part.function)
    spent = 0.0

    def timed(*given: Any, **named: Any) -> Any:
        nonlocal spent
        start = time.perf_counter()
        try:
            return original(*given, **named)
        finally:
            spent += time.perf_counter() - start

    setattr(part.owner, part.function, timed)
    try:
        # On the instruction, which nothing answers.
        places = itertools.cycle([Click(0, 1), Click(15, 3)])
        for number in range(count):
            if number % 8 == 0:
                env.reset(seed=0)
            spent = 0.0
            env.step(own_action(next(places)))
            yield spent
    finally:
        if own is None:
            delattr(part.owner, part.function)
        else:
            setattr(part.owner, part.function, own)


def above_qt(count: int) -> Table:
    """Steps against the same events and painting without us."""
    table = Table(title="A step above Qt alone: the same clicks on the same widgets, the same pictures in the end")
    for heading in ("", "clicks", "step", "Qt: deliver", "Qt: paint what changed", "above", "Qt: render all"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_column("above", justify="right")
    for task in ("ClickButton", "ClickCheckBoxes"):
        for size in _SIZES:
            with small_task(size, task) as env:
                found = pairs(env, list(itertools.islice(clicks(), count)))
            for hit in (False, True):
                chosen = [pair for pair in found if pair.hit is hit]
                if chosen:
                    table.add_row(*_floor_row(f"{task}, {size[0]}x{size[1]}, {_KINDS[hit]}", chosen))
    return table


_KINDS = {False: "beside the widgets", True: "something changes"}


def _floor_row(name: str, found: list[Pair]) -> Iterable[str]:
    ours, delivery, painting, rendering = (
        statistics.median(getattr(pair, part) for pair in found) * 1e6
        for part in ("ours", "delivery", "painting", "rendering")
    )
    least, naive = delivery + painting, delivery + rendering
    return (
        name,
        str(len(found)),
        f"{ours:.0f} us",
        f"{delivery:.0f} us",
        f"{painting:.0f} us",
        f"{ours / least - 1:+.0%}",
        f"{rendering:.0f} us",
        f"{ours / naive - 1:+.0%}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    given = parser.parse_args()
    console = Console(width=180)
    missing = None if given.no_peers else absent()
    if missing:
        console.print(f"The peers are left out, for want of a browser or its driver: {missing}")
    rounds, count = (2, 400) if given.quick else (5, 1200)
    tables = [against_peers(console, rounds, with_peers=not given.no_peers and missing is None)]
    tables += [where_it_goes(count // 2), above_qt(count)]
    for table in tables:
        console.print(table)
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
