"""Which families PPO learns, and how soon: success on unseen episodes against steps and minutes.

    python benchmarks/learning.py [--steps 200000] [--workers 2] [--out runs/learning] [FAMILY ...]

Trains as ``agentgym train`` does, each family in a process of its own on one core, until two evaluations in a row reach
0.95 or the steps are used up. A run that was cut off goes on where it was. Prints one table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from agentgym.training import Evaluation

GOAL = 0.95
FAMILIES = (
    "ClickButton",
    "ClickMoving",
    "EnterText",
    "EnterPassword",
    "SwitchTab",
    "FindReplace",
    "PickColour",
    "ClickShape",
    "CopyPaste",
    "DragToBox",
)
_MILESTONES = (0.5, 0.8, GOAL)


def command(family: str, out: Path, steps: int) -> list[str]:
    """What trains a family."""
    options = ["--shaping", "0.5", "--evaluate-every", "8000", "--evaluation-episodes", "200", "--stop-at", str(GOAL)]
    train = [sys.executable, "-m", "agentgym", "train", f"agentgym/{family}-v0", "--steps", str(steps)]
    return [*train, "--out", str(out / family), *options]


def learn(family: str, out: Path, steps: int) -> list[Evaluation]:
    """The evaluations of a family's run.

    Raises:
        CalledProcessError: if its process failed.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / f"{family}.log").open("w") as log:
        subprocess.run(command(family, out, steps), stdout=log, stderr=log, check=True)
    lines = (out / family / "evaluations.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Evaluation) for line in lines]


def first(evaluations: Sequence[Evaluation], success: float) -> Evaluation | None:
    return next((one for one in evaluations if one.success >= success), None)


def row(family: str, evaluations: Sequence[Evaluation]) -> list[str]:
    best = max(evaluations, key=lambda one: one.success)
    reached = [first(evaluations, success) for success in _MILESTONES]
    goal, last = reached[-1], evaluations[-1]
    return [
        family,
        *("–" if one is None else f"{one.steps / 1000:.0f}k" for one in reached),
        "–" if goal is None else f"{goal.seconds / 60:.1f}",
        f"{best.success:.3f}",
        f"{last.steps / last.seconds:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2, help="families that are trained side by side")
    parser.add_argument("--out", type=Path, default=Path("runs/learning"))
    parser.add_argument("families", nargs="*", metavar="FAMILY", default=list(FAMILIES))
    arguments = parser.parse_args()
    with ThreadPoolExecutor(arguments.workers) as pool:
        runs = list(pool.map(lambda family: learn(family, arguments.out, arguments.steps), arguments.families))
    columns = ("family, level 1", *(f"steps to {goal}" for goal in _MILESTONES), "minutes", "best", "steps/s")
    table = Table(*columns, title="PPO, success on 200 unseen episodes", title_justify="left")
    for family, evaluations in zip(arguments.families, runs, strict=True):
        table.add_row(*row(family, evaluations))
    Console(width=110).print(table)
    solved = sum(first(evaluations, GOAL) is not None for evaluations in runs)
    Console().print(f"{solved} of {len(runs)} families at {GOAL} within {arguments.steps} steps")


if __name__ == "__main__":
    main()
