"""Small tasks in Ray's actors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import pytest

import agentgym  # noqa: F401  # registers the environments

ray: Any = pytest.importorskip("ray", reason="ray is not installed")

pytestmark = pytest.mark.slow

_STEPS = 30


class Player:
    """An environment that is stepped by one call after the other, with what is drawn by chance."""

    def __init__(self, seed: int) -> None:
        self.env = gym.make("agentgym:agentgym/EnterText-v0")
        self.env.action_space.seed(seed)
        self.first: int | None = seed
        self.is_over = True

    def look(self) -> npt.NDArray[np.uint8]:
        frame: npt.NDArray[np.uint8]
        if self.is_over:
            frame, _ = self.env.reset(seed=self.first)
            self.first, self.is_over = None, False
            return frame
        frame, _, terminated, truncated, _ = self.env.step(self.env.action_space.sample())
        self.is_over = terminated or truncated
        return frame


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        # Where Ray leaves a token.
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


def test_four_actors_see_what_this_process_sees(cluster: None) -> None:
    actors = [ray.remote(Player).remote(seed) for seed in range(4)]
    here = [Player(seed) for seed in range(4)]
    for _ in range(_STEPS):
        seen = ray.get([actor.look.remote() for actor in actors])
        np.testing.assert_array_equal(np.stack(seen), np.stack([player.look() for player in here]))
    for player in here:
        player.env.close()
