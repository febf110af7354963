"""Potential-based shaping: rewards that tell the way and leave the optimal policy as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentgym.errors import RewardHookError, UsageError
from agentgym.registry import suggestion
from agentgym.rewards.transition import RewardHook, Transition

__all__ = ["potential_shaping", "progress_shaping", "quantity"]


def potential_shaping(potential: Callable[[Any], float], gamma: float) -> RewardHook:
    """A hook that pays gamma * potential(after) - potential(before), which leaves the optimal policy as it is.

    Ng, Harada and Russell, "Policy invariance under reward transformations", 1999, theorem 1. The potential of a
    terminal state counts as 0 (Grzes, "Reward shaping in episodic reinforcement learning", 2017); a truncated
    episode's last state is not terminal.

    Args:
        potential: of an observation.
        gamma: the learner's discount, in [0, 1].
    """
    _check_discount(gamma)

    def shaping(transition: Transition) -> float:
        after = 0.0 if transition.terminated else potential(transition.after)
        return gamma * after - potential(transition.before)

    return shaping


def progress_shaping(gamma: float, key: str = "progress") -> RewardHook:
    """`potential_shaping` whose potential is a number in ``info``, of the reset as of every step.

    A terminal state counts as 0 here, too: the step that solves the task pays back what was paid on the way, and the
    environment's own reward for it remains.

    Args:
        gamma: the learner's discount, in [0, 1].
        key: of the number.
    """
    _check_discount(gamma)

    def shaping(transition: Transition) -> float:
        after = 0.0 if transition.terminated else quantity(transition.info, key)
        return gamma * after - quantity(transition.before_info, key)

    return shaping


def quantity(info: Mapping[str, Any], key: str) -> float:
    """A number in ``info``.

    Raises:
        RewardHookError: if there is none of this name.
    """
    if key not in info:
        raise RewardHookError(f"info has no {key!r}; {suggestion(key, sorted(info))}")
    value = info[key]
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise RewardHookError(f"info[{key!r}] is {value!r}, not a number") from error


def _check_discount(gamma: float) -> None:
    if not 0 <= gamma <= 1:
        raise UsageError(f"gamma must be in [0, 1], got {gamma!r}")
