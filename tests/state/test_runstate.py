from __future__ import annotations

import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import UsageError
from agentgym.events import (
    Bus,
    Failed,
    Phase,
    Record,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
)
from agentgym.events import ModelRequest as Request
from agentgym.state import EpisodePart, RunState
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder
from tests.state.small import Counting, ask, use


@pytest.fixture
def bus() -> Bus:
    return Bus("r")


@pytest.fixture
def state(bus: Bus) -> RunState:
    state = RunState()
    bus.subscribe(state.apply)
    return state


def step(number: int = 1, **fields: Any) -> Step:
    return Step(**{"step": number, "observation": 0, "action": 1, "reward": 1.0, **ends(), **fields})


def ends(*, terminated: bool = False) -> dict[str, bool]:
    return {"terminated": terminated, "truncated": False}


def begun(state: RunState, bus: Bus, **fields: Any) -> EpisodePart:
    bus.publish(RunStarted(session_id="s", agent="a", model="m", attempt=2, env={"id": "E-v0"}))
    bus.publish(Reset(observation=0, seed=7, task=Task(id="t", instruction="do"), **fields))
    return state.runs["r"].episodes[0]


def test_a_run_and_its_episode_say_who_and_what(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    run = state.runs["r"]
    assert (run.session_id, run.agent, run.model, run.attempt, run.env) == ("s", "a", "m", 2, "E-v0")
    assert (episode.task, episode.seed, episode.status) == ("t", 7, "running")
    assert state.sessions == {"s": [run]}
    assert not state.is_over


def test_steps_rewards_and_scores_add_up(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    bus.publish(step(1, reward=0.5, info={"action_error": "no such key"}))
    bus.publish(step(2, reward=1.0, terminated=True))
    bus.publish(Scored(value=0.75))
    bus.publish(Reward(step=1, value=0.25, name="late"))
    assert (episode.steps, episode.total_return, episode.score, episode.action_errors) == (2, 1.75, 0.75, 1)
    assert episode.status == "done"
    task = state.tasks["t"]
    assert (task.episodes, task.steps, task.mean_score, task.counts) == (1, 2, 0.75, {"done": 1})


def test_a_call_is_pending_then_running_then_done(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    ask(bus, "m1", "c1", agent_id="planner")
    assert episode.detail is not None
    assert [(call.status, call.model_call_id) for call in episode.detail.open_calls.values()] == [("pending", "m1")]
    bus.publish(ToolCalled(call_id="c1", name="bash"))
    call = episode.detail.last_tool
    assert call is not None
    assert (call.status, call.model_call_id, call.agent_id) == ("running", "m1", "planner")
    use(bus, "c1", error="no such file")
    call = episode.detail.last_tool
    assert call is not None
    assert (call.status, call.error, call.duration_ms) == ("failed", "no such file", 2.5)
    assert episode.detail.open_calls == {}


@pytest.mark.parametrize("what", ["KeyboardInterrupt", "GivenUp"])
def test_an_episode_that_was_left_in_a_step_is_cancelled(state: RunState, bus: Bus, what: str) -> None:
    episode = begun(state, bus)
    bus.publish(Failed(during="step", type=what, message=""))
    assert episode.status == "cancelled"


def test_what_was_asked_for_and_never_called_is_no_longer_pending_after_the_step(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    ask(bus, "m1", "c1", "c2")
    use(bus, "c1")
    bus.publish(step())
    assert episode.detail is not None
    assert episode.detail.open_calls == {}


def test_usage_is_summed_by_episode_agent_and_all(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    ask(bus, "m1", agent_id="planner")
    ask(bus, "m2", agent_id="worker", parent_id="planner")
    use(bus, "c", agent_id="worker")
    agents = state.runs["r"].agents
    assert (agents["worker"].parent_id, agents["planner"].parent_id) == ("planner", None)
    assert (agents["worker"].totals.tool_calls, agents["worker"].totals.input_tokens) == (1, 10)
    for totals in (episode.totals, state.totals):
        assert (totals.model_calls, totals.tool_calls, totals.input_tokens, totals.output_tokens) == (2, 1, 20, 6)
        assert (totals.cached_tokens, totals.cost_usd) == (8, 0.5)


def test_a_cost_that_nobody_told_is_not_zero(state: RunState, bus: Bus) -> None:
    begun(state, bus)
    use(bus, "c")
    assert state.totals.cost_usd is None


def test_a_step_that_broke_fails_the_episode(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    bus.publish(Request(call_id="m1"))
    bus.publish(Failed(during="step", type="BackendError", message="the display died", infrastructure=True))
    assert (episode.status, episode.failure, episode.score) == ("failed", "BackendError: the display died", None)
    assert [(one.run_id, one.during, one.infrastructure) for one in state.failures] == [("r", "step", True)]


def test_a_reset_that_broke_does_not_touch_the_episode_before(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    bus.publish(step(terminated=True))
    bus.publish(Failed(during="reset", type="BackendError", message="no display", infrastructure=True))
    assert (episode.status, episode.failure) == ("done", None)
    assert state.runs["r"].error == "BackendError: no display"


@pytest.mark.parametrize(
    ("said", "of_run", "of_episode"),
    [
        ("completed", "done", "cancelled"),
        ("limit", "done", "cancelled"),
        ("error", "failed", "failed"),
        ("timeout", "failed", "failed"),
        ("cancelled", "cancelled", "cancelled"),
    ],
)
def test_the_end_of_a_run_ends_what_was_going_on(
    state: RunState, bus: Bus, said: Any, of_run: str, of_episode: str
) -> None:
    episode = begun(state, bus)
    bus.publish(RunCompleted(status=said))
    assert (state.runs["r"].status, episode.status, state.is_over) == (of_run, of_episode, True)


def test_an_episode_that_is_reset_away_is_cancelled(state: RunState, bus: Bus) -> None:
    first = begun(state, bus)
    bus.publish(Reset(observation=0))
    assert [one.status for one in state.runs["r"].episodes.values()] == ["cancelled", "running"]
    assert first.detail is None


def test_what_a_run_does_before_its_first_reset_is_shown(state: RunState, bus: Bus) -> None:
    bus.publish(RunStarted())
    bus.publish(Phase(name="setup", status="began"))
    doing = [run.doing for run in state.runs.values()]
    bus.publish(Phase(name="setup", status="ended"))
    assert [*doing, *(run.doing for run in state.runs.values())] == ["setup", None]
    assert state.running == []


def test_a_record_counts_once_and_a_lost_one_is_missed(state: RunState) -> None:
    def record(idx: int) -> Record:
        return Record("2026-01-01T00:00:00.000+00:00", "r", 0, idx, "step", step())

    for idx in (0, 1, 1, 0, 4):
        state.apply(record(idx))
    run = state.runs["r"]
    assert (run.records, run.missing, run.steps) == (3, 2, 3)


def test_details_are_kept_if_asked_for(bus: Bus) -> None:
    state = RunState(details=True)
    bus.subscribe(state.apply)
    episode = begun(state, bus)
    for number in range(1, 101):
        ask(bus, f"m{number}")
        bus.publish(step(number, terminated=number == 100))
    assert episode.detail is not None
    assert (len(episode.detail.steps), len(episode.detail.calls)) == (100, 100)


def test_only_what_is_recent_is_kept_of_a_long_episode(state: RunState, bus: Bus) -> None:
    episode = begun(state, bus)
    for number in range(1, 101):
        bus.publish(step(number))
    assert episode.detail is not None
    assert [one.number for one in episode.detail.steps] == list(range(81, 101))


@pytest.mark.episodes
def test_ten_thousand_ended_episodes_take_some_megabytes() -> None:
    state = RunState()
    run_ids = [f"run-{number}" for number in range(1000)]
    tracemalloc.start()
    for run_id in run_ids:
        bus = Bus(run_id)
        bus.subscribe(state.apply)
        for _ in range(10):
            bus.publish(Reset(observation=0, task_id="t"))
            bus.publish(step(terminated=True))
            bus.publish(Scored(value=1.0))
        bus.publish(RunCompleted(status="completed"))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert state.tasks["t"].episodes == 10_000
    assert held < 12 << 20, f"{held / 10_000:.0f} bytes an episode"


def test_a_live_state_has_nothing_to_read_again() -> None:
    with pytest.raises(UsageError, match="given records with apply"):
        RunState().refresh()


def test_live_and_read_are_the_same(tmp_path: Path) -> None:
    live = RunState(details=True)
    env = TrajectoryRecorder(Counting(), tmp_path, agent="a", about={"session_id": "s"})
    env.bus.subscribe(live.apply)
    for _ in range(2):
        env.reset(seed=3)
        for number in range(3):
            ask(env.bus, f"m{number}", "c", agent_id="worker", parent_id="planner")
            use(env.bus, "c", error="x" * 5000 if number else None)
            env.step(number)
    env.bus.publish(Failed(during="evaluate", type="EvaluationError", message="y" * 5000))
    env.close()
    assert RunState.read(tmp_path, details=True).plain() == live.plain()


def test_a_state_is_looked_at_while_others_publish() -> None:
    state = RunState()

    def publish(name: str) -> None:
        for number in range(200):
            bus = Bus(f"{name}-{number}")
            bus.subscribe(state.apply)
            bus.publish(Reset(observation=0))
            ask(bus, "m", "c", agent_id=bus.run_id)
            bus.publish(step(terminated=True))

    threads = [threading.Thread(target=publish, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        plain = state.plain()
        assert plain["totals"]["model_calls"] <= state.totals.model_calls <= 600
        assert {*state.tasks} <= {None}
    for thread in threads:
        thread.join()
    assert [episode.status for episode in state.episodes()] == ["done"] * 600
