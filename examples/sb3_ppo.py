"""Trains PPO for a few steps on a desktop: ``pip install 'agentgym-envs[sb3]'``, then ``python sb3_ppo.py [STEPS]``."""

from __future__ import annotations

import sys

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import SubprocVecEnv

import agentgym  # noqa: F401  # registers the environments


def main(steps: int) -> None:
    settings = {"task": "apps/note-save", "action": "discrete", "screen": (160, 120), "max_steps": 8}
    envs = make_vec_env("agentgym/Desktop-v0", n_envs=2, env_kwargs=settings, vec_env_cls=SubprocVecEnv)
    try:
        model = PPO("MultiInputPolicy", envs, n_steps=16, batch_size=16, n_epochs=1, seed=0)
        model.learn(steps)
        print("steps learnt from:", model.num_timesteps)
    finally:
        envs.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
