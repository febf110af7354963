"""``agentgym list``: what can be named, in tasks and on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import gymnasium as gym
import typer

from agentgym.agents import agents
from agentgym.backends.base import backends
from agentgym.cli.output import write_json, write_table
from agentgym.engines import engines
from agentgym.errors import UnknownNameError, UsageError
from agentgym.evaluators import getters, metrics
from agentgym.export import exporters
from agentgym.families import Suite, suites
from agentgym.registry import suggestion
from agentgym.setup import steps
from agentgym.sinks import sinks
from agentgym.tools import tools

__all__ = ["list_names"]


def _environments() -> list[str]:
    return sorted(name for name in gym.registry if name.startswith("agentgym/"))


def _tasks() -> list[str]:
    # A suite of hundreds would hide all that comes after it.
    by_size = sorted(suites.values(), key=lambda suite: len(suite.families))
    return [name for suite in by_size for name in _tasks_of(suite)]


def _tasks_of(suite: Suite) -> list[str]:
    return [f"{suite.name}/{family}" for family in suite.families]


_KINDS: Mapping[str, Callable[[], list[str]]] = {
    "agents": lambda: list(agents),
    "backends": lambda: list(backends),
    "engines": lambda: list(engines),
    "environments": _environments,
    "exporters": lambda: list(exporters),
    "getters": lambda: list(getters),
    "metrics": lambda: list(metrics),
    "setup-steps": lambda: list(steps),
    "sinks": lambda: list(sinks),
    "suites": lambda: list(suites),
    "tasks": _tasks,
    "tools": lambda: list(tools),
}


def list_names(
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(_KINDS)}; all if none is named.")] = None,
    suite: Annotated[str | None, typer.Argument(help="Of tasks: those of this suite; all if none is named.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List what can be named in tasks and on the command line; of tasks, those of the largest suites last.

    \b
    Examples:
      agentgym list
      agentgym list tasks shell
      agentgym list metrics --json
    """
    wanted = list(_KINDS) if kind is None else [_known(kind)]
    if suite is not None and kind != "tasks":
        raise UsageError(f"only tasks are of a suite: agentgym list tasks {suite}")
    names = {name: _KINDS[name]() for name in wanted} if suite is None else {"tasks": _tasks_of(suites[suite])}
    if json:
        write_json(names if kind is None else names[kind])
        return
    if kind is not None:
        typer.echo("\n".join(names[kind]))
        return
    write_table(("kind", "names"), [(name, ", ".join(values)) for name, values in names.items()])


def _known(kind: str) -> str:
    if kind not in _KINDS:
        raise UnknownNameError(f"nothing named {kind!r} to list; {suggestion(kind, _KINDS)}")
    return kind
