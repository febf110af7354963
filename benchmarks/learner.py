"""What is left of a learner's speed when its environments are ours: PPO end to end, against such as cost nothing.

    python benchmarks/learner.py [--quick]

Stable-Baselines3's PPO on 8 environments of 84x84, once on `agentgym/ClickButton-v0`, once on an environment with the
same spaces that gives the same picture at every step: with a light network, and with that of ``agentgym train``. The
two learn in turns, 1,024 frames at a time; figures are medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import torch
from micro_peers import cpu_seconds
from rich.console import Console
from rich.table import Table
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from agentgym.wrappers import DiscreteGrid

_ENVS, _STEPS, _BATCH, _EPOCHS = 8, 128, 256, 4
_LIGHT, _GRID = "light network", "network of agentgym train"
_BINS = (16, 21)


class Light(BaseFeaturesExtractor):  # type: ignore[misc]  # SB3 has no types here
    """Two convolutions and one layer, as much as a small task needs."""

    def __init__(self, space: gym.Space[Any]) -> None:
        super().__init__(space, 256)
        convolutions = [nn.Conv2d(3, 16, 8, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 2), nn.ReLU(), nn.Flatten()]
        self.layers = nn.Sequential(*convolutions, nn.Linear(32 * 9 * 9, 256), nn.ReLU())

    def forward(self, pictures: Any) -> Any:
        return self.layers(pictures)


class Free(gym.Env[Any, Any]):
    """The spaces of another environment, one picture, and no work."""

    def __init__(self, like: gym.Env[Any, Any]) -> None:
        self.observation_space, self.action_space = like.observation_space, like.action_space
        like.reset(seed=0)
        self._picture = like.step(like.action_space.sample())[0]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return self._picture, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return self._picture, 0.0, False, False, {}


class Cost(NamedTuple):
    """Of a frame, acting and learning together."""

    seconds: float
    cpu_s: float


def small_task(network: str) -> gym.Env[Any, Any]:
    """As the network takes it: `agentgym train` has one number for every place."""
    env: gym.Env[Any, Any] = gym.make("agentgym/ClickButton-v0", disable_env_checker=True)
    return DiscreteGrid(env) if network == _GRID else env


def learner(make: Callable[[], gym.Env[Any, Any]], network: str) -> Any:
    policy: Any = "CnnPolicy"
    kwargs: dict[str, Any] = {"features_extractor_class": Light}
    envs = make_vec_env(make, n_envs=_ENVS, seed=0)
    if network == _GRID:
        from agentgym.training.networks import GridPolicy

        columns, rows = _BINS
        policy, kwargs = GridPolicy, {"grid": (rows, columns), "verbs": 1, "others": 0}
    sizes = {"n_steps": _STEPS, "batch_size": _BATCH, "n_epochs": _EPOCHS}
    return PPO(policy, envs, policy_kwargs=kwargs, device="cpu", seed=0, **sizes)


def learned(model: Any) -> Cost:
    frames = _ENVS * _STEPS
    cpu_s, start = cpu_seconds(), time.perf_counter()
    model.learn(frames, reset_num_timesteps=False)
    return Cost((time.perf_counter() - start) / frames, (cpu_seconds() - cpu_s) / frames)


def row(name: str, costs: list[Cost], ratio: str = "", wanted: str = "") -> tuple[str, ...]:
    seconds = statistics.median(cost.seconds for cost in costs)
    cpu_s = statistics.median(cost.cpu_s for cost in costs)
    return name, f"{1 / seconds:,.0f}", f"{1 / cpu_s:,.0f}", ratio, wanted


def compared(network: str, rounds: int) -> list[tuple[str, ...]]:
    """Two rows of the table."""
    like = small_task(network)
    models = {"ours": learner(lambda: small_task(network), network), "free": learner(lambda: Free(like), network)}
    costs: dict[str, list[Cost]] = {name: [] for name in models}
    for number in range(rounds + 1):
        for name, model in models.items():
            cost = learned(model)
            # The first round warms both up.
            if number:
                costs[name].append(cost)
    ratios = [free.seconds / ours.seconds for ours, free in zip(costs["ours"], costs["free"], strict=True)]
    for model in models.values():
        model.get_env().close()
    like.close()
    return [
        row(f"{network}, environments that cost nothing", costs["free"]),
        row(f"{network}, ClickButton", costs["ours"], f"{statistics.median(ratios):.0%}", ">= 60%"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 5 if parser.parse_args().quick else 11
    torch.set_num_threads(1)
    title = f"Stable-Baselines3's PPO, {_ENVS} environments of 84x84 in one process, one thread"
    table = Table("", "frames/s", "frames/s of CPU time", "ratio", "wanted", title=title)
    for network in (_LIGHT, _GRID):
        for figures in compared(network, rounds):
            table.add_row(*figures)
    console = Console(width=120)
    console.print(table)
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
