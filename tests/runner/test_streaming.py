from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym import Dataset
from agentgym.agents import Emit, make_agent
from agentgym.errors import BackendError, UsageError
from agentgym.events import Note, Record, Reset, RunCompleted, Step
from agentgym.families import Observation
from agentgym.runner import Episode, EpisodeResult, stream
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder
from tests.runner.countdown import Countdown, Counting

KINDS = ["run_started", "reset", *["note", "step"] * 3, "scored", "run_completed"]


@pytest.mark.parametrize("thread", [None, True, False])
def test_the_records_of_an_episode_come_in_their_order(*, thread: bool | None) -> None:
    records = list(stream(Episode(Countdown(), Counting()), thread=thread))
    assert [record.event_type for record in records] == KINDS
    assert [record.idx for record in records] == list(range(len(KINDS)))


class Told(Counting):
    """Is told how it went."""

    def __init__(self) -> None:
        self.results: list[EpisodeResult] = []

    def finish(self, result: EpisodeResult) -> None:
        self.results.append(result)


class Waiting(Told):
    """Waits for a word before each action but the first."""

    def __init__(self) -> None:
        super().__init__()
        self.word = threading.Semaphore(1)

    def act(self, observation: Observation) -> int:
        assert self.word.acquire(timeout=10)
        return super().act(observation)


def test_a_record_comes_before_the_next_thing_happens() -> None:
    agent = Waiting()
    seen = []
    for record in stream(Episode(Countdown(), agent)):
        seen.append(record.event_type)
        if record.event_type == "step":
            # Without this the agent waits for ever: the record came while the episode went on.
            agent.word.release()
    assert seen == KINDS


@pytest.mark.parametrize("thread", [True, False])
def test_a_loop_that_is_left_ends_the_episode_at_its_next_step(tmp_path: Path, *, thread: bool) -> None:
    agent = Waiting()
    env = TrajectoryRecorder(Countdown(steps=1000), tmp_path / "data")
    episode = Episode(env, agent)
    for record in stream(episode, thread=thread):
        if isinstance(record.payload, Step):
            agent.word.release()
        if isinstance(record.payload, Step) and record.payload.step == 3:
            break
    assert episode.over
    assert 3 <= episode.steps <= 5
    (result,) = agent.results
    assert (result.terminated, result.truncated, result.score, result.error) == (False, False, None, None)
    env.close()
    (recorded,) = Dataset(tmp_path / "data")
    assert len(recorded) == episode.steps
    assert not [one for one in threading.enumerate() if one.name == "agentgym-stream"]


