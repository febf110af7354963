"""The tables of getters, and what a getter is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from agentgym.backends.base import Backend
from agentgym.registry import Registry
from agentgym.tasks import EvaluatorSpec

__all__ = ["Fetched", "Getter", "getter_needs", "getters", "needs_of", "reads_kept"]


class Fetched(msgspec.Struct, frozen=True):
    """A file that a getter fetched. Metrics find it on disk, under its name, while they run.

    Args:
        beside: files that lie in the same folder, though the metric is not handed their paths.
    """

    name: str
    content: bytes
    beside: tuple[Fetched, ...] = ()


Getter: TypeAlias = Callable[[Backend, dict[str, Any]], Any]
"""Fetches one thing. ``FileNotFoundError`` says that it is not there, which scores 0."""

getters: Registry[Getter] = Registry("getter")

getter_needs: Registry[Sequence[str]] = Registry("getter need")
"""By the getter's name: the kinds of observation that it looks at, which a machine may have to be made for."""

reads_kept: Registry[bool] = Registry("getter of what was kept", plugins=False)
"""By the getter's name: whether ``kept`` is in its config, what steps and tools kept for the judging, by name."""


def needs_of(spec: EvaluatorSpec) -> frozenset[str]:
    """The kinds of observation that an evaluator's getters look at."""
    sides = [side for check in spec.checks for side in (check.result, check.expected) if side is not None]
    return frozenset(kind for side in sides if side.type in getter_needs for kind in getter_needs[side.type])
