from __future__ import annotations

import gc
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym import Dataset
from agentgym.agents import Agent, Emit, NoopAgent
from agentgym.errors import EvaluationError, UsageError
from agentgym.events import Bus, ModelResponse, Note, Record, Reward, Step, ToolCalled, trace
from agentgym.families import Observation
from agentgym.rewards import Transition
from agentgym.runner import Episode, EpisodeResult
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder
from tests.runner.countdown import Countdown, Counting


def played(episode: Episode) -> list[Transition]:
    return [episode.step() for _ in episode]


def heard(episode: Episode, *kinds: str) -> list[Record]:
    seen: list[Record] = []
    episode.bus.subscribe(seen.append, *kinds)
    return seen


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


@pytest.mark.parametrize("given", [Counting, lambda observation: 0, None])
def test_what_is_no_agent_is_refused_with_what_one_is(given: Any) -> None:
    with pytest.raises(UsageError, match=r"an agent has the methods reset\(task, emit\) and act\(observation\)"):
        Episode(Countdown(), given)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None])
def test_a_reward_is_a_finite_number(value: Any) -> None:
    episode = Episode(Countdown(), Counting())
    episode.step()
    before = episode.total_return
    with pytest.raises(UsageError, match="the value of the reward 'tidy' is a finite number, not "):
        episode.add_reward("tidy", value)
    assert episode.total_return == before


def test_a_reward_has_a_name_and_may_be_a_number_of_numpy() -> None:
    episode = Episode(Countdown(), Counting())
    episode.step()
    before = episode.total_return
    with pytest.raises(UsageError, match="name is a text that is not empty, not ''"):
        episode.add_reward("", 1)
    values: list[Any] = [np.float32(0.5), np.int64(1), np.array(2.0)[()]]
    for value in values:
        episode.add_reward("tidy", value)
    assert episode.total_return == before + 3.5


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


def test_the_environment_stays_the_callers() -> None:
    env = Countdown()
    Episode(env, NoopAgent()).step()
    assert env.left == 2


def test_the_loop_gives_the_observation_before_each_action() -> None:
    episode = Episode(Countdown(), Counting())
    assert [observation["left"][0] for observation in episode] == [3, 2, 1]
    assert episode.observation["left"][0] == 0
    assert (episode.steps, episode.over, episode.info) == (3, True, {"left": 0})


def test_the_action_can_be_read_before_it_is_done() -> None:
    episode = Episode(Countdown(), Counting())
    seen = [(episode.action, episode.steps) for _ in episode]
    assert seen == [(1, 0), (1, 1), (1, 2)]


def test_the_agent_is_asked_once_a_step_and_only_if_nobody_else_decides() -> None:
    class Asked(Counting):
        times = 0

        def act(self, observation: Observation) -> int:
            self.times += 1
            return super().act(observation)

    agent = Asked()
    episode = Episode(Countdown(), agent)
    for _ in episode:
        if episode.steps == 1:
            episode.action = 0
        elif episode.steps == 2:
            assert episode.action == episode.action == 1
    assert agent.times == 2
    assert episode.transition is not None


def test_another_action_is_done_and_what_the_agent_wanted_is_noted(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Countdown(), tmp_path / "data")
    episode = Episode(env, Counting())
    notes = heard(episode, "note")
    for _ in episode:
        if episode.steps == 1:
            episode.action = int(episode.action) - 1
    env.close()
    (recorded,) = Dataset(tmp_path / "data")
    assert list(recorded.actions) == [1, 0, 1]
    replaced = [record.payload for record in notes if record.payload.kind == "action_replaced"]  # type: ignore[union-attr]  # notes
    assert replaced == [Note(kind="action_replaced", value={"asked": 1}, step=2)]


def test_a_step_that_is_made_in_the_loop_is_not_made_again() -> None:
    episode = Episode(Countdown(), Counting())
    transitions = [episode.step() if number else None for number, _ in enumerate(episode)]
    assert episode.steps == 3
    assert [None if one is None else one.info["left"] for one in transitions] == [None, 1, 0]


def test_a_reward_that_is_added_is_of_this_passs_step_made_or_not(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Countdown(), tmp_path / "data")
    episode = Episode(env, Counting())
    for number, _ in enumerate(episode):
        if number == 1:
            episode.step()
        if number == 2:
            episode.add_reward("late", 0.5)
            episode.step()
        episode.add_reward("tidy", number, note="seen")
    result = episode.result()
    env.close()
    (recorded,) = Dataset(tmp_path / "data")
    assert list(recorded.rewards) == [1.0, 2.0, 3.5]
    assert result.total_return == 6.5 == episode.total_return
    assert [terms.get("tidy") for terms in recorded.reward_terms] == [0.0, 1.0, 2.0]


def test_a_reward_comes_after_its_step_in_the_stream() -> None:
    episode = Episode(Countdown(), Counting())
    seen = heard(episode, "step", "reward")
    for _ in episode:
        episode.add_reward("tidy", 0.25)
    numbers = [(record.event_type, record.payload.step) for record in seen if isinstance(record.payload, Step | Reward)]
    assert numbers == [(kind, step) for step in (1, 2, 3) for kind in ("step", "reward")]


def test_a_reward_can_be_added_after_a_step_outside_of_a_loop() -> None:
    episode = Episode(Countdown(), Counting())
    with pytest.raises(UsageError, match="within the loop, or after step"):
        episode.add_reward("tidy", 1)
    episode.step()
    episode.add_reward("tidy", 1)
    assert episode.total_return == 2.0
    assert episode.run().total_return == 4.0
    with pytest.raises(UsageError, match="within the loop, or after step"):
        episode.add_reward("tidy", 1)


