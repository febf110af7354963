"""The environments' ids."""

from __future__ import annotations

import gymnasium as gym

__all__ = ["register_environments"]


def register_environments() -> None:
    """Registers every id with Gymnasium. May be called twice."""
    if "agentgym/Desktop-v0" in gym.registry:
        return
    # No max_episode_steps: the environment truncates by itself, because the truncated episode must be scored.
    gym.register("agentgym/Desktop-v0", entry_point="agentgym.envs.desktop:DesktopEnv")
