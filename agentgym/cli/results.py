"""``agentgym results``: what a run's folder holds, summed up again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym.cli.output import write_json
from agentgym.cli.runreport import write_attempts, write_summary
from agentgym.errors import UsageError
from agentgym.results import read_attempts, read_tree, summarise

__all__ = ["results"]


def results(
    folder: Annotated[Path, typer.Argument(help="What agentgym run was given as --out or --result-root.")],
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show the results in a run's folder, also while it is being written: of each task and seed the one that stands.

    A folder of OSWorld's results is read, too, whoever wrote it, and any folder above several.

    \b
    Examples:
      agentgym results data/
      agentgym results data/ --json
      agentgym results results/desktop_action/screenshot/
    """
    attempts = read_attempts(folder)
    stand = read_tree(folder)
    if not stand:
        raise UsageError(
            f"{folder} holds no results: there is no results.jsonl that agentgym run wrote, and no traj.jsonl or "
            "result.txt below it, as OSWorld writes them"
        )
    if json:
        write_json({"rows": stand, "summary": summarise(stand), "attempts": len(attempts) or len(stand)})
        return
    write_attempts(stand)
    write_summary(summarise(stand))
