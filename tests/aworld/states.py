"""AWorld's statuses of nodes and tasks, and its managers of them, and what `RunState` says."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest

from agentgym.errors import BackendError
from agentgym.events import Bus, ModelRequest, ModelResponse, Note, ToolCalled, ToolReturned
from agentgym.runner import Episode
from agentgym.state import RunState
from agentgym.wrappers import TrajectoryRecorder
from tests.aworld.playing import ADD, ANSWER, Calling, played, sums


def followed() -> tuple[Bus, RunState]:
    bus, state = Bus(), RunState(details=True)
    bus.subscribe(state.apply)
    return bus, state


def wanted(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "function": {"name": "add", "arguments": "{}"}} for name in names]


def check_pending() -> None:
    bus, state = followed()
    env = sums()
    episode = Episode(env, Calling(ADD, ANSWER), bus=bus, seed=0)
    episode.step()
    bus.publish(ModelRequest(call_id="m"))
    bus.publish(ModelResponse(call_id="m", tool_calls=wanted("t")))
    (part,) = state.running
    assert part.detail is not None
    assert part.detail.open_calls["t"].status == "pending"
    episode.close()
    env.close()


def check_running() -> None:
    bus, state = followed()
    env = sums()
    episode = Episode(env, Calling(ADD, ANSWER), bus=bus, seed=0)
    episode.step()
    (part,) = state.running
    assert (part.status, part.steps, part.task) == ("running", 1, "sum")
    bus.publish(ToolCalled(call_id="t", name="add"))
    assert part.detail is not None
    assert part.detail.open_calls["t"].status == "running"
    episode.close()
    env.close()


def check_done() -> None:
    bus, state = followed()
    played(bus=bus)
    (run,) = state.runs.values()
    (episode,) = run.episodes.values()
    assert (run.status, episode.status, episode.score, state.running) == ("done", "done", 1.0, [])
    assert episode.detail is not None
    assert [call.status for call in episode.detail.calls] == ["done", "done"]


def check_failed() -> None:
    bus, state = followed()
    with pytest.raises(KeyError):
        played(ADD, KeyError("plan"), bus=bus)
    (run,) = state.runs.values()
    assert run.status == "failed"
    assert [(one.during, one.infrastructure) for one in state.failures] == [("agent.act", False)]


def check_failed_call() -> None:
    bus, state = followed()
    played({"name": "add", "arguments": {"a": "many"}}, ANSWER, bus=bus)
    (run,) = state.runs.values()
    detail = run.episodes[0].detail
    assert detail is not None
    assert [call.status for call in detail.calls] == ["failed", "done"]


def check_time_out() -> None:
    bus, state = followed()
    with pytest.raises(BackendError):
        played(ADD, BackendError("no answer in 5 s", kind="timeout"), bus=bus)
    (failure,) = state.failures
    assert (failure.type, failure.infrastructure) == ("BackendError", True)


def check_cancelled() -> None:
    bus, state = followed()
    env = sums()
    with Episode(env, Calling(ADD, ADD, ANSWER), bus=bus, seed=0) as episode:
        episode.step()
    env.close()
    (run,) = state.runs.values()
    assert (run.status, run.episodes[0].status) == ("cancelled", "cancelled")


def check_read_after_a_crash() -> None:
    """A recording that nobody ended: its program died."""
    with tempfile.TemporaryDirectory() as folder:
        env = TrajectoryRecorder(sums(), folder)
        Episode(env, Calling(ADD, ANSWER), seed=0).step()
        state = RunState.read(folder)
        (run,) = state.runs.values()
        assert (run.status, run.steps) == ("running", 1), "it lives: this process holds its lock"
        env.close()
        assert [run.status for run in RunState.read(folder).runs.values()] == ["cancelled"]


def check_a_call_has_its_place() -> None:
    bus, state = followed()
    env = sums()
    episode = Episode(env, Calling(ADD, ANSWER), bus=bus, seed=0)
    episode.step()
    bus.publish(ModelRequest(call_id="m", agent_id="worker", parent_id="chief"))
    bus.publish(ModelResponse(call_id="m", agent_id="worker", parent_id="chief", tool_calls=wanted("t")))
    bus.publish(ToolCalled(call_id="t", name="add", model_call_id="m", parent_id="worker"))
    bus.publish(ToolReturned(call_id="t", ok=True, result="5", latency_ms=2.5))
    (run,) = state.runs.values()
    detail = run.episodes[0].detail
    assert detail is not None
    model, tool = list(detail.calls)[-2:]
    assert (model.kind, model.agent_id, model.parent_id) == ("model", "worker", "chief")
    assert (tool.kind, tool.model_call_id, tool.parent_id, tool.status) == ("tool", "m", "worker", "done")
    assert tool.began_at is not None
    assert tool.ended_at is not None
    assert (run.agents["worker"].parent_id, run.run_id) == ("chief", bus.run_id)
    episode.close()
    env.close()


def check_sessions_and_tasks() -> None:
    state = RunState()
    for _ in range(2):
        bus = Bus()
        bus.subscribe(state.apply)
        played(bus=bus)
    assert list(state.sessions) == [None]
    assert len(state.sessions[None]) == 2
    (task,) = state.tasks.values()
    assert (task.episodes, task.mean_score) == (2, 1.0)
    assert state.totals.tool_calls == 4


def check_counts() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = TrajectoryRecorder(sums(), folder)
        for calls in ((ADD, ANSWER), (ANSWER,)):
            Episode(env, Calling(*calls), seed=0).run()
        env.close()
        plain = RunState.read(folder).plain()
    assert plain["runs"]


def check_nothing_is_counted_twice() -> None:
    state, kept = RunState(), list[Any]()
    bus = Bus()
    bus.subscribe(kept.append)
    played(bus=bus)
    for record in (*kept, *kept):
        state.apply(record)
    (run,) = state.runs.values()
    assert (run.steps, run.records, run.missing) == (2, len(kept), 0)


def check_unknown_events_do_no_harm() -> None:
    bus, state = followed()
    bus.publish(Note(kind="anything"))
    assert state.running == []
