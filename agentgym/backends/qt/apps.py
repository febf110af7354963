"""The applications of the qt backend by name, and the task families that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
import numpy as np

from agentgym.backends.qt.faults import attributed
from agentgym.errors import UsageError
from agentgym.families import Observation, TaskFamily
from agentgym.registration import MICRO, family_name, module_name
from agentgym.registry import Registry
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

if TYPE_CHECKING:
    from collections.abc import Generator

    from agentgym.actions import Action
    from agentgym.backends.qt.app import App

__all__ = ["NATIVE", "PROGRAM", "STATE_FILE", "Split", "app_family", "apps"]

PROGRAM = "agentgym-app"
"""The command that starts an application: ``["agentgym-app", name, parameters as JSON]``."""

STATE_FILE = "~/.agentgym-app.json"
"""Where the state of the application is read."""

NATIVE = (160, 210)
"""(width, height) in pixels for which applications are laid out."""

Split: TypeAlias = Literal["train", "test"]

_HALF = 2**31
# One for all, so that an environment looks at it once.
_EVALUATOR = EvaluatorSpec((Check("app_score", GetterSpec("app_state", {"type": "app_state"})),))

apps: Registry[type[App]] = Registry("app")
for _name in MICRO:
    apps.register_lazily(family_name(_name), f"agentgym.suites.micro.{module_name(_name)}:{_name}")


def app_family(name: str, *, level: int = 1, split: Split = "train") -> TaskFamily:
    """The tasks that an application draws.

    An instance is a number below 2^31 for training, and one from there up to 2^32 for testing: what is drawn for
    testing is never drawn for training, though small instances may look alike.

    Args:
        level: from 1.

    Raises:
        UnknownNameError: if there is no such application.
        MissingDependencyError: if PySide6 is not installed.
        UsageError: if there is no such level or split.
    """
    from agentgym.backends.qt.toolkit import require_qt

    require_qt()
    app = apps[name]
    if level not in range(1, app.levels + 1) or isinstance(level, bool):
        raise UsageError(f"level is {level!r}; {name} has 1 to {app.levels}")
    if split not in ("train", "test"):
        raise UsageError(f"split is {split!r}; it can be 'train' or 'test'")

    def make(rng: np.random.Generator) -> Task:
        instance = int(rng.integers(_HALF)) + (_HALF if split == "test" else 0)
        with attributed(name, "draw"):
            params = app.draw(np.random.default_rng(instance), level)
            instruction, text = str(params["instruction"]), msgspec.json.encode(params).decode()
        return Task(
            id=f"micro/{name}",
            instruction=instruction,
            setup=(SetupStep("launch", {"command": [PROGRAM, name, text]}),),
            evaluator=_EVALUATOR,
            related_apps=(name,),
            max_steps=app.max_steps,
            seed_params={"instance": instance, "level": level, "split": split},
        )

    return TaskFamily(name, make, play, tags=(app.theme,))


def play(task: Task) -> Generator[Action, Observation, None]:
    """The oracle of every family: asks the application for its next action, in a window of its own that it plays along.

    Raises:
        UsageError: if the task launches no application.
    """
    from agentgym.backends.qt.backend import QtBackend

    command = next((step.parameters["command"] for step in task.setup if step.type == "launch"), [""])
    if command[0] != PROGRAM:
        raise UsageError(f"the task {task.id!r} launches no {PROGRAM}, whose oracle could play it")
    own = QtBackend(NATIVE)
    try:
        own.reset(seed=0)
        own.launch(command)
        own.settle(0)
        while not own.app.is_over and (action := own.solve()) is not None:
            own.perform(action)
            own.settle(0)
            yield action
    finally:
        own.close()
