"""What is known of an environment and of the programs around it, as plain JSON."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import gymnasium as gym
import msgspec

from agentgym.trajectory.spacejson import space_to_json

__all__ = ["describe_env", "provenance"]

_PACKAGES = ("agentgym-envs", "gymnasium", "numpy", "msgspec", "zstandard")


def describe_env(env: gym.Env[Any, Any]) -> dict[str, Any]:
    """Its id, how it was made, its wrappers from the inside out, and its spaces.

    ``wrapper_arguments`` are those of each wrapper, None for one of which they are not known or not JSON.
    """
    spec = env.spec
    layers = [*_layers(env)][::-1]
    made = {} if spec is None else {"id": spec.id, "entry_point": str(spec.entry_point), "kwargs": _plain(spec.kwargs)}
    return {
        **made,
        "class": f"{type(env.unwrapped).__module__}:{type(env.unwrapped).__qualname__}",
        "wrappers": [f"{type(layer).__module__}:{type(layer).__qualname__}" for layer in layers],
        "wrapper_arguments": [_arguments(layer) for layer in layers],
        "observation_space": space_to_json(env.observation_space),
        "action_space": space_to_json(env.action_space),
    }


def provenance() -> dict[str, Any]:
    """The versions of what made the recording."""
    packages = {name: _version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "platform": sys.platform, "packages": packages}


def _layers(env: gym.Env[Any, Any]) -> Iterator[gym.Env[Any, Any]]:
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env


def _arguments(layer: gym.Env[Any, Any]) -> dict[str, Any] | None:
    # What `gymnasium.utils.RecordConstructorArgs` keeps; an environment's spec has it of registered ids alone.
    kept = getattr(layer, "_saved_kwargs", None)
    if not isinstance(kept, dict):
        return None
    try:
        arguments: dict[str, Any] = msgspec.json.decode(
            msgspec.json.encode({name: value for name, value in kept.items() if name != "env"})
        )
    except (TypeError, ValueError):
        return None
    return arguments


def _plain(value: Any) -> Any:
    try:
        return msgspec.json.decode(msgspec.json.encode(value, enc_hook=repr))
    except (TypeError, ValueError):
        return {"repr": ascii(value)}


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
