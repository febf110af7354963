"""How well a policy does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from agentgym.agents.policy import chosen, takes_masks

__all__ = ["evaluate", "solved"]


def solved(info: Mapping[str, Any]) -> bool:
    """Whether the episode that ended with this info was solved."""
    return bool(info["is_success"]) if "is_success" in info else info.get("score") == 1


def evaluate(model: Any, envs: VecEnv, episodes: int, *, seed: int) -> tuple[float, float]:
    """Success and mean return of a learner that draws its actions, as in training.

    Each environment plays as many episodes as the next, or one more: else short ones would count more often.

    Args:
        seed: the same seed draws the same episodes.
    """
    masked = takes_masks(model) and envs.has_attr("action_masks")

    def masks() -> Any:
        return np.stack(envs.env_method("action_masks")) if masked else None

    envs.seed(seed)
    seen = envs.reset()
    left = np.array([(episodes + number) // envs.num_envs for number in range(envs.num_envs)])
    returns, successes, so_far = [], [], np.zeros(envs.num_envs)
    while left.any():
        seen, rewards, dones, infos = envs.step(chosen(model, seen, mask=masks()))
        so_far += rewards
        for number in np.flatnonzero(dones):
            if left[number]:
                left[number] -= 1
                returns.append(so_far[number])
                successes.append(solved(infos[number]))
            so_far[number] = 0
    return float(np.mean(successes)), float(np.mean(returns))
