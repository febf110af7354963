"""Learns from recordings alone: ``python offline.py bc|cql [UPDATES [FAMILY …]]``; makes them if there are none.

``pip install 'agentgym-envs[train,torchrl]'``. Tried on unseen tasks, of the split ``test``; minutes are of one core.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium as gym
import torch
from offline_recording import AGENTS, FAMILIES, make, mean_returns, play, recording
from torchrl.objectives import DiscreteCQLLoss, SoftUpdate

from agentgym.export import to_torchrl
from agentgym.training.networks import GridPolicy


class Scores(torch.nn.Module):
    """A number for each action, by the network that ``agentgym train`` uses."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__()
        grid = rows, columns = env.get_wrapper_attr("actions").bins[::-1]
        image = gym.spaces.Box(0, 255, (3, *env.observation_space.shape[:2]), "uint8")
        verbs, others = divmod(int(env.action_space.n), rows * columns)  # the latter are keys, and waiting
        self.policy = GridPolicy(image, env.action_space, lambda _: 0.0, grid=grid, verbs=verbs, others=others)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        return self.policy.action_net(self.policy.extract_features(observation.movedim(-1, 1)))


def bc(scores: Scores) -> Any:
    """Behaviour cloning: what was done in the episodes that succeeded becomes likely."""
    return lambda batch: torch.nn.functional.cross_entropy(scores(batch["observation"]), batch["action"])


def cql(scores: Scores) -> Any:
    """Conservative Q-learning (Kumar et al. 2020) from all episodes."""
    loss = DiscreteCQLLoss(scores, action_space="categorical")
    loss.make_value_estimator(gamma=0.5)
    target = SoftUpdate(loss, eps=0.98)

    def of(batch: Any) -> torch.Tensor:
        target.step()
        batch["next", "reward"] *= 10  # or they would drown in the conservative part, of hundreds of actions
        return sum(loss(batch).select("loss_qvalue", "loss_cql").values())

    return of


def learn(algorithm: str, family: str, *, updates: int) -> None:
    data = recording(family)
    torch.manual_seed(0)
    env, begun = make(family, "test"), time.process_time()
    scores = Scores(env)
    optimiser = torch.optim.Adam(scores.parameters(), 1e-3)
    buffer = to_torchrl(data.filter(success=True) if algorithm == "bc" else data, batch_size=32)
    loss = {"bc": bc, "cql": cql}[algorithm](scores)
    for _ in range(updates):
        optimiser.zero_grad()
        loss(buffer.sample()).backward()
        optimiser.step()
    best = torch.no_grad()(lambda seen: int(scores(torch.as_tensor(seen)[None]).argmax()))
    figures = (*mean_returns(data), play(env, best, 100), (time.process_time() - begun) / 60)
    print(family, *(f"{value:.2f}" for value in figures), sep="\t", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("algorithm", choices=["bc", "cql"])
    parser.add_argument("updates", nargs="?", type=int, default=2_000)
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("family", *AGENTS, given.algorithm, "minutes", sep="\t")
    for family in given.families:
        learn(given.algorithm, family, updates=given.updates)
