"""When a streamed record comes."""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import gymnasium as gym

from agentgym.agents import Emit
from agentgym.events import Note
from agentgym.runner import Episode, stream
from agentgym.tasks import Task
from tests.state.small import Counting


class Computing:
    """Says what time it is, and then keeps the interpreter to itself for some time."""

    def reset(self, task: Task, emit: Emit) -> None:
        self._emit = emit

    def act(self, observation: Any) -> int:
        # The reader is back at its queue by now.
        time.sleep(0.002)
        self._emit(Note(kind="now", value=time.perf_counter()))
        until = time.perf_counter() + 3 * sys.getswitchinterval()
        while time.perf_counter() < until:
            pass
        return 1


def test_a_record_does_not_wait_for_an_agent_that_computes() -> None:
    env: gym.Env[Any, Any] = Counting(40)
    late = [
        time.perf_counter() - record.payload.value
        for record in stream(Episode(env, Computing()))
        if isinstance(record.payload, Note)
    ]
    assert len(late) == 40
    assert statistics.median(late) < sys.getswitchinterval() / 2
