"""PPO in one file, after CleanRL: ``pip install 'agentgym-envs[qt]' torch``, ``python cleanrl_ppo.py --steps N``."""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import agentgym  # noqa: F401  # registers the environments

ENVS, LENGTH, BATCH, EPOCHS = 8, 128, 256, 6
RATE, GAMMA, LAMBDA, CLIP, ENTROPY, VALUE, NORM = 1e-3, 0.9, 0.9, 0.2, 0.01, 0.5, 0.5


def layer(module: nn.Module, gain: float = 2**0.5) -> nn.Module:
    nn.init.orthogonal_(module.weight, gain)
    nn.init.zeros_(module.bias)
    return module


class Agent(nn.Module):
    def __init__(self, choices: list[int]) -> None:
        super().__init__()
        eyes = layer(nn.Conv2d(3, 16, 8, 4)), nn.ReLU(), layer(nn.Conv2d(16, 32, 4, 2)), nn.ReLU(), nn.Flatten()
        self.body = nn.Sequential(*eyes, layer(nn.Linear(32 * 9 * 9, 256)), nn.ReLU())
        self.heads = nn.ModuleList(layer(nn.Linear(256, count), 0.01) for count in choices)
        self.value = layer(nn.Linear(256, 1), 1.0)

    def forward(self, pictures: torch.Tensor) -> tuple[list[Categorical], torch.Tensor]:
        # Widgets are grey on light grey: with more contrast a policy sees them sooner.
        seen = self.body(4 - pictures.permute(0, 3, 1, 2) / 63.75)
        return [Categorical(logits=head(seen)) for head in self.heads], self.value(seen).squeeze(-1)


def log_prob(heads: list[Categorical], actions: torch.Tensor) -> torch.Tensor:
    return sum(head.log_prob(choice) for head, choice in zip(heads, actions.T, strict=True))


def learn(agent: Agent, adam: torch.optim.Adam, seen, acted, before, advantages, returns) -> None:
    for chosen in (part for _ in range(EPOCHS) for part in torch.randperm(len(seen)).split(BATCH)):
        heads, values = agent(seen[chosen])
        ratio = (log_prob(heads, acted[chosen]) - before[chosen]).exp()
        gain = advantages[chosen]
        gain = (gain - gain.mean()) / (gain.std() + 1e-8)
        policy = torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
        entropy = sum(head.entropy().mean() for head in heads)
        loss = VALUE * (values - returns[chosen]).square().mean() - policy - ENTROPY * entropy
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(agent.parameters(), NORM)
        adam.step()


def main(steps: int, env_id: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a network is faster without
    envs = gym.make_vec(env_id, num_envs=ENVS, autoreset_mode="SameStep")
    agent = Agent(envs.single_action_space.nvec.tolist())
    adam = torch.optim.Adam(agent.parameters(), RATE, eps=1e-5)
    picture, _ = envs.reset(seed=0)
    for update in range(1, -(-steps // (ENVS * LENGTH)) + 1):
        rows, scores = [], []
        with torch.no_grad():
            for _ in range(LENGTH):
                heads, values = agent(seen := torch.from_numpy(picture))
                acted = torch.stack([head.sample() for head in heads], -1)
                picture, rewards, terminated, truncated, infos = envs.step(acted.numpy())
                over = terminated | truncated
                scores += rewards[over].tolist()  # an episode's last step pays its score
                if truncated.any():  # by a limit that no picture shows: the agent expects what would have come
                    last = torch.from_numpy(np.stack(infos["final_obs"][truncated]))
                    rewards[truncated] += GAMMA * agent(last)[1].numpy()
                going, paid = torch.from_numpy(np.stack([~over, rewards])).float()
                rows.append((seen, acted, log_prob(heads, acted), values, paid, going))
            following, advantage, advantages = agent(torch.from_numpy(picture))[1], 0.0, []
            for *_, values, paid, going in reversed(rows):
                advantage = paid + GAMMA * following * going - values + GAMMA * LAMBDA * going * advantage
                following = values
                advantages.insert(0, advantage)
        seen, acted, before, values, _, _ = (torch.cat(column) for column in zip(*rows, strict=True))
        gained = torch.cat(advantages)
        learn(agent, adam, seen, acted, before, gained, gained + values)
        print(f"{update * ENVS * LENGTH} steps: {sum(scores) / max(1, len(scores)):.2f} of {len(scores)} solved")
    envs.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--env", default="agentgym/ClickButton-v0")
    arguments = parser.parse_args()
    main(arguments.steps, arguments.env)
