"""``agentgym screenshot``: what a desktop shows before anyone has acted."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import gymnasium as gym
import typer
from PIL import Image

from agentgym.cli.options import known_sandbox
from agentgym.cli.targets import check_target, writing
from agentgym.errors import UsageError
from agentgym.tasks import SetupStep, Task

__all__ = ["screenshot"]


def screenshot(
    out: Annotated[Path, typer.Argument(help="The PNG to write.")],
    task: Annotated[str | None, typer.Option(help="Prepare this task.")] = None,
    command: Annotated[str | None, typer.Option(help="Start this command on an empty desktop.")] = None,
    screen: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "1280x720",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    backend: Annotated[str, typer.Option(help="The machine to run on.")] = "x11",
    sandbox: Annotated[str, typer.Option(help="bwrap, or none to run applications without protection.")] = "bwrap",
) -> None:
    """Write what a desktop shows, once it has settled, as PNG.

    \b
    Examples:
      agentgym screenshot desktop.png
      agentgym screenshot task.png --task apps/note-save --seed 3
      agentgym screenshot editor.png --command "mousepad /etc/os-release" --screen 800x600
    """
    if task is not None and command is not None:
        raise UsageError("give --task or --command, not both")
    check_target(out)
    env = gym.make(
        "agentgym/Desktop-v0",
        task=task or _starting(command),
        screen=_size(screen),
        backend=backend,
        sandbox=known_sandbox(sandbox),
    )
    try:
        observation, _ = env.reset(seed=seed)
    finally:
        env.close()
    with writing(out):
        Image.fromarray(observation["screenshot"]).save(out, format="PNG")


def _starting(command: str | None) -> Task:
    """A task that only prepares the machine."""
    launch = () if command is None else (SetupStep("launch", {"command": shlex.split(command)}),)
    return Task(id="screenshot", instruction="", setup=launch)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--screen takes WIDTHxHEIGHT, got {text!r}")
    return int(width), int(height)
