"""``agentgym events``: what happened, record by record, as far as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from agentgym.cli.choosing import place_of
from agentgym.cli.options import key_values
from agentgym.events import Record
from agentgym.events.plainlines import plain_line
from agentgym.events.words import in_words
from agentgym.trajectory import Dataset
from agentgym.trajectory.query import records

__all__ = ["events"]

_COLOURS = {
    "failed": "bold red",
    "step": "green",
    "scored": "bold green",
    "reset": "bold",
    "run_started": "bold",
    "run_completed": "bold",
    "model_request": "blue",
    "model_response": "blue",
    "tool_call": "magenta",
    "tool_result": "magenta",
}


def events(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    task: Annotated[
        list[str] | None, typer.Option(help="Of this task; * stands for any text; may be repeated.")
    ] = None,
    episode: Annotated[
        int | None,
        typer.Option(
            help="Of this episode of the dataset, counted over all its runs; -1 is the last; with --run, of that."
        ),
    ] = None,
    run: Annotated[list[str] | None, typer.Option(help="Of this run, by its id; may be repeated.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Of this type, or several with commas; may be repeated.")
    ] = None,
    agent: Annotated[list[str] | None, typer.Option(help="With this agent_id; may be repeated.")] = None,
    start: Annotated[int, typer.Option("--from", min=0, help="From this idx on.")] = 0,
    where: Annotated[
        list[str] | None,
        typer.Option(help="KEY=VALUE of the payload, as name=bash, info.failure=null; may be repeated."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="No more than so many.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON, one record a line.")] = False,
) -> None:
    """Show what happened, record by record: of a task, of an agent, from one place on.

    What a model was sent and what tools returned is shown cut; --json has it whole, pictures as their digest.

    \b
    Examples:
      agentgym events data/ --task apps/note-save
      agentgym events data/ --episode 3 --type tool_call,tool_result
      agentgym events data/ --type failed --json
      agentgym events data/ --agent critic --where "content=*wrong*"
    """
    numbers = episode
    if episode is not None and (episode < 0 or not run):
        run, numbers = _place(data, episode, run)
    found = records(
        data,
        run=run or None,
        episode=numbers,
        task=task or None,
        types=[name for names in types for name in names.split(",")] if types else None,
        agent=agent or None,
        start=start,
        where=key_values(where or (), flag="--where"),
    )
    chosen = islice(found, limit)
    if json:
        for record in chosen:
            typer.echo(msgspec.json.encode(plain_line(record)).decode())
        return
    _write(chosen)


def _place(data: Path, index: int, runs: Sequence[str] | None) -> tuple[list[str], int]:
    """The run of an episode, counted over these runs of the dataset, or all, and its number there."""
    dataset = Dataset(data).filter(run=runs or None)
    chosen = dataset[place_of(dataset, index)]
    return [chosen.run_id], chosen.number


def _write(found: Iterator[Record]) -> None:
    console = Console()
    run_id = None
    for record in found:
        if record.run_id != run_id:
            run_id = record.run_id
            _write_line(console, Text(f"run {run_id}", style="bold underline"))
        _write_line(console, _line(record))
    if run_id is None:
        typer.echo("agentgym: no record is such", err=True)


def _write_line(console: Console, text: Text) -> None:
    """A line of the terminal, cut at its edge; whole where it goes to a file or a pipe."""
    if console.is_terminal:
        console.print(text, no_wrap=True, overflow="ellipsis")
    else:
        typer.echo(text.plain)


def _line(record: Record) -> Text:
    who = record.payload.agent_id
    text = Text(f"{record.idx:>6}  ")
    text.append(f"{record.ts_utc[11:23]}  {record.episode:>4}  ", style="dim")
    text.append(f"{record.event_type:<16} ", style=_COLOURS.get(record.event_type, ""))
    text.append(f"[{who}] " if who else "", style="cyan")
    return text.append(in_words(record.payload))
