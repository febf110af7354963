"""``agentgym replay``: a recorded episode done again, and the step and pixel at which it first differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
import typer
from PIL import Image

from agentgym.cli.choosing import place_of
from agentgym.cli.options import modules_from_here
from agentgym.cli.output import progress_bar, write_json
from agentgym.cli.targets import check_target, writing
from agentgym.errors import UsageError
from agentgym.events.words import action_in_words
from agentgym.state.differing import Difference, is_picture
from agentgym.state.replaying import Compared, Replay, Tolerance, replay
from agentgym.trajectory import Dataset

__all__ = ["replay_command"]

_MARK = np.array((255, 0, 255), np.uint8)
_DIMMED = 3


def replay_command(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    episode: Annotated[
        list[int] | None,
        typer.Option(help="Which of its episodes, from 0; -1 is the last; may be repeated; all if none is given."),
    ] = None,
    screens: Annotated[
        str, typer.Option(help="exact, ignore, or the number of pixels in which a picture may differ.")
    ] = "exact",
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="What may differ, as observation.terminal or 'info.*'; may be repeated."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Go on after the first step that differs.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="A PNG of the first pictures that differ: recorded, now, and where.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Do recorded episodes again, and say at which step and pixel they first differ.

    The environment is made from what the recording says: its id, arguments, wrappers, task and seed. Compared are
    observations, rewards, ends and infos. Exits with 0 if all is the same, 1 if not. A desktop's own clocks and timers
    may differ between two runs; what of it may is for you to say.

    \b
    Examples:
      agentgym replay data/ --episode 3
      agentgym replay data/ --episode 3 --keep differs.png
      agentgym replay data/ --screens 200 --ignore observation.accessibility_tree
      agentgym replay data/ --screens ignore --all --json
    """
    tolerance = Tolerance(tuple(ignore or ()), _pixels(screens))
    dataset = Dataset(data)
    places = _places(dataset, episode)
    if keep is not None:
        check_target(keep)
    done: list[tuple[int, Replay]] = []
    with modules_from_here(), progress_bar() as progress:
        bar = progress.add_task("steps", total=sum(len(dataset[place]) for place in places))
        for place in places:
            found = replay(dataset, place, tolerance=tolerance, every=every, watch=lambda _: progress.advance(bar))
            done.append((place, found))
    if keep is not None:
        _keep([one for _, found in done for one in found.different], keep, quiet=json)
    if json:
        write_json({"dataset": str(data), "episodes": [_plain(place, found) for place, found in done]})
    else:
        for place, found in done:
            _tell(dataset, place, found)
    if not all(found.is_same for _, found in done):
        raise typer.Exit(1)


def _pixels(screens: str) -> int | None:
    if screens in ("exact", "ignore"):
        return 0 if screens == "exact" else None
    if not screens.isdecimal():
        raise UsageError(f"--screens can be exact, ignore or a number of pixels, not {screens!r}")
    return int(screens)


def _places(dataset: Dataset, wanted: Sequence[int] | None) -> Sequence[int]:
    return [place_of(dataset, number) for number in wanted] if wanted else range(len(dataset))


def _tell(dataset: Dataset, place: int, found: Replay) -> None:
    episode = dataset[place]
    task = "" if episode.task is None else f" {episode.task.id}"
    seed = "" if episode.seed is None else f", seed {episode.seed}"
    typer.echo(f"episode {place}{task}{seed}: {_verdict(found)}")
    if found.before:
        typer.echo(f"  it has no seed of its own: the {found.before} episodes before it were done first")
    if not found.is_seeded:
        typer.echo("  no seed was recorded: what was drawn at random may differ")
    for one in found.different:
        after = "the reset" if one.step == 0 else action_in_words(one.action)
        typer.echo(f"  step {one.step}, after {after}")
        for difference in one.found:
            typer.echo(f"    {difference.where}: {difference.what}")


def _verdict(found: Replay) -> str:
    steps = f"{found.of} step{'' if found.of == 1 else 's'}"
    if found.is_same:
        return f"the same in {steps}"
    if not found.different:
        return f"ended after {found.steps} of {steps}"
    first = found.different[0].step
    more = f", and in {len(found.different) - 1} more" if len(found.different) > 1 else ""
    return f"differs from step {first} on, of {steps}{more}"


def _plain(place: int, found: Replay) -> dict[str, Any]:
    different = [
        {
            "step": one.step,
            "action": msgspec.to_builtins(one.action, enc_hook=repr),
            "differences": [_plain_difference(difference) for difference in one.found],
        }
        for one in found.different
    ]
    return {
        "episode": place,
        "same": found.is_same,
        "steps": found.steps,
        "recorded_steps": found.of,
        "episodes_before": found.before,
        "seeded": found.is_seeded,
        "different": different,
    }


def _plain_difference(found: Difference) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found, enc_hook=repr)
    return {name: value for name, value in plain.items() if name not in ("pixels", "line") or value is not None}


def _keep(different: Sequence[Compared], path: Path, *, quiet: bool) -> None:
    """Saves the first pictures that differ: as recorded, as they are now, and the one with what differs marked."""
    for one in different:
        for found in one.found:
            if found.pixels is not None:
                was, now = (_at(event, found.where) for event in (one.recorded, one.replayed))
                with writing(path):
                    Image.fromarray(_panes(was, now)).save(path)
                if not quiet:
                    typer.echo(f"step {one.step}, {found.where}: {path}")
                return
    if not quiet:
        typer.echo("no picture differs: none is kept", err=True)


def _at(event: Any, where: str) -> npt.NDArray[np.uint8]:
    value = event
    for name in where.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, dict):
            value = value[name]
        else:
            value = value[int(name)] if isinstance(value, list | tuple) else getattr(value, name)
    assert is_picture(value)
    picture: npt.NDArray[np.uint8] = value
    return picture if picture.shape[2] == 3 else np.repeat(picture[:, :, :1], 3, axis=2)


def _panes(was: npt.NDArray[np.uint8], now: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    marked = was // _DIMMED
    marked[(was != now).any(axis=2)] = _MARK
    gap = np.full((was.shape[0], 4, 3), 128, np.uint8)
    return np.concatenate([was, gap, now, gap, marked], axis=1)
