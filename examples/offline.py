"""Learns from recordings alone: ``python offline.py bc|cql [UPDATES [FAMILY …]]``.

``pip install 'agentgym-envs[train,torchrl]'``. Makes the recordings if there are none, as
``offline_recording.py`` does, and tries what was learned on tasks of the split ``test``, which nobody has played.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from offline_recording import AGENTS, FAMILIES, make, mean_returns, play, recording
from torchrl.modules import QValueActor
from torchrl.objectives import DiscreteCQLLoss, SoftUpdate

from agentgym import Dataset
from agentgym.export import to_torchrl
from agentgym.training.networks import GridPolicy


class Scores(torch.nn.Module):
    """A number for each action, by the network that ``agentgym train`` uses."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__()
        columns, rows = env.get_wrapper_attr("actions").bins
        image = gym.spaces.Box(0, 255, (3, *env.observation_space.shape[:2]), np.uint8)
        verbs = int(env.action_space.n) // (rows * columns)
        self.policy = GridPolicy(image, env.action_space, lambda _: 0.0, grid=(rows, columns), verbs=verbs, others=0)

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        return self.policy.action_net(self.policy.extract_features(seen.movedim(-1, 1)))


def bc(scores: Scores, data: Dataset, updates: int) -> None:
    """Makes what was done in the episodes that succeeded the likeliest action."""
    buffer = to_torchrl(data.filter(success=True), batch_size=32)
    optimiser = torch.optim.Adam(scores.parameters(), 1e-3)
    for _ in range(updates):
        batch = buffer.sample()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(scores(batch["observation"]), batch["action"]).backward()
        optimiser.step()


def cql(scores: Scores, data: Dataset, updates: int) -> None:
    """Conservative Q-learning (Kumar et al. 2020) from everything, failures included."""
    buffer = to_torchrl(data, batch_size=32)
    loss = DiscreteCQLLoss(QValueActor(scores, in_keys=["observation"], action_space="categorical"))
    loss.make_value_estimator(gamma=0.5)
    target = SoftUpdate(loss, eps=0.98)
    optimiser = torch.optim.Adam(loss.parameters(), 1e-3)
    for _ in range(updates):
        batch = buffer.sample()
        # The conservative part is a logarithm of hundreds of actions: rewards of 1 would drown in it.
        batch["next", "reward"] *= 10
        losses = loss(batch)
        optimiser.zero_grad()
        (losses["loss_qvalue"] + losses["loss_cql"]).backward()
        optimiser.step()
        target.step()


def learn(algorithm: str, family: str, *, updates: int) -> None:
    data = recording(family, Path("recordings"))
    begun = time.process_time()
    torch.manual_seed(0)
    env = make(family, "test")
    scores = Scores(env)
    {"bc": bc, "cql": cql}[algorithm](scores, data, updates)
    with torch.no_grad():
        learned = play(env, lambda seen: int(scores(torch.as_tensor(seen)[None]).argmax()), 100)
    minutes = (time.process_time() - begun) / 60
    print(family, *(f"{value:.2f}" for value in (*mean_returns(data), learned, minutes)), sep="\t")


if __name__ == "__main__":
    algorithm, updates, *families = [*sys.argv[1:], "800"][:2] + sys.argv[3:]
    torch.set_num_threads(1)
    print("family", *AGENTS, algorithm, "minutes", sep="\t")
    for family in families or FAMILIES:
        learn(algorithm, family, updates=int(updates))
