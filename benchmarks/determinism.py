"""How often two episodes with one seed and one oracle show different screens.

    python benchmarks/determinism.py [--episodes 10] [TASK ...]

Prints one table: how many observations of each task differed from the first episode's, and in how many pixels.
What is known to differ is in docs/determinism.md, with the reason.
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agentgym.agents import make_agent
from agentgym.families import find_family, suites
from agentgym.runner import Episode

Frames = list[np.ndarray[Any, Any]]


def episode(env: gym.Env[Any, Any]) -> tuple[Frames, float]:
    """The screens of one episode of the oracle, and its return."""
    run = Episode(env, make_agent("oracle"), seed=0)
    frames = [observation["screenshot"] for observation in run]
    return [*frames, run.observation["screenshot"]], run.total_return


def differing_pixels(one: Frames, other: Frames) -> list[int]:
    """For each observation, the pixels in which it differs; a missing one differs in all."""
    pairs = zip(one, other, strict=False)
    counted = [int((left != right).any(axis=2).sum()) for left, right in pairs]
    return counted + [one[0].shape[0] * one[0].shape[1]] * abs(len(one) - len(other))


def row(task: str, episodes: int) -> tuple[str, ...]:
    kinds = ("screenshot", *find_family(task).needs)
    env = gym.make("agentgym/Desktop-v0", task=task, observation=kinds, disable_env_checker=True)
    try:
        runs = [episode(env) for _ in range(episodes)]
    finally:
        env.close()
    first = runs[0][0]
    pixels = [count for frames, _ in runs[1:] for count in differing_pixels(first, frames)]
    differ = sum(count > 0 for count in pixels)
    returns = sorted({reward for _, reward in runs})
    return (
        task,
        f"{differ} of {len(pixels)}",
        str(max(pixels, default=0)),
        ", ".join(f"{value:g}" for value in returns),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("tasks", nargs="*", metavar="TASK")
    arguments = parser.parse_args()
    tasks = arguments.tasks or [f"apps/{name}" for name in suites["apps"].families]
    table = Table("task", "observations that differed", "pixels at most", "returns")
    console = Console(width=110)
    for task in track(tasks, console=Console(stderr=True)):
        cells = row(task, arguments.episodes)
        table.add_row(*cells)
        console.print(*cells)
    console.print(table)


if __name__ == "__main__":
    main()
