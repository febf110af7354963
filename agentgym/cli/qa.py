"""``agentgym qa``: whether the tasks of a suite can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from agentgym.cli.options import known_sandbox
from agentgym.cli.output import progress_bar, write_json, write_table
from agentgym.engines import Outcome, ProcessEngine
from agentgym.errors import UsageError
from agentgym.families import TOOLS, env_of, find_family, suites
from agentgym.testing.qa import QaReport, QaSpec, check_task

__all__ = ["qa"]

_COLUMNS = ("oracle", "nothing", "reset", "repeat")
_LAST_COLUMNS = ("mutants", "exploits")
"""Of tasks that are done with tools alone."""


def qa(
    suite: Annotated[str, typer.Argument(help="A suite's name, or suite/task for one of its tasks.")],
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds each task is drawn with.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="How many tasks are checked at a time.")] = 1,
    sandbox: Annotated[str, typer.Option(help="bwrap, or none to run applications without protection.")] = "bwrap",
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Check every task of a suite.

    The oracle must score 1, doing nothing 0, each near miss less than 1; a second reset must bring back the first
    observation, home and clipboard; the same seed must give the same frames again. Exits with 1 if one does not.

    Of tasks that are done with tools alone, mutants of the oracle (a call left out, made twice, late, or with another
    argument) and known exploits must score less than 1, too. A mutant that leaves what the oracle leaves is alike: it
    does not count.

    \b
    Examples:
      agentgym qa apps --jobs 2
      agentgym qa apps/note-save --seed 7 --json
      agentgym qa shell --jobs 2 --seeds 3
    """
    names = [suite] if "/" in suite else [f"{suite}/{family}" for family in suites[suite].families]
    for name in names:
        find_family(name)
    options = _options(names, known_sandbox(sandbox))
    specs = [QaSpec(name, seed + number, options) for name in names for number in range(seeds)]
    outcomes: list[Outcome[QaReport]] = []
    with progress_bar() as progress:
        bar = progress.add_task("tasks", total=len(specs))
        for outcome in ProcessEngine(workers=jobs, items_per_worker=1).map(check_task, specs):
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


def _options(names: Sequence[str], sandbox: str) -> dict[str, str]:
    """For the environment."""
    if env_of(names[0]) != TOOLS:
        return {"sandbox": sandbox}
    if sandbox != "bwrap":
        raise UsageError("tasks with tools alone always have a sandbox: drop --sandbox")
    return {}


def _write_reports(specs: Sequence[QaSpec], outcomes: Sequence[Outcome[QaReport]]) -> None:
    rows: list[tuple[str, ...]] = []
    last = _LAST_COLUMNS if env_of(specs[0].task) == TOOLS else ()
    for spec, outcome in zip(specs, outcomes, strict=True):
        name = spec.task if spec.seed == specs[0].seed else f"{spec.task} {spec.seed}"
        if outcome.value is None:
            error = f"{type(outcome.error).__name__}: {outcome.error}"
            rows.append((name, *("" for _ in _COLUMNS), error, *("" for _ in last)))
        else:
            rows.append((name, *_cells(outcome.value, last)))
    write_table(("task", *_COLUMNS, "near misses", *last), rows)


def _cells(report: QaReport, last: Sequence[str]) -> list[str]:
    said = {check.name: ("" if check.ok else "WRONG ") + check.found for check in report.checks}
    near_misses = [f"{name} {found}" for name, found in said.items() if name not in (*_COLUMNS, *last)]
    return [*(said[name] for name in _COLUMNS), ", ".join(near_misses), *(said[name] for name in last)]
