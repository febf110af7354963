#!/usr/bin/env python3
"""Renews the tables of docs/tool-suites.md from the families that they tell of.

python scripts/suites_page.py
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from agentgym.families import TaskFamily, of_split, suites
from agentgym.tasks import Task

__all__ = ["PAGE", "renewed"]

PAGE = Path(__file__).parents[1] / "docs" / "tool-suites.md"

_BLOCK = re.compile(r"(<!-- made by scripts/suites_page.py: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(page: str) -> str:
    """The page with every table made anew; what is written by hand stays."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{table(found['name'])}\n\n{found[3]}", page)


def table(suite: str) -> str:
    rows = [row(family) for family in suites[suite].families.values()]
    heads = ("family", "an example of what it asks", "judged by", "near misses")
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def row(family: TaskFamily) -> tuple[str, ...]:
    task = of_split(family, "train").make(np.random.default_rng(0))
    said = re.sub(r"\s*\n(?:- |\d\. )?", " ", task.instruction.strip()).replace("|", "\\|")
    return f"`{task.id}`", said, ", ".join(judged_by(task)), ", ".join(family.near_misses)


def judged_by(task: Task) -> list[str]:
    """The getters and what they look at, each once."""
    checks = () if task.evaluator is None else task.evaluator.checks
    found = [check.result for check in checks if check.result is not None]
    return list(dict.fromkeys(f"`{getter.type}`" for getter in found))


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
