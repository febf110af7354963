"""``agentgym validate``: tasks that would fail before they are run, recordings that are not what they should be."""

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
from agentgym.trajectory.checking import check_recording, is_recording

__all__ = ["validate"]


class Problem(msgspec.Struct, frozen=True):
    """What would fail, and in which task."""

    task: str
    message: str


def validate(
    source: Annotated[
        str, typer.Argument(help="A file or folder of tasks, a suite's name, or a recording's folder or address.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read tasks without running them, or check a recording against the schema of the stream.

    Of tasks: their form, their setup steps, the names of getters and metrics. Of a recording: every line, that
    nothing is missing between them, and that every picture and text they refer to is there.

    Exits with 1 if a task would fail or a recording has a fault, with 2 if neither can be read there.

    \b
    Examples:
      agentgym validate tasks.jsonl
      agentgym validate apps --json
      agentgym validate data/
    """
    if is_recording(source):
        _validate_recording(source, json)
    else:
        _validate_tasks(source, json)


def _validate_tasks(source: str, json: bool) -> None:
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


def _validate_recording(source: str, json: bool) -> None:
    checked = check_recording(source)
    torn = [{"file": part.path.name, "offset": part.offset, "size": part.size} for part in checked.torn]
    counts = {"runs": checked.runs, "episodes": checked.episodes, "records": checked.records}
    if json:
        write_json({**counts, "problems": checked.faults, "torn": torn})
    else:
        for fault in checked.faults:
            typer.echo(f"{source.rstrip('/')}/{fault}")
        for part in checked.torn:
            typer.echo(f"{part.path}: {part.size} bytes after byte {part.offset} are torn off: {part.reason}")
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        typer.echo(f"{said}, {len(checked.faults)} problems")
    if checked.faults:
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
