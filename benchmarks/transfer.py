"""Whether what was learned in process holds in a real window: success on unseen seeds, on both, by the same policy.

    python benchmarks/learning.py
    python benchmarks/transfer.py [--seeds 50] [--runs runs/learning] [--oracle] [FAMILY ...]

Takes each family's ``policy.zip`` out of its run, or the family's oracle. Prints one table.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from rich.progress import track
from rich.table import Table

from agentgym.agents import make_agent
from agentgym.agents.policy import PolicyDescription, read_description, wrapped
from agentgym.errors import UsageError
from agentgym.runner import Episode

_FAMILIES = ("ClickButton", "EnterText", "EnterPassword", "SwitchTab", "FindReplace")


@dataclass(frozen=True)
class Played:
    """Of one family on one backend: by seed whether it was solved and what was done."""

    solved: list[bool]
    actions: list[list[str]]

    @property
    def success(self) -> float:
        return sum(self.solved) / len(self.solved)


def measure(known: PolicyDescription, backend: str, player: str, seeds: int) -> Played:
    env: gym.Env[Any, Any] = gym.make(known.env, **{**known.env_kwargs, "backend": backend})
    env = wrapped(env, known.wrappers)
    solved, actions = [], []
    try:
        for seed in range(seeds):
            episode = Episode(env, make_agent(player, seed=seed), seed=seed)
            steps = [episode.step() for _ in episode]
            solved.append(bool(steps[-1].info["is_success"]))
            actions.append([str(step.action) for step in steps])
    finally:
        env.close()
    return Played(solved, actions)


def compare(family: str, runs: Path | None, seeds: int) -> list[str]:
    """A row of the table."""
    if runs is None:
        known, player = PolicyDescription(algo="", env=f"agentgym/{family}-v0", env_kwargs={"split": "test"}), "oracle"
    else:
        path = runs / family / "policy.zip"
        known, player = read_description(path), f"policy:{path}"
    inside, window = (measure(known, backend, player, seeds) for backend in ("qt", "x11"))
    alike = sum(one == other for one, other in zip(inside.actions, window.actions, strict=True))
    return [
        family,
        f"{inside.success:.2f}",
        f"{window.success:.2f}",
        f"{100 * (window.success - inside.success):+.0f}",
        f"{alike} of {seeds}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--runs", type=Path, default=Path("runs/learning"), help="what benchmarks/learning.py wrote")
    parser.add_argument("--oracle", action="store_true", help="let the families' oracles play instead")
    parser.add_argument("families", nargs="*", metavar="FAMILY", default=list(_FAMILIES))
    arguments = parser.parse_args()
    runs = None if arguments.oracle else arguments.runs
    if runs is not None and not runs.is_dir():
        raise UsageError(f"there is no {runs}: run benchmarks/learning.py before, or give --oracle")
    table = Table("family", "success qt", "success x11", "points", "same actions")
    console = Console(width=110)
    for family in track(arguments.families, console=Console(stderr=True)):
        table.add_row(*compare(family, runs, arguments.seeds))
    console.print(table)


if __name__ == "__main__":
    main()
