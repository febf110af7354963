"""Four x11 desktops stepped at once, against the same four stepped one after the other.

    python benchmarks/vector.py [--quick]

Both sides do the same actions on the same desktops, in rounds that take turns; figures are medians over the rounds. CPU
time is of this process and the desktops together: where it does not fit on the cores, no ratio helps.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gymnasium as gym
from micro_peers import cpu_seconds
from rich.console import Console
from rich.table import Table

import agentgym  # noqa: F401 - registers the environments

_DESKTOPS = 4
_MOUSEPAD = {
    "id": "bench/mousepad",
    "instruction": "",
    "config": [{"type": "launch", "parameters": {"command": ["mousepad"]}}],
}


class Cost(NamedTuple):
    """Of the step of one environment, in a round."""

    seconds: float
    cpu_s: float


def measured(step: Callable[[list[str]], object], actions: Iterator[str], count: int) -> Cost:
    """The cost of some steps of all environments, each with an action of its own."""
    given = [list(itertools.islice(actions, _DESKTOPS)) for _ in range(count)]
    cpu_s, start = cpu_seconds(), time.perf_counter()
    for each in given:
        step(each)
    steps = count * _DESKTOPS
    return Cost((time.perf_counter() - start) / steps, (cpu_seconds() - cpu_s) / steps)


def keys_and_clicks() -> Iterator[str]:
    """One key, one click, in turns, as in benchmarks/desktop.py; an environment gets both."""
    for index in itertools.count():
        kind = (index + index // _DESKTOPS) % 2
        yield f"pyautogui.click({300 + 20 * (index % 9)}, 300)" if kind else "pyautogui.press('a')"


def rounds(vector: Any, count: int, steps: int) -> tuple[list[Cost], list[Cost]]:
    """Of all at once, and of one after the other."""

    def one_by_one(actions: list[str]) -> None:
        for env, action in zip(vector.envs, actions, strict=True):
            env.step(action)

    at_once, in_turn = [], []
    actions = keys_and_clicks()
    for number in range(count + 1):
        both = [measured(vector.step, actions, steps), measured(one_by_one, actions, steps)]
        # The first round warms both up.
        if number:
            at_once.append(both[0])
            in_turn.append(both[1])
    return at_once, in_turn


def row(name: str, costs: list[Cost], ratio: str = "", wanted: str = "") -> tuple[str, ...]:
    seconds = statistics.median(cost.seconds for cost in costs)
    cpu_s = statistics.median(cost.cpu_s for cost in costs)
    return name, f"{1 / seconds:.0f}", f"{seconds * 1000:.2f} ms", f"{cpu_s * 1000:.2f} ms", ratio, wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    quick = parser.parse_args().quick
    vector: Any = gym.make_vec("agentgym/Desktop-v0", num_envs=_DESKTOPS, task=_MOUSEPAD)
    try:
        vector.reset(seed=0)
        at_once, in_turn = rounds(vector, 5 if quick else 9, 25 if quick else 50)
    finally:
        vector.close()
    ratio = statistics.median(turn.seconds / once.seconds for once, turn in zip(at_once, in_turn, strict=True))
    table = Table("", "steps/s", "a step", "CPU a step", "ratio", "wanted", title=f"{_DESKTOPS} x11 desktops, mousepad")
    table.add_row(*row("one after the other", in_turn))
    table.add_row(*row("VectorEnv", at_once, f"{ratio:.2f} x", ">= 1.8 x"))
    console = Console(width=120)
    console.print(table)
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
