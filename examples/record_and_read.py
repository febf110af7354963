"""Records an oracle's episode and reads it back: ``python record_and_read.py FOLDER``."""

from __future__ import annotations

import sys

import gymnasium as gym
import numpy as np

import agentgym
from agentgym.agents import make_agent
from agentgym.families import find_family
from agentgym.runner import Episode
from agentgym.wrappers import TrajectoryRecorder


def main(folder: str) -> None:
    kinds = ("screenshot", *find_family("apps/note-save").needs)
    env = TrajectoryRecorder(gym.make("agentgym/Desktop-v0", task="apps/note-save", observation=kinds), folder)
    try:
        result = Episode(env, make_agent("oracle"), seed=0).run(keep_screen=True)
    finally:
        env.close()
    print(f"score {result.score}, {result.steps} steps")

    episode = agentgym.Dataset(folder)[-1]
    for step, (action, reward) in enumerate(zip(episode.actions, episode.rewards, strict=True), start=1):
        print(step, action, reward)
    last = episode.observations["screenshot"][len(episode)]
    print("the last frame read back is the one that was seen:", np.array_equal(last, result.screen))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "data")
