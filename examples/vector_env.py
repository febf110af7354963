"""Steps two desktops at a time with random clicks, as an RL library would: ``python vector_env.py``."""

from __future__ import annotations

import gymnasium as gym

import agentgym  # noqa: F401  # registers the environments


def main() -> None:
    envs = gym.make_vec(
        "agentgym/Desktop-v0",
        num_envs=2,
        vectorization_mode="async",
        task="apps/note-save",
        action="discrete",
        screen=(640, 480),
        max_steps=5,
    )
    try:
        envs.action_space.seed(0)
        envs.reset(seed=0)
        for step in range(5):
            _, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
            print(step, rewards, terminated | truncated)
    finally:
        envs.close()


if __name__ == "__main__":
    main()
