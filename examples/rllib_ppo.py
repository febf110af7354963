"""Trains PPO with RLlib, its environments in Ray's actors: ``pip install 'agentgym-envs[qt,rllib]'``, then this."""

from __future__ import annotations

import argparse
from typing import Any

import ray
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchMultiCategorical
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.apis import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import nn


class Clicker(TorchRLModule, ValueFunctionAPI):
    """Scores every place of the screen that can be clicked, for columns and rows. Only here frames become floats."""

    def setup(self) -> None:
        self.verbs, columns, rows, self.keys = self.action_space.nvec.tolist()
        self.action_dist_cls = TorchMultiCategorical.get_partial_dist_cls(
            space=self.action_space, input_lens=[self.verbs, columns, rows, self.keys]
        )
        layers = [nn.Conv2d(3, 24, 5, 2, 2), nn.ReLU(), nn.Conv2d(24, 24, 5, 2, 2), nn.ReLU()]
        layers += [nn.Conv2d(24, 24, 3, 1, 1), nn.ReLU(), nn.AdaptiveMaxPool2d((rows, columns))]
        self.features = nn.Sequential(*layers)
        self.places = nn.Conv2d(24, 1, 1)
        self.others = nn.Linear(24, self.verbs + self.keys)
        self.value = nn.Linear(24, 1)

    def _forward(self, batch: dict[str, Any], **_: Any) -> dict[str, Any]:
        features = self.features(batch[Columns.OBS].permute(0, 3, 1, 2).float() / 255)
        places, whole = self.places(features)[:, 0], features.amax((2, 3))
        verbs, keys = self.others(whole).split([self.verbs, self.keys], 1)
        logits = torch.cat([verbs, places.logsumexp(1), places.logsumexp(2), keys], 1)
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: whole}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Any:
        whole = self._forward(batch)[Columns.EMBEDDINGS] if embeddings is None else embeddings
        return self.value(whole)[:, 0]


def main(env: str, steps: int, runners: int, batch: int) -> None:
    config = (
        PPOConfig()
        # The package before the colon: every actor imports it, and so knows the id.
        .environment(f"agentgym:{env}")
        # Our own vector, with all frames of an actor in one array; slow machines are waited for.
        .env_runners(num_env_runners=runners, num_envs_per_env_runner=4, sample_timeout_s=None)
        .env_runners(gym_env_vectorize_mode="vector_entry_point")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=Clicker))
        .training(train_batch_size_per_learner=batch, minibatch_size=min(batch, 256), num_epochs=4, lr=1e-3)
        .training(gamma=0.9, lambda_=0.9, clip_param=0.2, use_kl_loss=False, entropy_coeff=0.01, grad_clip=0.5)
        .debugging(seed=0)
    )
    ray.init(num_cpus=runners, include_dashboard=False)
    algorithm = config.build_algo()
    try:
        done = 0
        while done < steps:
            result = algorithm.train()["env_runners"]
            done = int(result["num_env_steps_sampled_lifetime"])
            print(f"steps {done}  score of an episode, mean: {result['episode_return_mean']:.2f}", flush=True)
    finally:
        algorithm.stop()
        ray.shutdown()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="agentgym/ClickButton-v0")
    parser.add_argument("--steps", type=int, default=30_000)
    parser.add_argument("--runners", type=int, default=2, help="actors, of four environments each")
    parser.add_argument("--batch", type=int, default=1024, help="steps from one update to the next")
    main(**vars(parser.parse_args()))
