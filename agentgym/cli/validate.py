"""``agentgym validate``: tasks that would fail before they are run, recordings that are not what they should be."""

from __future__ import annotations

from typing import Annotated

import typer

from agentgym.cli.output import write_json
from agentgym.cli.taskcheck import Problem, check_tasks
from agentgym.trajectory.checking import check_recording, is_recording

__all__ = ["validate"]


def validate(
    source: Annotated[
        str, typer.Argument(help="A file or folder of tasks, a suite's name, or a recording's folder or address.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read tasks without running them, or check a recording against the schema of the stream.

    Of tasks: their form, their setup steps, the names of getters and metrics and what each is told; every fault of
    every file, with file, line and JSON path. A warning is of what nothing reads, here or in OSWorld, and of an
    answer that is judged and that no tool submits. Of a recording:
    every line, that nothing is missing between them, and that every picture and text they refer to is there.

    Exits with 1 if a task would fail or a recording has a fault, with 2 if there is neither; a warning is no fault.

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
    verdict = check_tasks(source)
    if json:
        write_json(verdict)
    else:
        for problem in verdict.problems:
            typer.echo(_line(problem))
        for warning in verdict.warnings:
            typer.echo(f"warning: {_line(warning)}")
        counted = f", {len(verdict.warnings)} warnings" if verdict.warnings else ""
        typer.echo(f"{verdict.tasks} tasks, {len(verdict.problems)} problems{counted}")
    if verdict.problems:
        raise typer.Exit(1)


def _line(problem: Problem) -> str:
    return problem.message if problem.task is None else f"{problem.message} (task {problem.task})"


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
