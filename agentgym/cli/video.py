"""``agentgym video``: a recorded episode as an mp4, with the actions drawn on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym.cli.choosing import place_of
from agentgym.cli.output import many, write_json
from agentgym.export.video import write_video
from agentgym.trajectory import Dataset

__all__ = ["video"]


def video(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    out: Annotated[Path, typer.Option(help="The mp4 to write; nothing may be there.")],
    episode: Annotated[int, typer.Option(help="Which one, from 0; -1 is the last.")] = 0,
    fps: Annotated[int, typer.Option(min=1, help="Steps a second.")] = 5,
    overlay: Annotated[bool, typer.Option(help="Draw actions, rewards and the score.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write an episode as video: rings where buttons are pressed, typed text and keys, rewards and the score.

    \b
    Examples:
      agentgym video data/ --episode 3 --out solved.mp4
      agentgym video data/ --episode -1 --out last.mp4 --fps 1 --no-overlay
    """
    dataset = Dataset(data)
    chosen = dataset[place_of(dataset, episode)]
    write_video(chosen, out, fps=fps, overlay=overlay)
    if json:
        write_json({"out": str(out), "run_id": chosen.run_id, "episode": chosen.number, "steps": len(chosen)})
        return
    typer.echo(f"{out}: {many(len(chosen), 'step')} of {'no task' if chosen.task is None else chosen.task.id}")
