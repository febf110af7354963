"""Records an oracle, a random and a half-trained agent: ``python offline_recording.py [EPISODES STEPS [FAMILY …]]``.

``pip install 'agentgym-envs[train]'``. Makes what ``offline.py`` learns from: one recording for each family.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym

from agentgym import Dataset
from agentgym.agents.policy import load_policy
from agentgym.training import TrainingPlan, train
from agentgym.wrappers import DiscreteGrid, TrajectoryRecorder

FAMILIES = {"ClickButton": 3_000, "ClickMoving": 3_000, "EnterText": 5_000}
"""With the steps of training that the half-trained agent has had."""
FOLDER = Path("recordings")
AGENTS = ("oracle", "random", "half-trained")


def make(family: str, split: str = "train") -> gym.Env[Any, Any]:
    """Pixels in, one number for each place out."""
    return DiscreteGrid(gym.make(f"agentgym/{family}-v0", split=split))


def play(env: gym.Env[Any, Any], act: Callable[[Any], Any], episodes: int) -> float:
    """The mean return of as many seeds."""
    total = 0.0
    for seed in range(episodes):
        seen, _ = env.reset(seed=seed)
        over = False
        while not over:
            seen, reward, terminated, truncated, _ = env.step(act(seen))
            total, over = total + float(reward), terminated or truncated
    env.close()
    return total / episodes


def recording(family: str, *, episodes: int = 300, steps: int | None = None) -> Dataset:
    """A family's recording, made if there is none, of so many episodes of each agent."""
    kept, begun = FOLDER / family, FOLDER / f"{family}-begun"
    if not kept.exists():
        shutil.rmtree(begun, ignore_errors=True)  # what was interrupted is no recording
        policy, steps = FOLDER / f"{family}-policy", steps or FAMILIES.get(family, 10_000)
        seen = {"observation": "screenshot"}
        train(TrainingPlan(env=f"agentgym/{family}-v0", out=str(policy), env_kwargs=seen, steps=steps, shaping=0.5))
        half_trained = load_policy(policy / "policy.zip")
        for agent in AGENTS:
            env = TrajectoryRecorder(make(family), begun, agent=agent)
            env.action_space.seed(0)
            acts: dict[str, Callable[[Any], Any]] = {
                "oracle": lambda _, env=env: env.get_wrapper_attr("encode")(env.unwrapped.backend.solve()),
                "random": lambda _, env=env: env.action_space.sample(),
                "half-trained": lambda seen: half_trained.predict(seen)[0],
            }
            play(env, acts[agent], episodes)
        begun.rename(kept)
    return Dataset(kept)


def mean_returns(data: Dataset) -> list[float]:
    """Of each agent."""
    return [data.filter(agent=agent).statistics().returns.mean for agent in AGENTS]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("episodes", nargs="?", type=int, default=300, help="of each agent")
    parser.add_argument("steps", nargs="?", type=int, help="of training of the half-trained one")
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    given = parser.parse_args()
    for family in given.families:
        data = recording(family, episodes=given.episodes, steps=given.steps)
        print(family, *(f"{agent} {value:.2f}" for agent, value in zip(AGENTS, mean_returns(data), strict=True)))
