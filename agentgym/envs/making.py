"""An environment made by its id, with arguments that somebody wrote by hand."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import load_env_creator

from agentgym.errors import UsageError
from agentgym.registry import suggestion

__all__ = ["made_by_id"]

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


def made_by_id(env_id: str, arguments: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """The environment.

    Raises:
        UsageError: if it does not take these arguments; it suggests a close one.
    """
    try:
        return gym.make(env_id, **arguments)
    except TypeError as error:
        # Gymnasium adds all arguments to what the environment says of one.
        said = str(error).partition(" was raised")[0]
        unexpected = _UNEXPECTED.search(said)
        close = f"; {suggestion(unexpected[1], _taken(env_id))}" if unexpected else ""
        raise UsageError(f"{env_id} cannot be made so: {said}{close}") from error


def _taken(env_id: str) -> list[str]:
    """The names of what the environment is made with."""
    entry = gym.spec(env_id).entry_point
    creator = load_env_creator(entry) if isinstance(entry, str) else entry
    return [] if creator is None else list(inspect.signature(creator).parameters)