class WritesOver(gym.Env[Any, Any]):
    """Has one array for all its observations."""

    observation_space = gym.spaces.Dict({"left": gym.spaces.Box(0, 255, (1,), np.uint8)})
    action_space = gym.spaces.Discrete(2)

    def __init__(self) -> None:
        self._shown = np.zeros(1, np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self._shown[:] = 0
        return {"left": self._shown}, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._shown += 1
        return {"left": self._shown}, 0.0, bool(self._shown[0] == 3), False, {}


def test_stepwise_an_observation_is_seen_before_it_is_written_over() -> None:
    records = stream(Episode(WritesOver(), Counting()), thread=False)
    seen = [
        int(record.payload.observation["left"][0]) for record in records if isinstance(record.payload, Reset | Step)
    ]
    assert seen == [0, 1, 2, 3]


def test_a_run_of_the_episodes_own_ends_when_the_loop_is_left() -> None:
    episode = Episode(Countdown(steps=1000), Counting())
    ends: list[Record] = []
    episode.bus.subscribe(ends.append, RunCompleted)
    for _ in stream(episode):
        break
    (end,) = [record.payload for record in ends]
    assert isinstance(end, RunCompleted)
    assert end.status == "cancelled" or end.steps == 0


@pytest.mark.parametrize("thread", [True, False])
def test_what_the_episode_raises_is_raised_in_the_loop_after_its_records(*, thread: bool) -> None:
    seen: list[str] = []
    with pytest.raises(BackendError, match="display died"):
        seen.extend(record.event_type for record in stream(Episode(Countdown(faults=1), Counting()), thread=thread))
    episode = Episode(Countdown(faults=2), Counting())
    iterator = stream(episode, thread=thread)
    with pytest.raises(BackendError):
        seen.extend(_kept(iterator))
    assert _kinds[-3:] == ["note", "failed", "run_completed"]


_kinds: list[str] = []


def _kept(records: Iterator[Record]) -> Iterator[str]:
    _kinds.clear()
    for record in records:
        _kinds.append(record.event_type)
        yield record.event_type


def test_an_error_in_the_loops_body_ends_the_episode_too() -> None:
    agent = Told()
    episode = Episode(Countdown(steps=1000), agent)
    with pytest.raises(ZeroDivisionError):
        _stumble(stream(episode))
    assert len(agent.results) == 1


def _stumble(records: Iterator[Record]) -> None:
    # Closed here and now: the traceback would keep it alive until it is looked at.
    try:
        for record in records:
            if record.event_type == "step":
                raise ZeroDivisionError
    finally:
        records.close()  # type: ignore[attr-defined]  # a generator


_told: ContextVar[str] = ContextVar("told", default="nothing")


def test_the_thread_knows_what_the_caller_knows() -> None:
    class Knowing(Counting):
        def act(self, observation: Observation) -> int:
            self._emit(Note(kind="told", text=_told.get()))
            return 1

    token = _told.set("all")
    records = list(stream(Episode(Countdown(), Knowing())))
    _told.reset(token)
    assert {record.payload.text for record in records if isinstance(record.payload, Note)} == {"all"}


def test_episodes_run_beside_each_other_in_asyncio() -> None:
    async def played() -> list[EpisodeResult]:
        meeting = threading.Barrier(3)

        class Meeting(Counting):
            def act(self, observation: Observation) -> int:
                meeting.wait(timeout=10)
                return 1

        episodes = [Episode(Countdown(), Meeting(), seed=seed) for seed in range(3)]
        return list(await asyncio.gather(*(asyncio.to_thread(episode.run) for episode in episodes)))

    assert [result.seed for result in asyncio.run(played())] == [0, 1, 2]


def test_a_step_can_be_awaited() -> None:
    async def played() -> list[int]:
        episode = Episode(Countdown(), Counting())
        left = []
        while not episode.over:
            transition = await asyncio.to_thread(episode.step)
            left.append(transition.info["left"])
        return left

    assert asyncio.run(played()) == [2, 1, 0]


def test_a_record_reaches_the_consumer_within_a_millisecond() -> None:
    class Stamping(Counting):
        def act(self, observation: Observation) -> int:
            self._emit(Note(kind="stamp", value=time.perf_counter()))
            # As an agent does that waits for its model: the consumer has the processor.
            time.sleep(0.001)
            return 1

    delays = [
        time.perf_counter() - record.payload.value
        for record in stream(Episode(Countdown(steps=200), Stamping()))
        if isinstance(record.payload, Note)
    ]
    # Of a machine that others use, too, the median says what it takes and the longest who else was there.
    assert sorted(delays)[len(delays) // 2] < 0.001


def test_widgets_in_this_process_are_streamed_in_the_thread_that_they_belong_to() -> None:
    pytest.importorskip("PySide6")
    env = gym.make("agentgym/ClickButton-v0")
    episode = Episode(env, make_agent("oracle"), seed=0)
    records = list(stream(episode))
    assert [record.event_type for record in records if record.event_type == "scored"] == ["scored"]
    with pytest.raises(UsageError, match="leave thread=True out"):
        list(stream(Episode(env, make_agent("oracle"), seed=0), thread=True))
    env.close()


def test_a_machine_that_was_started_in_the_streams_thread_outlives_it() -> None:
    task = {"id": "t", "instruction": "i", "config": [{"type": "execute", "parameters": {"command": ["true"]}}]}
    env = gym.make("agentgym/Tools-v0", task=task, tools=["bash"], max_steps=1)

    class Listing:
        def reset(self, task: Task, emit: Emit) -> None:
            pass

        def act(self, observation: Any) -> dict[str, Any]:
            return {"name": "bash", "arguments": {"command": "echo here > left.txt"}}

    list(stream(Episode(env, Listing())))
    machine = env.unwrapped.context.workspace  # type: ignore[attr-defined]  # a ToolEnv
    assert machine.bash("cat left.txt", timeout_s=10, max_output=100).output.strip() == "here"
    env.close()
