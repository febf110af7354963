"""The table of setup steps, and how a task's steps are run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeAlias, get_type_hints

import msgspec

from agentgym.backends.base import Backend
from agentgym.errors import BackendError, MissingDependencyError, TaskError, UnknownNameError
from agentgym.registry import Registry
from agentgym.setup import actions, opening, services, verifying, wallpapers, windows
from agentgym.setup.browser import history, login, tabs
from agentgym.setup.downloads import download
from agentgym.setup.drive.googledrive import googledrive
from agentgym.tasks import SetupStep

__all__ = ["SetupAction", "check_step", "run_steps", "steps", "unknown_keyword"]

SetupAction: TypeAlias = Callable[..., Mapping[str, bytes] | None]
"""Changes the machine: called with the backend and the step's parameters by name.

It may return files by name, which the getter ``cache_file`` finds when the task is judged.

A step whose parameters are not of the annotated types is refused before it is called.
"""

steps: Registry[SetupAction] = Registry("setup step")
steps.register("activate_window", windows.activate_window)
steps.register("change_wallpaper", wallpapers.change_wallpaper)
steps.register("chrome_close_tabs", tabs.chrome_close_tabs)
steps.register("chrome_open_tabs", tabs.chrome_open_tabs)
steps.register("close_window", windows.close_window)
steps.register("command", actions.execute)
steps.register("download", download)
steps.register("execute", actions.execute)
steps.register("execute_with_verification", verifying.execute_with_verification)
steps.register("file", actions.file)
steps.register("googledrive", googledrive)
steps.register("launch", actions.launch)
steps.register("login", login.login)
steps.register("open", opening.open_path)
steps.register("service", services.service)
steps.register("sleep", actions.sleep)
steps.register("update_browse_history", history.update_browse_history)
steps.register("upload_file", actions.upload_file)

_REFUSED: Mapping[str, str] = {
    "act": "OSWorld has it in name only, too; a task's actions are its agent's, and `execute` runs programs",
    "proxy": "it would install a proxy in the machine, with a password and from OSWorld's own list of proxies; "
    "start the machine, or this program, where the network leads through one",
    "replay": "OSWorld has it in name only, too; `agentgym replay` plays what was recorded",
    "tidy_desktop": "OSWorld has it in name only, too; every episode begins afresh",
}
"""Steps of OSWorld that are not done here, and why."""


def run_steps(sequence: Sequence[SetupStep], backend: Backend, *, where: str = "$.config") -> dict[str, bytes]:
    """Runs steps in their order, and gives what they kept, by name.

    Args:
        where: the JSON path of the list, for errors.

    Raises:
        TaskError: if a step is unknown, or its parameters do not fit, or it cannot be done; it gives the JSON path.
        BackendError: if the machine broke.
    """
    kept: dict[str, bytes] = {}
    for index, step in enumerate(sequence):
        kept.update(_run(step, backend, f"{where}[{index}]") or {})
    return kept


def check_step(step: SetupStep, where: str) -> SetupAction:
    """The action of a step whose parameters fit it.

    Raises:
        TaskError: says what does not fit.
    """
    if step.type in _REFUSED and step.type not in steps:
        raise TaskError(f"the step {step.type!r} is not done here: {_REFUSED[step.type]} - at {where}.type")
    try:
        action = steps[step.type]
    except UnknownNameError as error:
        raise TaskError(f"{error} - at {where}.type") from error
    signature, kinds = _form(action)
    unknown = unknown_keyword(signature, step.parameters)
    if unknown is not None:
        raise TaskError(f"step {step.type!r} has no parameter {unknown} - at {where}.parameters")
    try:
        signature.bind(None, **step.parameters)
    except TypeError as error:
        raise TaskError(f"step {step.type!r}: {error} - at {where}.parameters") from error
    for name, kind in kinds.items():
        if name in step.parameters:
            _check_kind(step, name, kind, where)
    return action


def unknown_keyword(signature: inspect.Signature, given: Iterable[str], *, after: int = 1) -> str | None:
    """The first keyword that a function does not take, and what may have been meant; None if it takes all.

    Args:
        after: how many parameters are not given by name: the machine, or what was fetched from it.
    """
    parameters = signature.parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    known = [parameter.name for parameter in parameters][after:]
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            return (
                f"{name!r}; did you mean {close[0]!r}?" if close else f"{name!r}; it has {', '.join(known) or 'none'}"
            )
    return None


@cache
def _form(action: SetupAction) -> tuple[inspect.Signature, Mapping[str, Any]]:
    """How an action is called, and the types of its parameters."""
    try:
        kinds = get_type_hints(action, include_extras=True)
    except NameError:
        # An action of another package may import what it is annotated with for its type checker alone.
        kinds = {}
    return inspect.signature(action), kinds


def _check_kind(step: SetupStep, name: str, kind: Any, where: str) -> None:
    try:
        msgspec.convert(step.parameters[name], kind, strict=False)
    except msgspec.ValidationError as error:
        says, _, inner = str(error).partition(" - at `$")
        raise TaskError(
            f"step {step.type!r}, parameter {name!r}: {says} - at {where}.parameters.{name}{inner.rstrip('`')}"
        ) from error


def _run(step: SetupStep, backend: Backend, where: str) -> Mapping[str, bytes] | None:
    action = check_step(step, where)
    parameters: dict[str, Any] = step.parameters
    try:
        return action(backend, **parameters)
    except (BackendError, MissingDependencyError, TaskError):
        raise
    except (OSError, ValueError) as error:
        raise TaskError(f"step {step.type!r}: {error} - at {where}") from error
    except Exception as error:  # a boundary to steps that others wrote
        raise TaskError(f"step {step.type!r} raised {error!r} - at {where}") from error
