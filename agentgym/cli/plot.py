"""``agentgym plot``: what a recording's reward terms paid, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from agentgym.cli.choosing import place_of
from agentgym.cli.output import figure, write_json, write_table
from agentgym.export.terms import terms_of, write_terms
from agentgym.trajectory import Dataset

__all__ = ["plot"]


class Paid(msgspec.Struct, frozen=True):
    """What a term paid in the episode that is drawn step by step."""

    name: str
    total: float
    least: float | None
    most: float | None


def plot(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    terms: Annotated[Path, typer.Option(help="The picture of the reward terms to write: .png, .svg or .pdf.")],
    episode: Annotated[int, typer.Option(help="Which one is drawn step by step, from 0; -1 is the last.")] = -1,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Draw what each reward term paid: in one episode step by step, in all episodes summed per episode.

    Terms that were added afterwards, as by a judge, are among them.

    \b
    Examples:
      agentgym plot data/ --terms terms.png
      agentgym plot data/ --terms first.svg --episode 0
    """
    dataset = Dataset(data)
    episodes = [dataset[place] for place in range(len(dataset))]
    place = place_of(dataset, episode)
    write_terms(episodes, terms, chosen=place)
    paid = [
        Paid(name, float(values.sum()), min(map(float, values), default=None), max(map(float, values), default=None))
        for name, values in terms_of(episodes[place]).items()
    ]
    if json:
        write_json({"out": str(terms), "episode": place, "terms": paid})
        return
    rows = [(one.name, figure(one.total), figure(one.least), figure(one.most)) for one in paid]
    write_table(("term", "total", "least", "most"), rows, title=f"episode {place}")
    typer.echo(f"picture: {terms}")
