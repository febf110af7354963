from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import pytest

from agentgym.envs.micro import MicroEnv
from tests.suites.playing import Starts


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[Any, Any]]:
    """An environment for tasks of tools, which each test gives at a reset."""
    made: gym.Env[Any, Any] = gym.make("agentgym/Tools-v0", tasks="shell")
    yield made
    made.close()


@pytest.fixture
def start() -> Iterator[Starts]:
    made = []

    def start(name: str, *, level: int, seed: int = 0) -> MicroEnv:
        made.append(MicroEnv(name, level=level))
        made[-1].reset(seed=seed)
        return made[-1]

    yield start
    for env in made:
        env.close()
