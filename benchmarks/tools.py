"""What a call of a tool costs in this process, above the function itself, and against other environments of tools.

    python benchmarks/tools.py [--quick] [--no-peers]

Prints two tables. Sides take turns, so that what else the machine does hits all of them; a figure is of the best
episode of ten steps, the median of all beside it. Ours is whole steps of `agentgym/Tools-v0` as `gym.make` makes it:
the action read and checked, the observation written, the call and its result published to a bus with a subscriber that
does nothing.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import gymnasium as gym
from rich.console import Console
from rich.table import Table
from tools_peers import PEERS, Played, Round, peer, played

import agentgym  # noqa: F401 - registers the environments
from agentgym.actions import ToolCall
from agentgym.events import Bus, tracing
from agentgym.tools import tool

_WANTED_US = 50.0
_WANTED_TIMES = 100.0
_OWN_SECONDS, _PEER_SECONDS = 0.5, 3.0
_CALLS: Mapping[str, Any] = {
    "a ToolCall": ToolCall("echo", {"message": "hello"}),
    "a dict": {"name": "echo", "arguments": {"message": "hello"}},
    "JSON text": '{"name": "echo", "arguments": {"message": "hello"}}',
}


def echo(message: str) -> str:
    """Gives back what it is given.

    Args:
        message: any text.
    """
    return message


def own(action: Any) -> Played:
    env = gym.make("agentgym/Tools-v0", task={"id": "echo", "instruction": "Echo."}, tools=[tool(echo)])
    return Played(lambda: env.reset(seed=0), lambda: env.step(action))


def own_round(side: Played) -> Round:
    bus = Bus()
    bus.subscribe(lambda _: None)
    with tracing(bus):
        return played(side, _OWN_SECONDS)


def function_us() -> float:
    """Microseconds of the function alone, called by name."""
    count = 1000
    spent = []
    for _ in range(50):
        started = time.perf_counter()
        for _ in range(count):
            echo(message="hello")
        spent.append(time.perf_counter() - started)
    return min(spent) / count * 1e6


def episodes(found: list[Round]) -> list[float]:
    """Mean seconds of a step, of each episode."""
    steps = [step for one in found for step in one.steps]
    return [statistics.fmean(steps[place : place + 10]) for place in range(0, len(steps), 10)]


def measured(console: Console, rounds: int, *, with_peers: bool) -> Mapping[str, list[Round]]:
    found: dict[str, list[Round]] = {}
    with ExitStack() as stack:
        sides: dict[str, Callable[[], Round]] = {}
        for name, action in _CALLS.items():
            side = own(action)
            sides[name] = lambda side=side: own_round(side)  # type: ignore[misc]  # bound now
        for name in PEERS if with_peers else ():
            play = stack.enter_context(peer(name))
            sides[name] = lambda play=play: play(_PEER_SECONDS)  # type: ignore[misc]
        for number in range(rounds):
            for name, side_round in sides.items():
                console.log(f"round {number + 1} of {rounds}: {name}")
                found.setdefault(name, []).append(side_round())
    return found


def above_the_function(found: Mapping[str, list[Round]]) -> Table:
    alone = function_us()
    table = Table("action", "best, us", "median, us", "wanted", title="A step above the function itself")
    for name in _CALLS:
        spent = [seconds * 1e6 - alone for seconds in episodes(found[name])]
        table.add_row(name, f"{min(spent):.1f}", f"{statistics.median(spent):.1f}", f"< {_WANTED_US:g}")
    return table


def against_peers(found: Mapping[str, list[Round]]) -> Table:
    ours = 1 / statistics.median(episodes(found["a dict"]))
    table = Table("environment", "steps/s", "ms a reset", "ours is faster", "wanted", title="Medians of the same run")
    for name, rounds in found.items():
        if name in _CALLS and name != "a dict":
            continue
        rate = 1 / statistics.median(episodes(rounds))
        reset_ms = statistics.median([reset for one in rounds for reset in one.resets]) * 1000
        times, wanted = ("", "") if name in _CALLS else (f"{ours / rate:,.0f} x", f">= {_WANTED_TIMES:g} x")
        shown = "agentgym/Tools-v0, a dict" if name in _CALLS else name
        table.add_row(shown, f"{rate:,.0f}", f"{reset_ms:.2f}", times, wanted)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round instead of five")
    parser.add_argument("--no-peers", action="store_true", help="ours alone; nothing is installed")
    given = parser.parse_args()
    console = Console()
    found = measured(console, 1 if given.quick else 5, with_peers=not given.no_peers)
    console.print(above_the_function(found))
    if not given.no_peers:
        console.print(against_peers(found))


if __name__ == "__main__":
    main()
