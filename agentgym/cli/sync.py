"""``agentgym sync``: a recording given to a sink afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym.cli.output import many, warnings_as_lines, write_json
from agentgym.sinks.syncing import sync as synced

__all__ = ["sync"]


def sync(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    sink: Annotated[
        str, typer.Option(help="redis://HOST:PORT/DB?stream=NAME, otlp:http://…, tensorboard:DIR, jsonl:PATH.")
    ],
    run: Annotated[list[str] | None, typer.Option(help="Only this run; may be repeated.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Give a sink what it lacks of a recording.

    A Redis stream gets the records that it has not, in order, at any time and as often as one likes, also while the
    runs go on. Any other sink gets everything.

    \b
    Examples:
      agentgym sync data/ --sink redis://head:6379/0?stream=night
      agentgym sync data/ --sink otlp:http://collector:4318
    """
    with warnings_as_lines():
        results = list(synced(data, sink, runs=run or ()))
    if json:
        write_json([{"run": one.run_id, "records": one.records} for one in results])
        return
    for one in results:
        if one.records:
            typer.echo(f"{one.run_id}: {many(one.records, 'record')}")
    typer.echo(f"{many(sum(one.records for one in results), 'record')} of {many(len(results), 'run')} sent")
