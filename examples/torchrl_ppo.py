"""PPO with TorchRL: ``pip install 'agentgym-envs[qt,torchrl]'``, then ``python torchrl_ppo.py --steps N``."""

from __future__ import annotations

import argparse

import gymnasium as gym
import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torch.distributions import Categorical, Independent
from torchrl.collectors import Collector
from torchrl.data import LazyTensorStorage, SamplerWithoutReplacement, TensorDictReplayBuffer
from torchrl.envs import GymWrapper
from torchrl.modules import ActorValueOperator, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import agentgym  # noqa: F401  # registers the environments

ENVS, FRAMES, BATCH, EPOCHS = 8, 1024, 256, 6


class Eyes(nn.Sequential):
    def __init__(self) -> None:
        convolutions = nn.Conv2d(3, 16, 8, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 2), nn.ReLU()
        super().__init__(*convolutions, nn.Flatten(), nn.Linear(32 * 9 * 9, 256), nn.ReLU())

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        # Widgets are grey on light grey: with more contrast a policy sees them sooner.
        flat = 4 - pictures.reshape(-1, *pictures.shape[-3:]).permute(0, 3, 1, 2) / 63.75
        return super().forward(flat).reshape(*pictures.shape[:-3], -1)


class Heads(nn.Module):
    """The logits of all numbers of a MultiDiscrete in one table; what a shorter one lacks is never chosen."""

    def __init__(self, counts: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("lacking", torch.arange(int(counts.max())) >= counts[:, None])
        self.linear = nn.Linear(256, self.lacking.numel())

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.linear(hidden).unflatten(-1, self.lacking.shape).masked_fill(self.lacking, -1e9)


def choices(logits: torch.Tensor) -> Independent:
    return Independent(Categorical(logits=logits), 1)


def main(steps: int, env_id: str) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a network is faster without
    # TorchRL itself says which environments begin anew.
    env = GymWrapper(gym.make_vec(env_id, num_envs=ENVS, autoreset_mode="Disabled"), categorical_action_encoding=True)
    env.set_seed(0)
    heads = TensorDictModule(Heads(torch.as_tensor(env.single_action_space.nvec)), ["hidden"], ["logits"])
    both = ActorValueOperator(
        TensorDictModule(Eyes(), ["observation"], ["hidden"]),
        ProbabilisticActor(heads, ["logits"], distribution_class=choices, return_log_prob=True),
        ValueOperator(nn.Linear(256, 1), ["hidden"]),
    )
    actor, critic = both.get_policy_operator(), both.get_value_operator()
    advantage = GAE(gamma=0.9, lmbda=0.9, value_network=critic)
    loss = ClipPPOLoss(actor, critic, clip_epsilon=0.2, entropy_coeff=0.01, critic_coeff=0.5, normalize_advantage=True)
    adam = torch.optim.Adam(both.parameters(), 1e-3, eps=1e-5)
    buffer = TensorDictReplayBuffer(
        storage=LazyTensorStorage(FRAMES), sampler=SamplerWithoutReplacement(), batch_size=BATCH
    )
    collector = Collector(
        env,
        actor,
        frames_per_batch=FRAMES,
        total_frames=-(-steps // FRAMES) * FRAMES,
        auto_register_policy_transforms=False,
    )
    for number, data in enumerate(collector, start=1):
        for _ in range(EPOCHS):
            with torch.no_grad():
                buffer.extend(advantage(data).reshape(-1))
            for part in buffer:
                losses = loss(part)
                adam.zero_grad()
                sum(losses[name] for name in ("loss_objective", "loss_critic", "loss_entropy")).backward()
                nn.utils.clip_grad_norm_(both.parameters(), 0.5)
                adam.step()
        scores = data["next", "reward"][data["next", "done"]]  # an episode's last step pays its score
        print(f"{number * FRAMES} steps: {scores.mean():.2f} of {len(scores)} episodes solved")
    collector.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--env", default="agentgym/ClickButton-v0")
    arguments = parser.parse_args()
    main(arguments.steps, arguments.env)
