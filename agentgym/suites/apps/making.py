"""What the families of this suite are made of: setup steps, checks and drawn words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from agentgym.backends.x11.environment import COMMANDS
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = [
    "DOCUMENTS",
    "HOME",
    "draw",
    "draw_some",
    "files_are",
    "lay",
    "make_task",
    "output_is",
    "start",
    "text_is",
    "title_is",
]

HOME = "/home/user"
DOCUMENTS = f"{HOME}/Documents"

T = TypeVar("T")


def draw(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def draw_some(rng: np.random.Generator, choices: Sequence[T], count: int) -> list[T]:
    """``count`` different ones of the choices."""
    return [choices[int(index)] for index in rng.choice(len(choices), size=count, replace=False)]


def make_task(
    name: str,
    instruction: str,
    *,
    setup: Sequence[SetupStep],
    check: Check | EvaluatorSpec,
    apps: Sequence[str],
    max_steps: int,
    drawn: Mapping[str, Any],
) -> Task:
    """A task of this suite.

    Args:
        check: what must hold in the end.
        drawn: what the scripts of the family need to know, kept as ``Task.seed_params``.
    """
    return Task(
        id=f"apps/{name}",
        instruction=instruction,
        setup=tuple(setup),
        evaluator=check if isinstance(check, EvaluatorSpec) else EvaluatorSpec((check,)),
        related_apps=tuple(apps),
        max_steps=max_steps,
        seed_params=dict(drawn),
    )


def start(application: str, *arguments: str, title: str) -> SetupStep:
    """Starts an application of `COMMANDS`, and waits until a window has ``title`` in its title."""
    return SetupStep("launch", {"command": [*COMMANDS[application], *arguments], "wait_window": title})


def lay(path: str, content: str) -> SetupStep:
    """Lays a text file."""
    return SetupStep("file", {"path": path, "content": content})


def output_is(command: Sequence[str], *texts: str) -> Check:
    """Whether a command writes one of the texts, to the letter."""
    return Check(
        "match_in_list",
        GetterSpec("vm_command_line", {"type": "vm_command_line", "command": list(command)}),
        _rule(list(texts)),
    )


def text_is(path: str, text: str) -> Check:
    """Whether a file holds a text; one newline at the end more or less does not matter."""
    bare = text.removesuffix("\n")
    return output_is(["cat", path], bare, f"{bare}\n")


def files_are(folder: str, files: Mapping[str, str]) -> Check:
    """Whether a folder holds these files with these contents, by path inside it, and no others."""
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  ./{name}\n" for name, text in files.items()]
    listing = f"cd {folder} && find . -type f -exec sha256sum {{}} + | LC_ALL=C sort"
    return output_is(["sh", "-c", listing], "".join(sorted(lines)))


def title_is(title: str) -> Check:
    """Whether some window has this title."""
    return Check(
        "is_in_list",
        GetterSpec("vm_window_titles", {"type": "vm_window_titles"}),
        _rule(title),
    )


def _rule(expected: Any) -> GetterSpec:
    return GetterSpec("rule", {"type": "rule", "rules": {"expected": expected}})
