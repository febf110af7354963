"""``agentgym qa``: whether the tasks of a suite can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from agentgym.cli.options import known_sandbox
from agentgym.cli.output import progress_bar, write_json, write_table
from agentgym.engines import Outcome, ProcessEngine
from agentgym.families import find_family, suites
from agentgym.testing.qa import QaReport, QaSpec, check_task

__all__ = ["qa"]

_COLUMNS = ("oracle", "nothing", "reset", "repeat")


def qa(
    suite: Annotated[str, typer.Argument(help="A suite's name, or suite/task for one of its tasks.")],
    seed: Annotated[int, typer.Option(min=0)] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="How many tasks are checked at a time.")] = 1,
    sandbox: Annotated[str, typer.Option(help="bwrap, or none to run applications without protection.")] = "bwrap",
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check every task of a suite.

    The oracle must score 1, doing nothing 0, each near miss less than 1; a second reset must bring back the first
    observation, home and clipboard; the same seed must give the same frames again. Exits with 1 if one does not.

    \b
    Examples:
      agentgym qa apps --jobs 2
      agentgym qa apps/note-save --seed 7 --json
    """
    names = [suite] if "/" in suite else [f"{suite}/{family}" for family in suites[suite].families]
    for name in names:
        find_family(name)
    specs = [QaSpec(name, seed, {"sandbox": known_sandbox(sandbox)}) for name in names]
    outcomes: list[Outcome[QaReport]] = []
    with progress_bar() as progress:
        bar = progress.add_task("tasks", total=len(specs))
        for outcome in ProcessEngine(workers=jobs).map(check_task, specs):
            outcomes.append(outcome)
            progress.advance(bar)
    outcomes.sort(key=lambda outcome: outcome.index)
    if json:
        write_json(
            [outcome.value or {"task": specs[outcome.index].task, "error": str(outcome.error)} for outcome in outcomes]
        )
    else:
        _write_reports(specs, outcomes)
    if not all(outcome.value is not None and outcome.value.ok for outcome in outcomes):
        raise typer.Exit(1)


def _write_reports(specs: Sequence[QaSpec], outcomes: Sequence[Outcome[QaReport]]) -> None:
    rows: list[tuple[str, ...]] = []
    for spec, outcome in zip(specs, outcomes, strict=True):
        if outcome.value is None:
            rows.append((spec.task, *("" for _ in _COLUMNS), f"{type(outcome.error).__name__}: {outcome.error}"))
        else:
            rows.append((spec.task, *_cells(outcome.value)))
    write_table(("task", *_COLUMNS, "near misses"), rows)


def _cells(report: QaReport) -> list[str]:
    said = {check.name: ("" if check.ok else "WRONG ") + check.found for check in report.checks}
    near_misses = [f"{name} {found}" for name, found in said.items() if name not in _COLUMNS]
    return [*(said[name] for name in _COLUMNS), ", ".join(near_misses)]
