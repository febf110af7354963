"""Whether what solves a small task in process solves it as a real window: success on unseen seeds, on both.

    python benchmarks/transfer.py [--seeds 20] [--policy MODULE:FUNCTION] [FAMILY ...]

A policy is a function from observation to action; without one it is the families' oracle. Prints one table.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from agentgym.backends.qt.apps import play
from agentgym.envs.micro import MicroEnv

_FAMILIES = ("click-button", "click-check-boxes", "enter-text", "use-menu", "choose-combo", "move-slider", "draw-box")
Policy = Callable[[Any], Any]


def actions(env: MicroEnv, policy: Policy | None, seen: list[Any]) -> Iterator[Any]:
    """What is done in an episode; the last of ``seen`` is the newest observation."""
    if policy is None:
        yield from play(env.task)
        return
    while True:
        yield policy(seen[-1])


def episode(env: MicroEnv, policy: Policy | None, seed: int) -> tuple[bool, int, float]:
    """Whether it was solved, its steps, and the seconds that they took, without what the policy took."""
    seen = [env.reset(seed=seed)[0]]
    steps, seconds, solved = 0, 0.0, False
    for action in actions(env, policy, seen):
        start = time.perf_counter()
        observation, _, terminated, truncated, info = env.step(action)
        seconds += time.perf_counter() - start
        steps += 1
        seen[:] = [observation]
        if terminated or truncated:
            solved = bool(info["is_success"])
            break
    return solved, steps, seconds


def measure(family: str, backend: str, policy: Policy | None, seeds: int) -> tuple[float, float]:
    """Success and steps a second."""
    env = MicroEnv(family, split="test", backend=backend)
    try:
        runs = [episode(env, policy, seed) for seed in range(seeds)]
    finally:
        env.close()
    seconds = sum(took for _, _, took in runs)
    return sum(solved for solved, _, _ in runs) / seeds, sum(steps for _, steps, _ in runs) / seconds


def load_policy(name: str) -> Policy:
    module, _, function = name.partition(":")
    policy: Policy = getattr(import_module(module), function)
    return policy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--policy", metavar="MODULE:FUNCTION", help="the families' oracle if none is given")
    parser.add_argument("families", nargs="*", metavar="FAMILY", default=list(_FAMILIES))
    arguments = parser.parse_args()
    policy = load_policy(arguments.policy) if arguments.policy else None
    table = Table("family", "success qt", "success x11", "points apart", "steps/s qt", "steps/s x11")
    console = Console(width=110)
    for family in track(arguments.families, console=Console(stderr=True)):
        inside, fast = measure(family, "qt", policy, arguments.seeds)
        window, slow = measure(family, "x11", policy, arguments.seeds)
        apart = 100 * (inside - window)
        table.add_row(family, f"{inside:.2f}", f"{window:.2f}", f"{apart:+.0f}", f"{fast:.0f}", f"{slow:.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
