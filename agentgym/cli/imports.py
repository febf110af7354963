"""``agentgym import``: a recording made from a foreign form."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from agentgym.cli.output import many, write_json
from agentgym.errors import UnknownNameError, UsageError
from agentgym.export import from_minari, from_osworld
from agentgym.families import load_tasks
from agentgym.registry import suggestion
from agentgym.tasks import Task
from agentgym.trajectory import Dataset

__all__ = ["import_recording"]


def import_recording(
    data: Annotated[str, typer.Argument(help="A folder of that form, or the name of a Minari dataset.")],
    source_form: Annotated[str, typer.Option("--from", help="What it is: minari or osworld.")],
    out: Annotated[Path, typer.Option(help="The dataset to write; nothing may be there.")],
    tasks: Annotated[
        str | None, typer.Option(help="For osworld: tasks whose instructions and evaluators the results lack.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Make a dataset from a foreign form. What is read stays as it is.

    What each form gives back stands in docs/export.md and docs/trace-formats.md.

    \b
    Examples:
      agentgym import me/notes-v0 --from minari --out data/
      agentgym import sets/notes-v0/ --from minari --out data/ --json
      agentgym import results/ --from osworld --out data/ --tasks evaluation_examples/
    """
    if source_form not in _READERS:
        raise UnknownNameError(f"nothing is imported from {source_form!r}; {suggestion(source_form, _READERS)}")
    if tasks is not None and source_form != "osworld":
        raise UsageError(f"--tasks is for --from osworld; {source_form} has its tasks in it")
    known = {} if tasks is None else {task.id: task for task in load_tasks(tasks)}
    # Libraries tell of their work there, which is no part of what this command says.
    with contextlib.redirect_stdout(sys.stderr):
        dataset = _READERS[source_form](data, out, known)
    if json:
        write_json({"from": source_form, "out": str(out), "episodes": len(dataset)})
        return
    typer.echo(f"{out}: {many(len(dataset), 'episode')} from {source_form}")


def _minari(data: str, out: Path, _: Mapping[str, Task]) -> Dataset:
    # Names and relative paths look alike; what is there is meant.
    return from_minari(Path(data) if Path(data).is_dir() else data, out)


def _osworld(data: str, out: Path, tasks: Mapping[str, Task]) -> Dataset:
    return from_osworld(Path(data), out, tasks=tasks)


_READERS: Mapping[str, Callable[[str, Path, Mapping[str, Task]], Dataset]] = {"minari": _minari, "osworld": _osworld}
