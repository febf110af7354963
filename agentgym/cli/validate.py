"""``agentgym validate``: tasks that would fail before they are run, recordings that are not what they should be."""

from __future__ import annotations

from typing import Annotated

import typer

from agentgym.cli.needsview import write_needs, write_summary
from agentgym.cli.output import many, write_json
from agentgym.cli.taskcheck import Problem, Verdict, check_tasks
from agentgym.trajectory.checking import check_recording, is_recording

__all__ = ["validate"]


def validate(
    source: Annotated[
        str, typer.Argument(help="A file or folder of tasks, a suite's name, or a recording's folder or address.")
    ],
    needs: Annotated[
        bool,
        typer.Option(
            "--needs", help="List what each task needs, and whether it runs here; of one alone it is said anyway."
        ),
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Count by domain what tasks need, and which this machine can run.")
    ] = False,
    network: Annotated[
        bool, typer.Option("--network", help="Take it that environments are given the machine's network.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Read tasks without running them, or check a recording against the schema of the stream.

    Of tasks: their form, their setup steps, the names of getters and metrics and what each is told; every fault of
    every file, with file, line and JSON path. A warning is of what nothing reads, here or in OSWorld, and of an
    answer that is judged and that no tool submits. And what each needs: applications, programs, libraries, files, the
    live web, accounts, and whether this machine has them. Of a recording:
    every line, that nothing is missing between them, and that every picture and text they refer to is there.

    Exits with 1 if a task would fail or a recording has a fault, with 2 if there is neither; neither a warning nor
    what this machine lacks is a fault.

    \b
    Examples:
      agentgym validate tasks.jsonl
      agentgym validate evaluation_examples/ --summary
      agentgym validate evaluation_examples/ --needs
      agentgym validate apps --json
      agentgym validate data/
    """
    if is_recording(source):
        _validate_recording(source, json)
        return
    verdict = check_tasks(source, network=network)
    if json:
        write_json(verdict)
    elif summary:
        _write_summary(verdict)
    else:
        _write_verdict(verdict, with_needs=needs)
    if verdict.problems:
        raise typer.Exit(1)


def _write_verdict(verdict: Verdict, *, with_needs: bool) -> None:
    for problem in verdict.problems:
        typer.echo(_line(problem))
    for warning in verdict.warnings:
        typer.echo(f"warning: {_line(warning)}")
    if with_needs or (verdict.tasks == 1 and not verdict.problems):
        for told in verdict.needs:
            write_needs(told)
    typer.echo(_counted(verdict))


def _write_summary(verdict: Verdict) -> None:
    write_summary(verdict.needs)
    found = " and ".join(
        name for name, told in (("problems", verdict.problems), ("warnings", verdict.warnings)) if told
    )
    others = f"; without --summary the {found} are told" if found else ""
    typer.echo(f"{_counted(verdict)}; --needs lists what each task needs, and which run here{others}")


def _counted(verdict: Verdict) -> str:
    warnings = f", {many(len(verdict.warnings), 'warning')}" if verdict.warnings else ""
    return f"{many(verdict.tasks, 'task')}, {many(len(verdict.problems), 'problem')}{warnings}"


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
        said = ", ".join(many(count, name.removesuffix("s")) for name, count in counts.items())
        typer.echo(f"{said}, {many(len(checked.faults), 'problem')}")
    if checked.faults:
        raise typer.Exit(1)
