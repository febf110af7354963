"""MiniWoB++'s pages by name, where they lie, and the task families that they are."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
import numpy as np

from agentgym.errors import MissingDependencyError, UnknownNameError, UsageError
from agentgym.families import Observation, TaskFamily
from agentgym.registration import MINIWOB
from agentgym.registry import suggestion
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

if TYPE_CHECKING:
    from collections.abc import Generator

    from agentgym.actions import Action

__all__ = ["MAX_STEPS", "NATIVE", "PROGRAM", "Opening", "Split", "page_family", "pages_folder"]

PROGRAM = "agentgym-miniwob"
"""The command that opens a page on the backend ``miniwob``: ``["agentgym-miniwob", name, parameters as JSON]``."""

NATIVE = (160, 210)
"""(width, height) in pixels of what belongs to a task on every page."""

MAX_STEPS = 50

Split: TypeAlias = Literal["train", "test"]

_HALF = 2**31
_INSTRUCTION = "Do what the page says."


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With what a page begins an episode: the seed of its random numbers, and which half of its data it draws from."""

    seed: int
    mode: Split


def pages_folder() -> Path:
    """The HTML files of the installed package ``miniwob``, which is not imported.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    spec = find_spec("miniwob")
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / "html"
    if folder is None or not folder.is_dir():
        raise MissingDependencyError("MiniWoB++'s pages are not installed: pip install 'agentgym-envs[miniwob]'")
    return folder


def page_family(name: str, *, split: Split = "train") -> TaskFamily:
    """The episodes that a page draws.

    A seed is a number below 2^31 for training, and one from there up to 2^32 for testing. Some pages have data of their
    own for either, too.

    Raises:
        UnknownNameError: if there is no such page.
        UsageError: if there is no such split.
    """
    if name not in MINIWOB:
        raise UnknownNameError(f"no MiniWoB++ page named {name!r}; {suggestion(name, MINIWOB)}")
    if split not in ("train", "test"):
        raise UsageError(f"split is {split!r}; it can be 'train' or 'test'")

    def make(rng: np.random.Generator) -> Task:
        seed = int(rng.integers(_HALF)) + (_HALF if split == "test" else 0)
        opening = msgspec.json.encode(Opening(seed, split)).decode()
        return Task(
            id=f"miniwob/{name}",
            instruction=_INSTRUCTION,
            setup=(SetupStep("launch", {"command": [PROGRAM, name, opening]}),),
            evaluator=EvaluatorSpec((Check("app_score", GetterSpec("app_state", {"type": "app_state"})),)),
            related_apps=("chromium",),
            max_steps=MAX_STEPS,
            seed_params={"seed": seed, "split": split},
        )

    return TaskFamily(name, make, _play, tags=("miniwob",))


def _play(task: Task) -> Generator[Action, Observation, None]:
    raise UsageError(f"the page of {task.id!r} does not tell how it is solved: there is no oracle")
