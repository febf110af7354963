"""Prints the table of OSWorld's tasks that are solved: ``python -m tests.osworld [DOMAIN or BEGINNING OF AN ID …]``."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.osworld.playing import Played, desktop, play, raw_task
from tests.osworld.solution import Solution
from tests.osworld.solutions import SOLUTIONS

_HEAD = """| domain | task | instruction | by | actions | without | with | seconds |
|---|---|---|---|---|---|---|---|"""
_LONGEST = 80


def main(wanted: Sequence[str]) -> int:
    """Plays what is wanted, or all; 1 if one does not score 0 without the oracle and 1 with it."""
    right = True
    _say(_HEAD)
    with tempfile.TemporaryDirectory() as folder, desktop() as env:
        os.environ["AGENTGYM_MIRROR"] = folder
        for domain, solution in _chosen(wanted):
            played = play(env, solution, Path(folder))
            right = right and played.solves(solution)
            _say(_row(domain, solution, played))
    return 0 if right else 1


def _chosen(wanted: Sequence[str]) -> Iterator[tuple[str, Solution]]:
    for domain, solutions in SOLUTIONS.items():
        for solution in solutions:
            if not wanted or domain in wanted or solution.task.startswith(tuple(wanted)):
                yield domain, solution


def _row(domain: str, solution: Solution, played: Played) -> str:
    says = " ".join(raw_task(solution.task)["instruction"].split()).replace("|", "/")
    says = says if len(says) <= _LONGEST else f"{says[: _LONGEST - 1].rstrip()}…"
    cells = (domain, solution.task[:8], says, solution.by, played.actions, played.without, played.score)
    return f"| {' | '.join(str(cell) for cell in cells)} | {played.seconds:.1f} |"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
