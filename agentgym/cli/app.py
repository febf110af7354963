"""The command's subcommands, and the one place where an error becomes a line on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from agentgym.cli.apps import commands as apps
from agentgym.cli.doctor import doctor
from agentgym.cli.events import events
from agentgym.cli.export import export
from agentgym.cli.fetch import fetch
from agentgym.cli.follow import follow
from agentgym.cli.imports import import_recording
from agentgym.cli.listing import list_names
from agentgym.cli.play import play
from agentgym.cli.plot import plot
from agentgym.cli.qa import qa
from agentgym.cli.relabel import relabel
from agentgym.cli.replay import replay_command
from agentgym.cli.results import results
from agentgym.cli.run import run
from agentgym.cli.screenshot import screenshot
from agentgym.cli.serve_mcp import serve_mcp
from agentgym.cli.status import status
from agentgym.cli.sync import sync
from agentgym.cli.tools import commands as tools
from agentgym.cli.train import train
from agentgym.cli.transcript import transcript_command
from agentgym.cli.validate import validate
from agentgym.cli.video import video
from agentgym.errors import AgentGymError

__all__ = ["app", "main"]

_USAGE_EXIT = 2

app = typer.Typer(
    name="agentgym",
    help="Real Linux desktops as Gymnasium environments, with every transition kept.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"agentgym-envs {version('agentgym-envs')}")
        raise typer.Exit


@app.callback()
def agentgym(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Real Linux desktops as Gymnasium environments, with every transition kept."""


app.command("list")(list_names)
app.command("run")(run)
app.command("play")(play)
app.command("results")(results)
app.command("doctor")(doctor)
app.command("validate")(validate)
app.command("fetch")(fetch)
app.command("screenshot")(screenshot)
app.command("qa")(qa)
app.command("export")(export)
app.command("import")(import_recording)
app.command("relabel")(relabel)
app.command("video")(video)
app.command("plot")(plot)
app.command("status")(status)
app.command("events")(events)
app.command("transcript")(transcript_command)
app.command("replay")(replay_command)
app.command("follow")(follow)
app.command("sync")(sync)
app.command("train")(train)
app.command("serve-mcp")(serve_mcp)
app.add_typer(apps, name="apps")
app.add_typer(tools, name="tools")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits: 0 if all went well, 1 if what was asked for failed, 2 for a mistaken call."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(args=arguments, prog_name="agentgym")
    except AgentGymError as error:
        if "--debug" in arguments:
            raise
        typer.echo(f"agentgym: {error}", err=True)
        sys.exit(_USAGE_EXIT)
