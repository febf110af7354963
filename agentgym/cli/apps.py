"""``agentgym apps``: the small applications, as windows for a person to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from agentgym.backends.qt.apps import NATIVE, apps
from agentgym.cli.output import write_json, write_table
from agentgym.errors import UsageError

if TYPE_CHECKING:
    from agentgym.backends.qt.app import App

__all__ = ["commands"]

commands = typer.Typer(help="Small applications: what there is, and one as a window to try.", no_args_is_help=True)


@commands.command("list")
def list_apps(json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """List the small applications, with theme and levels.

    \b
    Examples:
      agentgym apps list
      agentgym apps list --json
    """
    found = [(name, apps[name].theme, apps[name].levels, _sentence(apps[name])) for name in apps]
    if json:
        keys = ("name", "theme", "levels", "about")
        write_json([dict(zip(keys, row, strict=True)) for row in found])
        return
    write_table(("name", "theme", "levels", ""), [(name, theme, str(n), about) for name, theme, n, about in found])


@commands.command("run")
def run_app(
    name: Annotated[str, typer.Argument(help="Of `agentgym apps list`.")],
    level: Annotated[int, typer.Option(min=1, help="From 1, which is the easiest.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="What is drawn.")] = 0,
    split: Annotated[str, typer.Option(help="train or test.")] = "train",
    scale: Annotated[float, typer.Option(min=1, max=8, help="Pixels of the screen to one of the window.")] = 2,
) -> None:
    """Open a small application as a window, and print the score when its task is over or it is closed.

    \b
    Examples:
      agentgym apps run click-button
      agentgym apps run find-in-table --level 3 --seed 7 --scale 3
    """
    from agentgym.backends.qt.window import show

    if split not in ("train", "test"):
        raise UsageError(f"--split takes train or test, got {split!r}")
    kind = apps[name]
    if level > kind.levels:
        raise UsageError(f"--level is {level}; {name} has 1 to {kind.levels}")
    # Not by `app_family`, which starts Qt's offscreen platform, and a process has one for good.
    instance = int(np.random.default_rng(seed).integers(2**31)) + (2**31 if split == "test" else 0)
    params = kind.draw(np.random.default_rng(instance), level)
    typer.echo(f"{params['instruction']} ({NATIVE[0]}x{NATIVE[1]}, {scale:g} times)")
    score = 0.0

    def changed(app: App) -> None:
        nonlocal score
        score = app.score
        if app.is_over:
            app.close()

    show(name, params, changed, scale=scale)
    typer.echo(f"score {score:g}")


def _sentence(app: type[App]) -> str:
    return (app.__doc__ or "").strip().splitlines()[0]
