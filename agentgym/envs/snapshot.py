"""A token of where an episode stands."""

from __future__ import annotations

from typing import Protocol

import msgspec

from agentgym.actions import Action
from agentgym.actions.quoting import cut
from agentgym.tasks import Task
from agentgym.tools import ToolResult
from agentgym.tools.keeping import KeptContext

__all__ = ["Snapshot", "brief"]


class Snapshot(msgspec.Struct, frozen=True):
    """Where an episode stood.

    A backend that can save its state gave ``machine``; otherwise the episode so far is done again, which leads to the
    same place because the same seed and actions do, and ``replayed`` says why. ``kept`` is what setup steps kept for
    the task's judging, ``context`` a copy of what the tools hold, ``results`` what they gave last.
    """

    task: Task
    seed: int
    actions: tuple[Action, ...]
    machine: object | None = None
    kept: dict[str, bytes] = {}
    context: KeptContext | None = None
    results: tuple[ToolResult, ...] = ()
    replayed: str | None = None

    def __repr__(self) -> str:
        return brief(self, len(self.actions))


class _Token(Protocol):
    @property
    def task(self) -> Task: ...
    @property
    def replayed(self) -> str | None: ...


def brief(token: _Token, step: int) -> str:
    """A token in a line: it holds a whole task and machine, which nobody wants to read."""
    replayed = "" if token.replayed is None else f", to be played again: {cut(token.replayed)}"
    return f"<{type(token).__name__} of {token.task.id!r} at step {step}{replayed}>"
