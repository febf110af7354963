"""MaskablePPO learns a family of the suite `service` from its score alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agentgym.families import Split
from agentgym.wrappers import ToolTemplates
from tests.wrappers.test_tool_templates import clerk

_ROUND = 4096
_ROUNDS = 12


def mean_score(choose: Callable[[ToolTemplates, Any], int], split: Split, *, episodes: range) -> float:
    env = clerk("refund", split)
    scores = []
    for seed in episodes:
        observation, info = env.reset(seed=seed)
        while "score" not in info:
            observation, _, _, _, info = env.step(choose(env, observation))
        scores.append(info["score"])
    env.close()
    return float(np.mean(scores))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_maskable_ppo_learns_to_verify_find_and_refund() -> None:
    import torch
    from sb3_contrib import MaskablePPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    rng = np.random.default_rng(0)
    assert (
        mean_score(lambda env, _: int(rng.choice(np.flatnonzero(env.action_masks()))), "test", episodes=range(100))
        < 0.1
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    envs = DummyVecEnv([lambda: clerk("refund") for _ in range(8)])
    try:
        model = MaskablePPO(
            "MlpPolicy",
            envs,
            gamma=0.98,
            n_steps=128,
            batch_size=256,
            n_epochs=6,
            learning_rate=1e-3,
            ent_coef=0.01,
            target_kl=0.03,
            seed=0,
            device="cpu",
        )

        def learned(env: ToolTemplates, observation: Any) -> int:
            return int(model.predict(observation, action_masks=env.action_masks(), deterministic=True)[0])

        for _ in range(_ROUNDS):
            model.learn(_ROUND, reset_num_timesteps=False)
            # Looked at on the half that is trained on: what is claimed below was never chosen by.
            if mean_score(learned, "train", episodes=range(50_000, 50_050)) >= 0.95:
                break
        assert mean_score(learned, "test", episodes=range(1000, 1100)) >= 0.9
    finally:
        torch.set_num_threads(threads)
        envs.close()
