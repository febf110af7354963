"""``agentgym validate``: tasks that would fail, found before they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated

import msgspec
import typer

from agentgym.cli.output import write_json
from agentgym.errors import TaskError
from agentgym.evaluators import check_spec
from agentgym.families import load_tasks
from agentgym.setup import check_step
from agentgym.tasks import Task

__all__ = ["validate"]


class Problem(msgspec.Struct, frozen=True):
    """What would fail, and in which task."""

    task: str
    message: str


def validate(
    source: Annotated[str, typer.Argument(help="A file or folder of tasks, or a suite's name.")],
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read tasks without running them: their form, their setup steps, the names of getters and metrics.

    Exits with 1 if a task would fail, with 2 if a file cannot be read as tasks.

    \b
    Examples:
      agentgym validate tasks.jsonl
      agentgym validate apps --json
    """
    tasks = load_tasks(source)
    problems = [problem for task in tasks for problem in problems_of(task)]
    if json:
        write_json({"tasks": len(tasks), "problems": problems})
    else:
        for problem in problems:
            typer.echo(f"{source}: task {problem.task}: {problem.message}")
        typer.echo(f"{len(tasks)} tasks, {len(problems)} problems")
    if problems:
        raise typer.Exit(1)


def problems_of(task: Task) -> Iterator[Problem]:
    """Every setup step that cannot be run, and the first name in each evaluator that nothing has."""
    for check in _checks(task):
        try:
            check()
        except TaskError as error:
            yield Problem(task.id, str(error))


def _checks(task: Task) -> Iterator[Callable[[], object]]:
    for index, step in enumerate(task.setup):
        yield partial(check_step, step, f"$.config[{index}]")
    if task.evaluator is None:
        return
    for index, step in enumerate(task.evaluator.postconfig):
        yield partial(check_step, step, f"$.evaluator.postconfig[{index}]")
    yield partial(check_spec, msgspec.structs.replace(task.evaluator, postconfig=()))
