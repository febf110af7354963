from __future__ import annotations

import gymnasium as gym
import pytest

from agentgym.errors import BackendError
from agentgym.events import Bus, ModelRequest, ModelResponse, Record, ToolCalled, tracing
from agentgym.tasks import Task
from tests.modelserver import serving

TASK = Task(
    "t",
    "Find out where Ada lives.",
    tools=("ask_user", "submit"),
    metadata={"user": {"model": "small", "about": "You are Ada, of Oslo.", "options": {"temperature": 0}}},
)


def test_the_users_model_is_in_the_stream_within_the_call_that_asked_it(monkeypatch: pytest.MonkeyPatch) -> None:
    records: list[Record] = []
    bus = Bus("run")
    bus.subscribe(records.append)
    with serving(lambda _: "In Oslo.") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        env = gym.make("agentgym/Tools-v0", task=TASK, disable_env_checker=True)
        env.reset(seed=0)
        asked = {"name": "ask_user", "arguments": {"question": "Where do you live?"}}
        env.step(asked)
        with tracing(bus):
            observation = env.step(asked)[0]
        env.close()
    assert "In Oslo." in observation
    # What was asked before the run began is none of its business.
    assert [record.event_type for record in records] == ["tool_call", "model_request", "model_response", "tool_result"]
    request, response = records[1].payload, records[2].payload
    assert isinstance(request, ModelRequest)
    assert isinstance(response, ModelResponse)
    assert (request.call_id, request.model, request.parameters) == ("user-1", "small", {"temperature": 0})
    assert (response.call_id, response.content) == ("user-1", "In Oslo.")
    assert isinstance(records[0].payload, ToolCalled)
    assert request.parent_id == response.parent_id == records[0].payload.call_id


def test_an_episode_whose_users_model_is_gone_ends_unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: "") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        env = gym.make("agentgym/Tools-v0", task=TASK, disable_env_checker=True)
        env.reset(seed=0)
        with pytest.raises(BackendError, match="said nothing"):
            env.step({"name": "ask_user", "arguments": {"question": "Where?"}})
        env.close()