def test_a_loop_that_is_left_can_be_gone_on_with() -> None:
    episode = Episode(Countdown(), Counting())
    for _ in episode:
        if episode.steps == 1:
            break
    assert not episode.over
    assert [observation["left"][0] for observation in episode] == [2, 1]


def test_what_happens_without_a_recorder_is_published_too() -> None:
    episode = Episode(Countdown(), Counting())
    seen = heard(episode)
    result = episode.run()
    kinds = [record.event_type for record in seen]
    assert kinds == ["run_started", "reset", *["note", "step"] * 3, "scored", "run_completed"]
    assert {record.run_id for record in seen} == {result.run_id}


def test_episodes_share_a_bus_that_somebody_else_begins_and_ends() -> None:
    bus = Bus()
    seen: list[Record] = []
    bus.subscribe(seen.append)
    bus.publish(Note(kind="mine"))
    results = [Episode(Countdown(), Counting(), bus=bus).run() for _ in range(2)]
    assert [result.episode for result in results] == [0, 1]
    assert {record.event_type for record in seen} == {"note", "reset", "step", "scored"}


def test_a_bus_beside_that_of_the_recorder_is_refused(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Countdown(), tmp_path / "data")
    with pytest.raises(UsageError, match="a bus of its own"):
        Episode(env, Counting(), bus=Bus())
    Episode(env, Counting(), bus=env.bus)


def test_agents_publish_where_they_act_without_being_handed_anything() -> None:
    class Tracing(Counting):
        def act(self, observation: Observation) -> int:
            trace(Note(kind="traced"))
            return 1

    episode = Episode(Countdown(), Tracing())
    seen = heard(episode, "note")
    episode.run()
    assert len(seen) == 3


def test_the_usage_of_an_episode_is_the_sum_over_its_model_calls() -> None:
    told = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}

    class Asking(Counting):
        def act(self, observation: Observation) -> int:
            self._emit(ModelResponse(call_id="m", usage=told, cost_usd=0.25))
            self._emit(ModelResponse(call_id="n"))
            self._emit(ToolCalled(call_id="t", name="look"))
            return 1

    assert Episode(Countdown(), Asking()).run().usage == {
        "input_tokens": 30,
        "output_tokens": 6,
        "cached_tokens": 12,
        "reasoning_tokens": None,
        "cost_usd": 0.75,
        "model_calls": 6,
        "tool_calls": 3,
    }


def test_an_episode_without_a_model_used_nothing() -> None:
    assert set(Episode(Countdown(), Counting()).run().usage.values()) == {0}


class Curious(Counting):
    """Wants to know everything."""

    def __init__(self) -> None:
        self.infos: list[Mapping[str, Any]] = []
        self.results: list[EpisodeResult] = []
        self.order: list[str] = []

    def act(self, observation: Observation) -> int:
        self.order.append("act")
        return super().act(observation)

    def read_info(self, info: Mapping[str, Any]) -> None:
        self.order.append("info")
        self.infos.append(info)

    def finish(self, result: EpisodeResult) -> None:
        self.order.append("finish")
        self.results.append(result)


def test_an_agent_reads_the_info_of_the_reset_and_of_each_step() -> None:
    agent = Curious()
    Episode(Countdown(), agent).run()
    assert agent.infos == [{}, {"left": 2}, {"left": 1}, {"left": 0}]
    assert agent.order == ["info", *["act", "info"] * 3, "finish"]


def test_an_agent_is_told_how_its_episode_went_with_the_rewards_that_were_added_last() -> None:
    agent = Curious()
    episode = Episode(Countdown(), agent)
    for _ in episode:
        episode.step()
        episode.add_reward("tidy", 1)
    (result,) = agent.results
    assert (result.total_return, result.score, result.terminated, result.error) == (6.0, 0.5, True, None)


def test_an_episode_that_is_left_for_good_is_unscored_and_the_agent_is_told() -> None:
    agent = Curious()
    with Episode(Countdown(), agent) as episode:
        seen = heard(episode, "run_completed")
        for _ in episode:
            break
    (result,) = agent.results
    assert (result.steps, result.score, result.terminated, result.truncated) == (0, None, False, False)
    assert len(seen) == 1
    with pytest.raises(UsageError, match="over"):
        episode.step()
    episode.close()
    assert len(agent.results) == 1


def test_an_episode_that_never_began_can_be_closed() -> None:
    agent = Curious()
    with Episode(Countdown(), agent):
        pass
    assert agent.results == []


def test_a_loop_ends_though_nobody_can_score_and_who_asks_for_the_result_is_told() -> None:
    agent = Curious()
    episode = Episode(Countdown(unscorable=True), agent)
    for _ in episode:
        pass
    (result,) = agent.results
    assert (result.score, result.error) == (None, "EvaluationError: the metric 'm' raised")
    with pytest.raises(EvaluationError, match="'m' raised"):
        episode.result()


def test_an_action_that_is_set_before_the_first_reset_is_done() -> None:
    episode = Episode(Countdown(), Counting())
    episode.action = 0
    assert episode.step().action == 0


def test_an_episode_that_is_over_is_let_go_of_at_once() -> None:
    episode = Episode(Countdown(), Counting())
    episode.run()
    gone = weakref.ref(episode)
    gc.disable()
    try:
        del episode
        assert gone() is None
    finally:
        gc.enable()
