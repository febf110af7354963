"""An environment made again from what a recording says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import msgspec

from agentgym.errors import UsageError
from agentgym.registry import resolve
from agentgym.tasks import Task

__all__ = ["recorded_task", "remade"]

_ASK = "make it yourself and pass it, replay(dataset, index, env)"


def remade(description: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """The environment that `agentgym.trajectory.describe_env` described, with its wrappers.

    Raises:
        UsageError: if it was made by no registered id, or with arguments that a recording cannot hold.
    """
    env = _bare(description)
    wanted = list(description.get("wrappers", ()))
    arguments: list[Any] = list(description.get("wrapper_arguments", ())) or [None] * len(wanted)
    there = _wrappers(env)
    for name, known in zip(wanted, arguments, strict=True):
        # What `gymnasium.make` puts around by itself.
        if name in there:
            there.remove(name)
        else:
            env = _around(env, name, known)
    return env


def recorded_task(fields: Any) -> Any:
    """A task that was given as an argument, as it was given: a recording holds its fields."""
    if not isinstance(fields, dict):
        return fields
    try:
        return msgspec.convert(fields, Task, strict=True) if fields.keys() <= set(Task.__struct_fields__) else fields
    except msgspec.ValidationError:
        return fields


def _bare(description: Mapping[str, Any]) -> gym.Env[Any, Any]:
    name, kwargs = description.get("id"), description.get("kwargs", {})
    if name is None:
        return _of_class(str(description.get("class")))
    if "repr" in kwargs:
        raise UsageError(f"{name} was made with what JSON does not hold, {kwargs['repr']}: {_ASK}")
    kwargs = {key: recorded_task(value) if key == "task" else value for key, value in kwargs.items()}
    try:
        return gym.make(name, **kwargs)
    except (TypeError, gym.error.Error) as error:
        raise UsageError(f"{name} cannot be made again from {kwargs}: {error}; {_ASK}") from error


def _of_class(name: str) -> gym.Env[Any, Any]:
    try:
        env: gym.Env[Any, Any] = resolve(name, "environment")()
    except TypeError as error:
        raise UsageError(f"{name} is of no registered id, and its arguments are not recorded: {_ASK}") from error
    return env


def _around(env: gym.Env[Any, Any], name: str, arguments: Mapping[str, Any] | None) -> gym.Env[Any, Any]:
    try:
        wrapped: gym.Env[Any, Any] = resolve(name, "wrapper")(env, **(arguments or {}))
    except TypeError as error:
        raise UsageError(f"the arguments of the wrapper {name} are not in the recording: {_ASK}") from error
    return wrapped


def _wrappers(env: gym.Env[Any, Any]) -> list[str]:
    names = []
    while isinstance(env, gym.Wrapper):
        names.append(f"{type(env).__module__}:{type(env).__qualname__}")
        env = env.env
    return names
