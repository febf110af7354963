"""What the families of this suite are made of: windows whose text is nowhere else, and tools beside them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from agentgym.actions import Hotkey, RawAction
from agentgym.suites.apps.making import start
from agentgym.suites.toolmaking import lay
from agentgym.tasks import Check, EvaluatorSpec, SetupStep, Task

__all__ = ["Moves", "copy_all", "edited", "make_task", "only_shown"]

Moves: TypeAlias = Generator[RawAction, Any, None]


def make_task(
    name: str,
    instruction: str,
    *,
    setup: Sequence[SetupStep],
    checks: Sequence[Check],
    tools: Sequence[str],
    drawn: Mapping[str, Any],
    metadata: Mapping[str, Any] = MappingProxyType({}),
) -> Task:
    """A task of this suite, on the text editor.

    Args:
        checks: what must hold in the end, all of it.
        tools: what is there beside the desktop.
        drawn: what the scripts of the family need to know, kept as ``Task.seed_params``.
    """
    return Task(
        id=f"mixed/{name}",
        instruction=instruction,
        setup=tuple(setup),
        evaluator=EvaluatorSpec(tuple(checks)),
        tools=tuple(tools),
        related_apps=("mousepad",),
        max_steps=30,
        seed_params=dict(drawn),
        metadata=dict(metadata),
    )


def edited(path: str, text: str) -> list[SetupStep]:
    """A file that is open in the text editor."""
    return [lay(path, text), start("text editor", path, title=path.rpartition("/")[2])]


def only_shown(path: str, text: str) -> list[SetupStep]:
    """A text that the text editor shows and that is in no file: the one that it was opened from is gone."""
    return [*edited(path, text), SetupStep("execute", {"command": ["rm", path], "check": True})]


def copy_all() -> Moves:
    """Puts the text of the window onto the clipboard."""
    yield Hotkey(("ctrl", "a"))
    yield Hotkey(("ctrl", "c"))
