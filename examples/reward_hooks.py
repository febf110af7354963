"""Shapes a reward while recording, and recomputes it from the recording: ``python reward_hooks.py FOLDER``."""

from __future__ import annotations

import sys

import gymnasium as gym
import numpy as np

import agentgym
from agentgym.rewards import Transition, relabel
from agentgym.wrappers import RewardHooks, TrajectoryRecorder


def cost(_: Transition) -> float:
    """Every step costs a little."""
    return -0.01


def novelty(transition: Transition) -> float:
    """The part of the screen that changed."""
    changed = transition.before["screenshot"] != transition.after["screenshot"]
    return float(np.any(changed, axis=-1).mean())


def main(folder: str) -> None:
    env = gym.make("agentgym/Desktop-v0", task="apps/note-save", max_steps=4)
    env = TrajectoryRecorder(RewardHooks(env, cost=cost, novelty=novelty), folder)
    try:
        env.reset(seed=0)
        for text in ("one", " two", " three", " four"):
            _, reward, _, _, info = env.step(f"pyautogui.write({text!r})")
            print(f"{text!r}: {reward:.4f}", info["reward_terms"])
    finally:
        env.close()
    episode = agentgym.Dataset(folder)[-1]
    again = relabel(episode, {"novelty": novelty})["novelty"]
    print("the same from the recording:", again == [terms["novelty"] for terms in episode.reward_terms])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "data")
