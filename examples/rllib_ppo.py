"""Trains PPO with RLlib, its environments in Ray actors: ``pip install 'agentgym-envs[qt,rllib]'``, then this."""

from __future__ import annotations

import argparse
from typing import Any

import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec


class Pixels(DefaultPPOTorchRLModule):
    """RLlib's network for images, which wants floats; frames stay bytes until here, a quarter of what would be sent."""

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return super()._forward(_scaled(batch), **kwargs)

    def _forward_train(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return super()._forward_train(_scaled(batch), **kwargs)

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Any:
        return super().compute_values(_scaled(batch), embeddings)


def _scaled(batch: dict[str, Any]) -> dict[str, Any]:
    return {**batch, Columns.OBS: batch[Columns.OBS].float() / 255}


def main(env: str, steps: int, runners: int, batch: int) -> None:
    network = DefaultModelConfig(
        conv_filters=[[32, 8, 4, "valid"], [64, 4, 2, "valid"], [64, 3, 1, "valid"]], head_fcnet_hiddens=[256]
    )
    config = (
        PPOConfig()
        # With the package before the colon, so that every actor registers the id when it makes the environment.
        .environment(f"agentgym:{env}")
        .env_runners(
            num_env_runners=runners,
            num_envs_per_env_runner=4,
            gym_env_vectorize_mode="vector_entry_point",  # our own vector: all frames of an actor in one array
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=Pixels, model_config=network))
        .training(
            train_batch_size_per_learner=batch,
            minibatch_size=min(batch, 128),
            num_epochs=4,
            lr=5e-4,
            lambda_=0.95,
            entropy_coeff=0.01,
            grad_clip=0.5,
        )
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
    parser.add_argument("--runners", type=int, default=2, help="Ray actors, of four environments each")
    parser.add_argument("--batch", type=int, default=1024, help="steps from one update to the next")
    main(**vars(parser.parse_args()))
