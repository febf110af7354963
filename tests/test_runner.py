from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym import Dataset
from agentgym.agents import Agent, Emit, NoopAgent
from agentgym.errors import BackendError, EvaluationError, UsageError
from agentgym.evaluators import Score
from agentgym.events import Note, Record
from agentgym.families import Observation
from agentgym.rewards import Transition
from agentgym.runner import Episode, RolloutSpec, rollout
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder

COUNTDOWN = "tests/Countdown-v0"


class Countdown(gym.Env[dict[str, Any], Any]):
    """Ends after three steps, each paid 1; its machine breaks in the first ``faults`` episodes of the process."""

    observation_space = gym.spaces.Dict({"left": gym.spaces.Box(0, 3, (1,), np.int64)})
    action_space = gym.spaces.Discrete(2)
    broken = 0

    def __init__(self, *, faults: int = 0, unscorable: bool = False) -> None:
        self._faults = faults
        self._unscorable = unscorable
        self.task = Task(id="countdown", instruction="count down")
        self.left = 3

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        self.left = 3
        return self._seen(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        if Countdown.broken < self._faults:
            Countdown.broken += 1
            raise BackendError("the display died", kind="display")
        self.left -= 1
        return self._seen(), 1.0, self.left == 0, False, {"left": self.left}

    def evaluate(self) -> Score:
        if self._unscorable:
            raise EvaluationError("the metric 'm' raised")
        return Score(0.5, {})

    def _seen(self) -> dict[str, Any]:
        return {"left": np.array([self.left])}


class Counting:
    """Does 1, and notes each action in the stream."""

    def reset(self, task: Task, emit: Emit) -> None:
        self.task = task
        self._emit = emit

    def act(self, observation: Observation) -> int:
        self._emit(Note(kind="seen", value=int(observation["left"][0])))
        return 1


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    def make(**options: Any) -> Countdown:
        return Countdown(**options)

    gym.register(COUNTDOWN, make, disable_env_checker=True, order_enforce=False)
    Countdown.broken = 0
    yield
    del gym.registry[COUNTDOWN]


def played(episode: Episode) -> list[Transition]:
    return [episode.step() for _ in episode]


def spec(**options: Any) -> RolloutSpec:
    return RolloutSpec(**{"agent": "noop", "agent_options": {"steps": 9}, "env": COUNTDOWN, **options})


def test_an_episode_is_iterated_step_by_step() -> None:
    transitions = played(Episode(Countdown(), Counting(), seed=0))
    assert [transition.before["left"][0] for transition in transitions] == [3, 2, 1]
    assert [transition.after["left"][0] for transition in transitions] == [2, 1, 0]
    assert [transition.terminated for transition in transitions] == [False, False, True]


def test_a_transition_has_the_infos_before_and_after_it() -> None:
    seen = [(transition.before_info, transition.info) for transition in played(Episode(Countdown(), Counting()))]
    assert seen == [({}, {"left": 2}), ({"left": 2}, {"left": 1}), ({"left": 1}, {"left": 0})]


def test_an_episode_can_be_stepped_and_then_run_to_its_end() -> None:
    episode = Episode(Countdown(), Counting(), seed=4)
    episode.step()
    result = episode.run()
    assert (result.task, result.seed, result.steps, result.total_return) == ("countdown", 4, 3, 3.0)
    assert (result.score, result.terminated, result.truncated) == (0.5, True, False)


def test_an_episode_that_is_over_takes_no_step() -> None:
    episode = Episode(Countdown(), Counting())
    episode.run()
    with pytest.raises(UsageError, match="over"):
        episode.step()


def test_the_agent_is_told_the_environments_task() -> None:
    agent = Counting()
    Episode(Countdown(), agent).step()
    assert agent.task.id == "countdown"


def test_an_environment_without_a_task_or_score_has_an_unscored_result() -> None:
    class Right:
        def reset(self, task: Task, emit: Emit) -> None:
            assert task.id == ""

        def act(self, observation: Any) -> int:
            return 1

    agent: Agent = Right()
    env = gym.make("CartPole-v1")
    result = Episode(env, agent, seed=0).run()
    env.close()
    assert result.score is None
    assert result.total_return == result.steps > 5


def test_the_agents_own_events_go_into_the_stream_of_the_recorder(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Countdown(), tmp_path / "data")
    seen: list[Record] = []
    env.bus.subscribe(seen.append)
    Episode(env, Counting(), seed=0).run()
    env.close()
    kinds = [record.event_type for record in seen if record.event_type in ("note", "step")]
    assert kinds == ["note", "step"] * 3


def test_a_rollout_survives_pickling_and_gives_a_result() -> None:
    result = rollout(pickle.loads(pickle.dumps(spec(seed=3))))
    assert (result.seed, result.score, result.steps, result.attempts) == (3, 0.5, 3, 1)


def test_a_broken_machine_is_replaced_and_no_score_of_0() -> None:
    result = rollout(spec(env_kwargs={"faults": 2}, attempts=3))
    assert (result.score, result.attempts) == (0.5, 3)


def test_a_machine_that_breaks_every_time_leaves_the_episode_unscored() -> None:
    with pytest.raises(BackendError, match="display died"):
        rollout(spec(env_kwargs={"faults": 3}, attempts=3))


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


def test_the_environment_stays_the_callers() -> None:
    env = Countdown()
    Episode(env, NoopAgent()).step()
    assert env.left == 2
