"""What acting costs: every step, and every action that could not be done."""

from __future__ import annotations

import math

from agentgym.errors import UsageError
from agentgym.rewards.transition import RewardHook, Transition

__all__ = ["invalid_action_penalty", "step_cost"]


def step_cost(amount: float) -> RewardHook:
    """A hook that takes ``amount`` for every step."""
    _check_amount(amount)

    def cost(_transition: Transition) -> float:
        return -float(amount)

    return cost


def invalid_action_penalty(amount: float, key: str = "action_error") -> RewardHook:
    """A hook that takes ``amount`` for an action that was not done, as ``info`` says.

    Args:
        amount: what it costs, 0 or more.
        key: under which ``info`` says why the action was not done; what is missing, None or empty says that it was.
    """
    _check_amount(amount)

    def penalty(transition: Transition) -> float:
        return -float(amount) if transition.info.get(key) else 0.0

    return penalty


def _check_amount(amount: float) -> None:
    if not (math.isfinite(amount) and amount >= 0):
        raise UsageError(f"amount is what is taken, 0 or more; got {amount!r}")
