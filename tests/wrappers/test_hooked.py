from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym import Dataset
from agentgym.agents import NoopAgent
from agentgym.envs.tools import ToolEnv
from agentgym.errors import Refused, TaskError, UsageError
from agentgym.events import Call, Record
from agentgym.runner import Episode
from agentgym.wrappers import Hooked, TrajectoryRecorder

Proceed = Callable[[Call], Any]


def cart(tmp_path: Path) -> TrajectoryRecorder:
    return TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=4), tmp_path / "data")


def test_a_loop_of_ones_own_is_intercepted_and_the_recording_has_what_was_done(tmp_path: Path) -> None:
    def left(call: Call, proceed: Proceed) -> Any:
        return proceed(replace(call, value=0))

    env = Hooked(cart(tmp_path), [{"point": "step", "hook": left}])
    env.reset(seed=0)
    for _ in range(3):
        env.step(1)
    env.close()
    (episode,) = Dataset(tmp_path / "data")
    assert list(episode.actions) == [0, 0, 0]


def test_a_refused_step_leaves_all_as_it_is_and_counts_to_the_limit(tmp_path: Path) -> None:
    def never(call: Call, proceed: Proceed) -> Any:
        raise Refused("stay")

    env = Hooked(cart(tmp_path))
    before, _ = env.reset(seed=0)
    env.step(0)
    env.bus.intercept("step", never)
    seen = [env.step(1) for _ in range(3)]
    env.close()
    assert [info["action_error"] for *_, info in seen] == ["refused: stay"] * 3
    assert [truncated for _, _, _, truncated, _ in seen] == [False, False, True]
    (episode,) = Dataset(tmp_path / "data")
    assert list(episode.rewards) == [1.0, 0.0, 0.0, 0.0]
    assert not np.array_equal(episode.observations[0], before + 1)
    assert np.array_equal(episode.observations[1], episode.observations[4])


def test_the_reset_is_intercepted() -> None:
    env = Hooked(gym.make("CartPole-v1"))
    expected, _ = env.reset(seed=7)
    env.bus.intercept("reset", lambda call, proceed: proceed(replace(call, value={**call.value, "seed": 7})))
    assert np.array_equal(env.reset(seed=1)[0], expected)
    env.close()


def test_observers_hear_the_run_to_its_end(tmp_path: Path) -> None:
    seen: list[Record] = []
    env = Hooked(cart(tmp_path), [{"point": "observe", "hook": seen.append}])
    env.reset(seed=0)
    env.step(1)
    env.close()
    assert [record.event_type for record in seen] == ["run_started", "reset", "step", "run_completed"]


def test_the_hooks_of_a_task_are_those_of_its_episodes() -> None:
    def task(number: int) -> dict[str, Any]:
        hooks = [{"point": "tool_call", "hook": f"limit:{number}"}]
        return {"id": f"t{number}", "instruction": "i", "hooks": hooks}

    call = {"name": "calculator", "arguments": {"expression": "1"}}
    env = Hooked(ToolEnv(tasks=[task(0), task(1)], tools=["calculator"]))
    for number in (1, 0, 1):
        env.reset(options={"task": task(number)})
        results = [env.step(call)[4]["tool_results"][0]["ok"] for _ in range(2)]
        assert results == [number > 0, False]
    env.close()


def test_a_task_that_names_a_function_must_be_trusted() -> None:
    task = {"id": "t", "instruction": "i", "hooks": [{"point": "step", "hook": "os:getcwd"}]}
    env = Hooked(ToolEnv(task, tools=["calculator"]))
    with pytest.raises(TaskError, match="--trust-task-hooks"):
        env.reset()
    env.close()


def test_a_hook_that_cannot_be_is_said_at_once() -> None:
    with pytest.raises(UsageError, match="no hook named 'tme'"):
        Hooked(gym.make("CartPole-v1"), ["step=tme"])


def test_an_episode_refuses_an_environment_whose_hooks_would_be_asked_twice() -> None:
    env = Hooked(gym.make("CartPole-v1"), ["step=time"])
    with pytest.raises(UsageError, match="drop Hooked"):
        Episode(env, NoopAgent())
    env.close()
