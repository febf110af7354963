"""What tests of small tasks play them with."""

from collections.abc import Callable
from typing import Any, TypeAlias

from agentgym.actions import Action
from agentgym.envs.micro import MicroEnv

__all__ = ["Starts", "app_of", "end"]

Starts: TypeAlias = Callable[..., MicroEnv]
"""Called with a family's name, ``level`` and ``seed``: an environment that was reset."""


def app_of(env: MicroEnv) -> Any:
    return env.backend.app  # type: ignore[attr-defined]  # the qt backend's


def end(env: MicroEnv, action: Action) -> float:
    """Does the action that ends the episode; the reward."""
    _, reward, terminated, _, info = env.step(action)
    assert terminated
    assert reward == info["score"]
    return reward
