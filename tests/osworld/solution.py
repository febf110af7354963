"""What solves one of OSWorld's tasks: the files that it needs, and the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agentgym.actions import RawAction

__all__ = ["ClickOn", "Gone", "Move", "Moves", "Seen", "Solution", "Written"]


@dataclass(frozen=True)
class Seen:
    """Waiting, step by step, until a window shows a title that contains this."""

    title: str


@dataclass(frozen=True)
class Gone:
    """Waiting, step by step, until no window shows a title that contains this."""

    title: str


@dataclass(frozen=True)
class Written:
    """Waiting, step by step, until a file of the machine holds a text: applications write settings a while later."""

    path: str
    text: str


@dataclass(frozen=True)
class ClickOn:
    """A click with the pointer on the middle of an element, as soon as the browser's page shows it at rest."""

    selector: str


Move: TypeAlias = RawAction | Seen | Gone | Written | ClickOn
Moves: TypeAlias = Iterator[Move]


@dataclass(frozen=True)
class Solution:
    """How one task is solved.

    Args:
        task: the whole id.
        by: ``"gui"`` with keyboard and pointer, ``"command"`` where the way leads through a command in the machine.
        files: makes what the task downloads and is compared with, by name; the latter without the help of the oracle.
        oracle: the actions, without the last `Done`.
        afresh: whether judging before the first action spoils the machine, so that the oracle needs another reset.
        least: the score from which on the task is solved; less than 1 where the metric says how alike two pictures or
            sounds are, of which one was coded anew.
    """

    task: str
    by: Literal["gui", "command"]
    files: Callable[[], Mapping[str, bytes]]
    oracle: Callable[[], Moves]
    afresh: bool = False
    least: float = 1.0
