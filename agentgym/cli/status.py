"""``agentgym status``: what goes on in a dataset that is being written, and what became of the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from agentgym.cli.output import output_console, write_json
from agentgym.cli.statusview import Room, view
from agentgym.errors import UsageError
from agentgym.events import utc_now
from agentgym.results import read_args
from agentgym.state import RunState
from agentgym.trajectory.layout import dataset_file

__all__ = ["status"]

_INTERVAL_S = 0.5
# Where each episode is a run of its own there may be none between two of them.
_PATIENCE_S = 3.0
# An agent that loads its library takes its time before its run begins.
_LONG_PATIENCE_S = 30.0


def status(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings, or a --result-root.")],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show it live, until all runs have ended, or Ctrl-C.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Write JSON; with --follow, once, when all runs have ended.")
    ] = False,
) -> None:
    """Show what goes on: runs and episodes with their last calls, scores so far, usage, what broke.

    Reads the recording alone, so it works for runs of any program and after a crash: a run whose process died
    without a word is interrupted.

    \b
    Examples:
      agentgym status data/
      agentgym status data/ --follow
      agentgym status data/ --json
    """
    console = output_console()
    *others, data = _runs_at(data)
    if others and (follow or json):
        raise UsageError(
            f"there are {len(others) + 1} runs there; name one of them: {', '.join(map(str, [*others, data]))}"
        )
    for other in others:
        _check_recorded(other)
        console.print(view(RunState.read(other), title=str(other), now=utc_now(), planned=_planned(other)))
    _check_recorded(data)
    if follow:
        with suppress(KeyboardInterrupt):
            _follow(data, console, live=console.is_terminal and not json)
        if console.is_terminal and not json:
            return
    state = RunState.read(data)
    if json:
        write_json({"dataset": str(data), "planned": _planned(data), **state.plain()})
        return
    console.print(view(state, title=str(data), now=utc_now(), planned=_planned(data)))


def _runs_at(data: Path) -> list[Path]:
    """The folder, or those of runs below it where it is the root of results in OSWorld's layout."""
    if dataset_file(data).exists() or read_args(data) is not None:
        return [data]
    # <action_space>/<observation_type>/<model>, or what is asked for lies between.
    below = {path.parent for depth in (1, 2, 3) for path in data.glob("*/" * depth + "args.json")}
    return sorted(path for path in below if "session_id" in (read_args(path) or {})) or [data]


def _check_recorded(data: Path) -> None:
    """Refuses the folder of a run that is recorded elsewhere, or not at all."""
    args = read_args(data)
    if args is None or dataset_file(data).exists():
        return
    if not args.get("trace", True):
        raise UsageError(f"{data} was run without recording; `agentgym results {data}` shows what came of it")
    if args.get("trace_dir"):
        raise UsageError(f"{data} is recorded in {args['trace_dir']}: `agentgym status {args['trace_dir']}`")


def _follow(data: Path, console: Console, *, live: bool) -> None:
    """Returns when all runs have ended."""
    if not live:
        _until_over(data, lambda _state, _planned: None)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as shown:

        def show(state: RunState, planned: int | None) -> None:
            room = Room.of(console.size.height)
            shown.update(view(state, title=str(data), now=utc_now(), room=room, planned=planned), refresh=True)

        _until_over(data, show)


def _until_over(data: Path, show: Callable[[RunState, int | None], None]) -> None:
    state = _waited_for(data)
    last_running = time.monotonic()
    while True:
        began = time.monotonic()
        state.refresh()
        planned = _planned(data)
        show(state, planned)
        if not state.is_over:
            last_running = time.monotonic()
        elif time.monotonic() - last_running >= _patience_s(state, planned):
            return
        # To look at a great many runs must not take a core of them.
        time.sleep(max(_INTERVAL_S, 3 * (time.monotonic() - began)))


def _patience_s(state: RunState, planned: int | None) -> float:
    """How long nothing runs until all has ended: there is more to come where more was planned."""
    ended = sum(not episode.is_open for episode in state.episodes())
    return _PATIENCE_S if planned is None or ended >= planned else _LONG_PATIENCE_S


def _planned(data: Path) -> int | None:
    """How many episodes `agentgym run` was told to do, if that is who records."""
    args = read_args(data) or {}
    calls = args.get("calls") or [{}]
    planned = calls[-1].get("planned")
    return planned if isinstance(planned, int) else None


def _waited_for(data: Path) -> RunState:
    """The state of a dataset that may be yet to begin, in a folder that is there."""
    while data.is_dir() and not dataset_file(data).exists():
        time.sleep(_INTERVAL_S)
    return RunState.read(data)
