from collections.abc import Iterator

import pytest

from agentgym.envs.micro import MicroEnv
from tests.suites.playing import Starts


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
