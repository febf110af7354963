"""``agentgym relabel``: a recording with reward terms that its environment did not pay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from agentgym.cli.options import modules_from_here
from agentgym.cli.output import figure, progress_bar, write_json, write_table
from agentgym.errors import UsageError
from agentgym.trajectory import Dataset
from agentgym.trajectory.relabelling import relabel_dataset

__all__ = ["relabel"]


class Term(msgspec.Struct, frozen=True):
    """What a hook paid in all."""

    name: str
    reward: str
    steps: int
    total: float
    least: float | None
    most: float | None


def relabel(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    reward: Annotated[list[str], typer.Option(help="module:function, as RewardHooks takes it; may be repeated.")],
    name: Annotated[
        list[str] | None, typer.Option(help="The term's name, one for each --reward; else the function's.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The new dataset; else DATA-NAME beside it.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Pay reward terms afterwards: a new dataset, as if RewardHooks had been around the environment.

    The old dataset stays as it is. Modules are looked for in the working directory, too.

    \b
    Examples:
      agentgym relabel data/ --reward my_rewards:progress
      agentgym relabel data/ --reward my_rewards:progress --name bonus --out data-bonus/
      agentgym relabel data/ --reward my_rewards:progress --reward my_rewards:cost --json
    """
    names = _names(reward, name or [])
    target = out if out is not None else data.with_name("-".join([data.resolve().name, *names]))
    dataset = Dataset(data)
    with modules_from_here(), progress_bar() as progress:
        bar = progress.add_task("episodes", total=len(dataset))
        relabelled = relabel_dataset(
            dataset, target, dict(zip(names, reward, strict=True)), progress=lambda _: progress.advance(bar)
        )
    terms = _sums(relabelled, names, reward)
    if json:
        write_json({"dataset": str(target), "episodes": len(relabelled), "terms": terms})
        return
    rows = [
        (one.name, one.reward, str(one.steps), figure(one.total), figure(one.least), figure(one.most)) for one in terms
    ]
    write_table(("term", "reward", "steps", "total", "least", "most"), rows)
    typer.echo(f"dataset: {target}")


def _names(rewards: Sequence[str], names: Sequence[str]) -> list[str]:
    if names and len(names) != len(rewards):
        raise UsageError(f"give a --name for each --reward or for none: {len(rewards)} rewards, {len(names)} names")
    found = list(names) or [reward.rpartition(":")[2].rpartition(".")[2] for reward in rewards]
    twice = next((name for name in found if found.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two rewards are called {twice!r}; give each its own --name")
    return found


def _sums(dataset: Dataset, names: Sequence[str], rewards: Sequence[str]) -> list[Term]:
    paid: dict[str, list[float]] = {name: [] for name in names}
    for episode in dataset:
        for terms in episode.reward_terms:
            for name in names:
                paid[name].append(terms[name])
    return [
        Term(name, reward, len(values), sum(values), min(values, default=None), max(values, default=None))
        for (name, values), reward in zip(paid.items(), rewards, strict=True)
    ]
