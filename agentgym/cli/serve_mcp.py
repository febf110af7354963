"""``agentgym serve-mcp``: an environment as an MCP server, so that any client of MCP is the agent."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from agentgym.cli.environments import made_env
from agentgym.cli.options import key_values, modules_from_here
from agentgym.cli.targets import make_folder
from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.wrappers import TrajectoryRecorder

__all__ = ["serve_mcp"]

_TERMINATED_EXIT = 143


def serve_mcp(
    target: Annotated[
        str, typer.Argument(help="An environment's id, or a task: suite/task, a suite, a file, a folder.")
    ],
    http: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve HTTP on this port of 127.0.0.1; 0 takes a free one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Record into this dataset.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first episode.")] = 0,
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the environment; may be repeated.")] = None,
    hide: Annotated[
        list[str] | None, typer.Option(help="Do not offer this: evaluate, reset, screenshot or task; may be repeated.")
    ] = None,
    idle: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds without a request.")] = None,
) -> None:
    """Offer an environment as an MCP server.

    The task's tools are offered as they are; a desktop's actions are tools, which answer with a screenshot. On standard
    input and output the run ends when the client goes; by HTTP with Ctrl-C or after --idle. What an episode was left at
    is scored as it is.

    \b
    Examples:
      agentgym serve-mcp shell/find-text --out data/
      agentgym serve-mcp apps/note-save --http 8000 --hide evaluate
      agentgym serve-mcp agentgym/ClickButton-v0 --option backend=qt
    """
    needed("mcp", extra="mcp")
    from agentgym.serving.mcp import serve_http, serve_stdio
    from agentgym.serving.played import Played

    if idle is not None and http is None:
        raise UsageError("--idle is for --http; on standard input the run ends with the client")
    if out is not None:
        make_folder(out)
    with modules_from_here(), _listening(http) as listening:
        env = made_env(target, key_values(option or (), flag="--option"))
        if out is not None:
            env = TrajectoryRecorder(env, out, agent="mcp")
        played = Played(env, seed=seed, hidden=hide or ())
        signal.signal(signal.SIGTERM, _leave)
        try:
            if listening is None:
                serve_stdio(played)
            else:
                serve_http(played, listening, ready=_announce, idle_s=idle)
        finally:
            # The client may be impatient, but what was recorded is to be whole.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            played.close()


@contextmanager
def _listening(port: int | None) -> Iterator[socket.socket | None]:
    """Takes the port before anything is started that it could be missing for."""
    if port is None:
        yield None
        return
    try:
        listening = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise UsageError(f"cannot listen on port {port} of 127.0.0.1: {os.strerror(error.errno or 0)}") from error
    with listening:
        yield listening


def _announce(address: str) -> None:
    typer.echo(f"agentgym: serving at {address}", err=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_TERMINATED_EXIT)
