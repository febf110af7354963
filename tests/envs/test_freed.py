from __future__ import annotations

import copy
import gc
import pickle
from typing import Any
from weakref import ref

import gymnasium as gym
import pytest

import agentgym  # noqa: F401 - registers the environments
from agentgym.envs.weakly import Weakly

pytestmark = pytest.mark.episodes


@pytest.mark.parametrize(
    ("env_id", "options"),
    [
        ("agentgym/Desktop-v0", {"task": {"id": "a", "instruction": "wait"}, "backend": "memory"}),
        ("agentgym/Tools-v0", {"task": {"id": "a", "instruction": "add", "tools": ["calculator"]}}),
    ],
)
def test_what_is_closed_is_freed_without_a_search_for_cycles(env_id: str, options: dict[str, Any]) -> None:
    env = gym.make(env_id, **options)
    env.reset(seed=0)
    env.step("DONE")
    known = ref(env.unwrapped)
    gc.collect()
    gc.disable()
    try:
        env.close()
        del env
        assert known() is None
    finally:
        gc.enable()


class Counter:
    def __init__(self) -> None:
        self.count = 0
        self.add = Weakly(self._add)

    def _add(self, number: int, *, times: int = 1) -> int:
        self.count += number * times
        return self.count


def test_it_is_the_method_of_its_own_copy() -> None:
    one = Counter()
    assert one.add(2, times=3) == 6
    for other in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        assert (other.add(1), one.count) == (7, 6)
