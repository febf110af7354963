"""A token of where an episode stands."""

from __future__ import annotations

import msgspec

from agentgym.actions import Action
from agentgym.tasks import Task
from agentgym.tools import ToolResult
from agentgym.tools.keeping import KeptContext

__all__ = ["Snapshot"]


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
