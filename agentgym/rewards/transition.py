"""What a reward hook is: a function from a transition to a float, or what makes one for each episode."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

from agentgym.errors import RewardHookError

__all__ = ["EpisodeHook", "Hook", "RewardHook", "Transition", "begun", "term"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step. ``before`` and ``after`` are observations, ``before_info`` and ``info`` what came with them.

    A reward hook is shown the environment's own ``reward``, whatever other hooks pay, and infos without reward terms:
    so it says the same live and on a recording.
    """

    before: Any
    action: Any
    after: Any
    reward: float
    terminated: bool
    truncated: bool
    info: Mapping[str, Any]
    before_info: Mapping[str, Any] = field(default_factory=dict)


RewardHook: TypeAlias = Callable[[Transition], float]


@runtime_checkable
class EpisodeHook(Protocol):
    """What makes the hook of one episode, for a reward that remembers: where one has been, what one has done.

    It keeps nothing itself, so that any number of environments may share it.
    """

    def begin(self) -> RewardHook:
        """A hook that is called with each transition of one episode, in order."""


Hook: TypeAlias = RewardHook | EpisodeHook


def begun(hooks: Mapping[str, Hook]) -> dict[str, RewardHook]:
    """The hooks of an episode that begins."""
    return {name: hook.begin() if isinstance(hook, EpisodeHook) else hook for name, hook in hooks.items()}


def term(name: str, hook: RewardHook, transition: Transition) -> float:
    """What a hook says of a transition.

    Raises:
        RewardHookError: if the hook raised, or returned what is no finite number.
    """
    try:
        value = hook(transition)
    except RewardHookError as error:
        raise RewardHookError(f"the reward hook {name!r}: {error}") from error
    except Exception as error:
        raise RewardHookError(f"the reward hook {name!r} raised {type(error).__name__}: {error}") from error
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise RewardHookError(f"the reward hook {name!r} returned {value!r}, not a number") from error
    if not math.isfinite(number):
        raise RewardHookError(f"the reward hook {name!r} returned {number}; a reward must be finite")
    return number
