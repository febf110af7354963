"""Steps a second on MiniWoB++'s own pages: ours through the screen, MiniWoB++ through Selenium, BrowserGym.

    python benchmarks/miniwob_speed.py [--rounds N] [--task PAGE] [--quick]

Prints one table. Sides take turns and figures are medians over the rounds, so that what else the machine does hits all
of them. The same random clicks below the instruction on every side, ten to an episode.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import gymnasium as gym
import numpy as np
from micro_peers import PEERS, Click, Round, absent, clicks, peer, played
from rich.console import Console
from rich.table import Table

import agentgym  # noqa: F401 - registers the environments

_OURS = "agentgym"
_WANTED = {"MiniWoB++": ">= 3 x"}
_SECONDS = {_OURS: 3.0, "MiniWoB++": 3.0, "BrowserGym MiniWoB": 6.0}


@contextmanager
def ours(task: str) -> Iterator[Callable[[float], Round]]:
    # Cells of 10 pixels, as the clicks have them; the picture in full, as theirs.
    env = gym.make(
        f"agentgym/miniwob-{task}-v0", size=None, verbs=["click"], bins=(16, 21), disable_env_checker=True
    )  # fmt: skip
    places = clicks()
    try:
        env.reset(seed=0)
        yield lambda seconds: played(env, _written, places, seconds)
    finally:
        env.close()


def _written(click: Click) -> Any:
    return np.array([0, *click, 0])


def measured(console: Console, task: str, rounds: int, sides: list[str]) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {side: [] for side in sides}
    with ExitStack() as stack:
        plays = {side: stack.enter_context(ours(task) if side == _OURS else peer(side, task)) for side in sides}
        for number in range(rounds):
            for side, play in plays.items():
                console.log(f"round {number + 1} of {rounds}: {side}")
                found[side].append(play(_SECONDS[side.partition(",")[0]]))
    return found


def table_of(found: dict[str, list[Round]], task: str) -> Table:
    table = Table(
        title=f"Random clicks on {task}, one environment; load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    )
    for heading in ("", "steps/s", "with resets", "reset", "CPU a step", "ours is", "with resets", "wanted"):
        table.add_column(heading, justify="right" if heading else "left")
    best = {side: (_median(each, "rate"), _median(each, "rate_with_resets")) for side, each in found.items()}
    for side, each in found.items():
        resets = [seconds for one in each for seconds in one.resets]
        ratios = [f"{mine / theirs:,.1f} x" for mine, theirs in zip(best[_OURS], best[side], strict=True)]
        table.add_row(
            side,
            *(f"{rate:,.1f}" for rate in best[side]),
            f"{statistics.median(resets) * 1000:,.0f} ms",
            f"{statistics.median(one.cpu_s / len(one.steps) for one in each) * 1000:,.0f} ms",
            *(ratios if side != _OURS else ["", ""]),
            _WANTED.get(side, ""),
        )
    return table


def _median(each: list[Round], figure: str) -> float:
    return float(statistics.median(getattr(one, figure) for one in each))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--task", default="click-test-2", help="a page")
    parser.add_argument("--quick", action="store_true", help="MiniWoB++ alone, without BrowserGym")
    given = parser.parse_args()
    console = Console(width=140)
    if missing := absent():
        console.print(f"without the peers: {missing}")
    peers = [] if missing else [name for name in PEERS if not (given.quick and name.startswith("BrowserGym"))]
    found = measured(console, given.task, given.rounds, [_OURS, *peers])
    console.print(table_of(found, given.task))


if __name__ == "__main__":
    main()
