"""``agentgym transcript``: recorded episodes as a person reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym.cli.choosing import place_of
from agentgym.errors import UsageError
from agentgym.export.transcript import transcript
from agentgym.trajectory import Dataset

__all__ = ["transcript_command"]

_WHOLE = 1 << 40


def transcript_command(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    episode: Annotated[
        int | None, typer.Option(help="This episode alone, counted over all runs; -1 is the last.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="Episodes of this task alone.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Leave nothing out of long texts.")] = False,
) -> None:
    """Show episodes as they would be told: what a model was sent and said, calls and results, rewards, the score.

    \b
    Examples:
      agentgym transcript data/ --episode 3
      agentgym transcript data/ --task shell/find-files --full
    """
    dataset = Dataset(data)
    place = None if episode is None else place_of(dataset, episode)
    shown = 0
    for index, one in enumerate(dataset):
        known = None if one.task is None else one.task.id
        if (place is not None and index != place) or (task is not None and known != task):
            continue
        if shown:
            typer.echo("")
        shown += 1
        for line in transcript(one, most=_WHOLE if full else 600):
            typer.echo(line)
    if not shown:
        names = ", ".join(sorted({one.task.id for one in dataset if one.task is not None})[:8])
        if not len(dataset):
            raise UsageError(f"{data} has no episodes")
        raise UsageError(f"{data} has no episode of {task!r}; of its tasks are {names or 'none'}")
