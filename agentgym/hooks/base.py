"""The table of hooks that can be named, and what they may have besides being called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from agentgym.events import POINTS, Record
from agentgym.registry import Registry

__all__ = ["OBSERVE", "Closes", "Hook", "KnowsPoints", "Watches", "hooks", "points_of"]

OBSERVE = "observe"
"""Stands where a point does: the hook is called with each record."""

Hook: TypeAlias = Callable[..., Any]
"""An `agentgym.events.Interceptor`; or, of ``observe``, a function of a `Record`."""

hooks: Registry[Callable[..., Hook]] = Registry("hook")
"""By name: what makes a hook from keyword options, once an episode or a rollout. A class may say with ``points`` where
its hooks have a use. They are made when they are read, too, to see whether they can be: nothing may come of that."""

hooks.register_lazily("answer", "agentgym.hooks.person:answer")
hooks.register_lazily("approve", "agentgym.hooks.person:approve")


@runtime_checkable
class Watches(Protocol):
    """An interceptor that is shown every record, too."""

    def watch(self, record: Record) -> object: ...


@runtime_checkable
class Closes(Protocol):
    """A hook that holds something open until the episode, or the rollout, is over."""

    def close(self) -> object: ...


@runtime_checkable
class KnowsPoints(Protocol):
    """A hook that as it was made has no use at some of the points where such hooks have one."""

    def fault_at(self, point: str) -> str | None:
        """Why it has none there; None if it has."""


def points_of(factory: Callable[..., Hook]) -> tuple[str, ...]:
    """Where such hooks have a use."""
    return tuple(getattr(factory, "points", (*POINTS, OBSERVE)))
