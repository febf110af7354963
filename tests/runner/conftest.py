from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import pytest

from tests.runner.countdown import COUNTDOWN, Countdown


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    def make(**options: Any) -> Countdown:
        return Countdown(**options)

    gym.register(COUNTDOWN, make, disable_env_checker=True, order_enforce=False)
    Countdown.broken = 0
    yield
    del gym.registry[COUNTDOWN]
