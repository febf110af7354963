from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym import Dataset
from agentgym.agents import Emit, agents
from agentgym.errors import BackendError, EvaluationError, UsageError
from agentgym.events import Note, Record, RunCompleted, RunStarted
from agentgym.families import Observation
from agentgym.runner import RolloutSpec, rollout
from agentgym.runner.rollouts import ClosingWarning
from agentgym.tasks import Task
from tests.runner.countdown import COUNTDOWN


def spec(**options: Any) -> RolloutSpec:
    return RolloutSpec(**{"agent": "noop", "agent_options": {"steps": 9}, "env": COUNTDOWN, **options})


def test_a_rollout_survives_pickling_and_gives_a_result() -> None:
    result = rollout(pickle.loads(pickle.dumps(spec(seed=3))))
    assert (result.seed, result.score, result.steps, result.attempts) == (3, 0.5, 3, 1)


def test_a_broken_machine_is_replaced_and_no_score_of_0() -> None:
    result = rollout(spec(env_kwargs={"faults": 2}, attempts=3))
    assert (result.score, result.attempts) == (0.5, 3)


def test_a_machine_that_breaks_every_time_leaves_the_episode_unscored() -> None:
    with pytest.raises(BackendError, match="display died"):
        rollout(spec(env_kwargs={"faults": 3}, attempts=3))


class Stuck(gym.Wrapper[Any, Any, Any, Any]):
    def close(self) -> None:
        super().close()
        raise BackendError("the display does not end", kind="display")


def test_a_machine_that_breaks_when_it_is_closed_costs_no_score() -> None:
    with pytest.warns(ClosingWarning, match="could not be closed: the display does not end"):
        result = rollout(spec(wrappers=(f"{__name__}:Stuck",), attempts=3))
    assert (result.score, result.steps, result.attempts) == (0.5, 3, 1)


def test_a_metric_that_raises_leaves_the_episode_unscored() -> None:
    with pytest.raises(EvaluationError, match="'m' raised"):
        rollout(spec(env_kwargs={"unscorable": True}))


def test_a_recorded_rollout_can_be_read_back(tmp_path: Path) -> None:
    rollout(spec(record=str(tmp_path / "data")))
    (episode,) = Dataset(tmp_path / "data")
    assert len(episode) == 3
    assert list(episode.rewards) == [1.0, 1.0, 1.0]


def test_every_attempt_is_in_the_record(tmp_path: Path) -> None:
    rollout(spec(env_kwargs={"faults": 1}, attempts=2, record=str(tmp_path / "data")))
    # Two runs of one second have no order.
    assert sorted(len(episode) for episode in Dataset(tmp_path / "data")) == [0, 3]


class Closing:
    """Keeps what happened to it."""

    happened: list[str] = []  # noqa: RUF012 - of the class: the agent is made by name

    def reset(self, task: Task, emit: Emit) -> None:
        self.happened.append("reset")

    def act(self, observation: Observation) -> int:
        return 1

    def close(self) -> None:
        self.happened.append("close")


@pytest.mark.parametrize("faults", [0, 1])
def test_an_agent_that_can_be_closed_is_closed_after_its_episode(faults: int) -> None:
    Closing.happened.clear()
    order = spec(agent=f"{__name__}:Closing", agent_options={}, env_kwargs={"faults": faults})
    if faults:
        with pytest.raises(BackendError):
            rollout(order)
    else:
        rollout(order)
    assert Closing.happened == ["reset", "close"]


HEARD: list[Record] = []


def hear(record: Record) -> None:
    HEARD.append(record)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_hook_that_observes_hears_the_run_from_its_beginning_to_its_end(tmp_path: Path, *, recorded: bool) -> None:
    HEARD.clear()
    record = str(tmp_path / "data") if recorded else None
    result = rollout(
        spec(record=record, hooks=(f"observe={__name__}:hear",), session_id="night", metadata={"by": "me"})
    )
    kinds = [record.event_type for record in HEARD]
    assert kinds == ["run_started", "reset", "step", "step", "step", "scored", "run_completed"]
    assert {record.run_id for record in HEARD} == {result.run_id}
    started, completed = HEARD[0].payload, HEARD[-1].payload
    assert isinstance(started, RunStarted)
    assert isinstance(completed, RunCompleted)
    assert (started.session_id, started.attempt, started.agent, started.metadata) == ("night", 1, "noop", {"by": "me"})
    assert completed.status == "completed"


def test_a_hook_that_cannot_be_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hook named 'tme'; did you mean 'time'"):
        rollout(spec(hooks=("step=tme",), env="tests/NoSuchEnvironment-v0"))


def test_sinks_get_the_run_to_its_end(tmp_path: Path) -> None:
    rollout(spec(sinks=(f"jsonl:{tmp_path}/events.jsonl",)))
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert len(lines) == 7
    assert "run_completed" in lines[-1]


class Keyed(gym.Wrapper[Any, Any, Any, Any]):
    """Is refused, and says with which key."""

    def __init__(self, env: gym.Env[Any, Any], *, api_key: str) -> None:
        super().__init__(env)
        self._key = api_key

    def step(self, action: Any) -> Any:
        raise ValueError(f"{self._key} is no key")


@pytest.mark.parametrize("as_text", [True, False])
def test_no_secret_of_a_wrapper_is_in_the_record(tmp_path: Path, *, as_text: bool) -> None:
    options = {"wrapper": f"{__name__}:Keyed", "api_key": "hunter2, of no form that is known"}
    named = json.dumps(options) if as_text else options
    with pytest.raises(ValueError, match="is no key"):
        rollout(spec(wrappers=(named,), record=str(tmp_path / "data")))
    written = [path.read_bytes() for path in (tmp_path / "data").iterdir()]
    assert any(b"[redacted] is no key" in content for content in written)
    assert not any(b"hunter2" in content for content in written)


def test_hooks_of_an_order_intercept_in_it() -> None:
    hook = {"point": "step", "hook": "limit", "calls": 2}
    HEARD.clear()
    rollout(spec(env_kwargs={"steps": 2}, hooks=(hook, f"observe:note={__name__}:hear")))
    assert HEARD == []
    with pytest.raises(Stopped):
        rollout(spec(hooks=(hook, {"point": "observe:note", "hook": stop_at_a_refusal})))


class Stopped(Exception):
    pass


def stop_at_a_refusal(record: Record) -> None:
    if isinstance(record.payload, Note) and record.payload.kind == "refused":
        raise Stopped


def test_the_agents_of_the_table_stay_what_they_were() -> None:
    assert "noop" in agents
