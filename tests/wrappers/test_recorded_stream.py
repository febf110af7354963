"""What agents and tools tell of a step, and how it is joined to the step."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.errors import UsageError
from agentgym.events import (
    ModelRequest,
    ModelResponse,
    Note,
    RunStarted,
    Step,
    ToolReturned,
    current_run,
    trace,
    traced_tool,
)
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

Make = Callable[..., gym.Env[Any, Any]]


class Tooled(gym.Env[Any, Any]):
    """Calls a tool within a step, here and in a thread; the tool knows of no recorder."""

    observation_space = gym.spaces.Discrete(9)
    action_space = gym.spaces.Discrete(9)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        trace(Note(kind="setting up"))
        return 0, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        look(action)
        thread = threading.Thread(target=contextvars.copy_context().run, args=(look, "in a thread"))
        thread.start()
        thread.join()
        return 1, 0.0, False, False, {}


def look(what: Any) -> None:
    with traced_tool("look", {"what": what}) as call:
        call.result = f"saw {what}"


def events(path: Path) -> list[Any]:
    return [record.payload for record in Dataset(path)[0].records()]


def test_tools_deep_inside_a_step_log_into_its_run(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Tooled(), tmp_path)
    env.reset(seed=0)
    env.step(5)
    assert current_run() is None
    kinds = [record.event_type for record in Dataset(tmp_path)[0].records()]
    assert kinds == ["run_started", "note", "reset", *["tool_call", "tool_result"] * 2, "step"]
    results = [event.result for event in events(tmp_path) if isinstance(event, ToolReturned)]
    assert results == ["saw 5", "saw in a thread"]


def test_a_step_names_the_model_call_and_the_tool_calls_that_led_to_it(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Tooled(), tmp_path)
    env.reset(seed=0)
    env.bus.publish(ModelRequest(call_id="m1"))
    env.bus.publish(ModelResponse(call_id="m1", error="overloaded"))
    env.bus.publish(ModelResponse(call_id="m2", content="5"))
    env.step(5)
    env.step(5)
    first, second = (event for event in events(tmp_path) if isinstance(event, Step))
    calls = [event.call_id for event in events(tmp_path) if isinstance(event, ToolReturned)]
    assert (first.model_call_id, second.model_call_id) == ("m2", None)
    assert first.tool_call_ids + second.tool_call_ids == calls


def test_two_recorders_one_inside_the_other_each_have_the_tools_of_the_inner_step_once(tmp_path: Path) -> None:
    env = TrajectoryRecorder(TrajectoryRecorder(Tooled(), tmp_path / "inner"), tmp_path / "outer")
    env.reset(seed=0)
    env.step(1)
    assert sum(isinstance(event, ToolReturned) for event in events(tmp_path / "inner")) == 2
    assert not any(isinstance(event, ToolReturned) for event in events(tmp_path / "outer"))


def test_what_is_known_about_a_run_is_recorded(make: Make, tmp_path: Path) -> None:
    about = {"model": "m", "session_id": "s", "attempt": 2, "args": {"seed": 1}, "agent_version": "1.0"}
    env = TrajectoryRecorder(make("images"), tmp_path, agent="a", about=about)
    env.reset(seed=0)
    started = events(tmp_path)[0]
    assert isinstance(started, RunStarted)
    assert {name: getattr(started, name) for name in about} == about


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"about": {"modell": "m"}}, "about='modell': choose from .*model"),
        ({"about": {"agent": "m"}}, "about='agent'"),
        ({"on_error": "ignore"}, "on_error is one of raise, warn, not 'ignore'"),
        ({"fsync": "always"}, "fsync is one of never, episode, step, not 'always'"),
        ({"preview_chars": 0}, "preview_chars must be a whole number of at least 1, got 0"),
        ({"key_frame_every": -1}, "key_frame_every"),
    ],
)
def test_arguments_that_cannot_work_are_refused(
    make: Make, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        TrajectoryRecorder(make("images"), tmp_path, **arguments)


def test_a_conversation_that_grows_costs_what_is_new_in_it(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Tooled(), tmp_path)
    env.reset(seed=0)
    messages: list[Any] = []
    for turn in range(100):
        words = " ".join(str(hash((turn, word)) % 9973) for word in range(60))
        messages = [*messages, {"role": "user" if turn % 2 else "assistant", "content": words}]
        env.bus.publish(ModelRequest(call_id=str(turn), messages=messages))
    requests = [event for event in events(tmp_path) if isinstance(event, ModelRequest)]
    assert [len(request.messages) for request in requests] == list(range(1, 101))
    assert requests[-1].messages == messages
    told = sum(len(message["content"]) for message in messages)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 6 * told
