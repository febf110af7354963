"""AWorld's ways to run a task, one or many, and ours."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from agentgym import Dataset
from agentgym.agents import Closes
from agentgym.agents.openai import OpenAIAgent
from agentgym.engines import make_engine
from agentgym.errors import BackendError, TooManyFailures
from agentgym.events import RunCompleted, Step
from agentgym.export import exporters
from agentgym.runner import Episode, RolloutSpec, rollout, stream
from agentgym.trajectory.query import records
from tests.aworld.playing import ADD, ANSWER, SUM, Calling, heard, payloads, played, sums
from tests.modelserver import call, say, serving

CALCULATOR = {"id": "idle", "instruction": "Do nothing.", "tools": ["calculator"], "max_steps": 2}


def spec(**options: Any) -> RolloutSpec:
    given = {"agent": "random", "env": "agentgym/Tools-v0", "env_kwargs": {"task": CALCULATOR, "backend": "memory"}}
    return RolloutSpec(**{**given, **options})


def check_run() -> None:
    assert played().score == 1.0


def check_run_awaited() -> None:
    env = sums()

    async def main() -> float | None:
        return (await asyncio.to_thread(Episode(env, Calling(ADD, ANSWER), seed=0).run)).score

    assert asyncio.run(main()) == 1.0
    env.close()


def check_order_of_a_run() -> None:
    result = rollout(spec(seed=3))
    assert (result.task, result.seed, result.steps) == ("idle", 3, 2)
    assert result.run_id


def check_many() -> None:
    outcomes = list(make_engine("threads", workers=4).map(rollout, [spec(seed=seed) for seed in range(6)]))
    assert sorted(outcome.index for outcome in outcomes) == list(range(6))
    assert {outcome.unwrap().seed for outcome in outcomes} == set(range(6))


def check_stream() -> None:
    env = sums()
    left = []
    for record in stream(Episode(env, Calling(ADD, ADD, ADD, ANSWER), seed=0)):
        left.append(record.event_type)
        if record.event_type == "step":
            break
    env.close()
    assert "tool_call" in left


def check_stream_of_some() -> None:
    env = sums()
    wanted = {"step", "run_completed"}
    some = [one.event_type for one in stream(Episode(env, Calling(ADD, ANSWER))) if one.event_type in wanted]
    env.close()
    assert some == ["step", "step", "run_completed"]


def check_single_steps() -> None:
    """The conversation of single steps is that of one run: nothing is said twice, nothing is forgotten."""

    def roles(*, stepwise: bool) -> list[list[str]]:
        env = sums()
        with serving([call("add", a=2, b=3), say("hm"), call("answer", text="5")]) as server:
            agent = OpenAIAgent("scripted", base_url=server.url)
            episode = Episode(env, agent, seed=0)
            if stepwise:
                while not episode.over:
                    episode.step()
            else:
                episode.run()
            agent.close()
        env.close()
        return [[message["role"] for message in request["messages"]] for request in server.requests]

    assert roles(stepwise=True) == roles(stepwise=False)
    assert roles(stepwise=True)[1] == ["system", "user", "assistant", "tool"]


def check_step_by_hand() -> None:
    env = sums()
    episode = Episode(env, Calling(ADD, ANSWER), seed=0)
    first = episode.step()
    assert (first.terminated, first.reward, episode.steps) == (False, 0.0, 1)
    episode.action = ANSWER
    assert episode.step().terminated
    assert episode.result().score == 1.0
    env.close()


def check_scored() -> None:
    env: Any = sums()
    env.reset(seed=0)
    env.step(ADD)
    assert env.unwrapped.evaluate().value == 0.0
    env.step(ANSWER)
    assert env.unwrapped.evaluate().value == 1.0
    env.close()


def fails_on_two(number: int) -> int:
    if number == 2:
        raise ValueError("two")
    return number


def check_collect_all() -> None:
    outcomes = {one.index: one for one in make_engine("threads", workers=2).map(fails_on_two, range(5))}
    assert [index for index, outcome in outcomes.items() if outcome.error is not None] == [2]
    assert sorted(outcomes) == [0, 1, 2, 3, 4]


def check_fail_fast() -> None:
    with pytest.raises(TooManyFailures):
        list(make_engine("serial", max_failures=1).map(fails_on_two, range(5)))


_tries: list[int] = []


def breaks_once(number: int) -> int:
    _tries.append(number)
    if _tries.count(number) == 1:
        raise BackendError("the display died", kind="display")
    return number


def check_retries() -> None:
    _tries.clear()
    outcomes = list(make_engine("serial", retries=1).map(breaks_once, [1]))
    assert [(one.value, one.attempts, len(one.faults)) for one in outcomes] == [(1, 2, 1)]
    (failed,) = make_engine("serial", retries=5).map(fails_on_two, [2])
    assert failed.attempts == 1, "what is no machine's fault is not tried again"


def check_processes() -> None:
    outcomes = list(make_engine("processes", workers=2).map(rollout, [spec(seed=1), spec(seed=2)]))
    assert sorted(outcome.unwrap().seed or 0 for outcome in outcomes) == [1, 2]


def check_ray() -> None:
    outcomes = list(make_engine("ray", workers=2).map(rollout, [spec(seed=1), spec(seed=2)]))
    assert sorted(outcome.unwrap().seed or 0 for outcome in outcomes) == [1, 2]


def check_spark() -> None:
    outcomes = list(make_engine("spark", workers=2).map(rollout, [spec(seed=1), spec(seed=2)]))
    assert sorted(outcome.unwrap().seed or 0 for outcome in outcomes) == [1, 2]


def check_result() -> None:
    env: Any = sums()
    result = Episode(env, Calling(ADD, ANSWER), seed=0).run()
    assert (result.task, result.score, result.error, result.terminated) == ("sum", 1.0, None, True)
    assert result.steps_s > 0
    assert result.usage["tool_calls"] == 2
    assert env.unwrapped.context.answer == "5"
    env.close()


def check_usage() -> None:
    env = sums()
    with serving([call("add", a=2, b=3), call("answer", text="5")]) as server:
        agent = OpenAIAgent("scripted", base_url=server.url)
        result = Episode(env, agent, seed=0).run()
        agent.close()
    env.close()
    assert result.usage["model_calls"] == 2
    assert result.usage["input_tokens"] == server.usage["input_tokens"]
    assert result.usage["output_tokens"] == server.usage["output_tokens"]


def check_limits() -> None:
    agent = Calling(ADD, ADD, ADD)
    result = played(agent=agent, task={**SUM, "max_steps": 2})
    assert (result.truncated, result.steps) == (True, 2)


def check_session() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(2):
            rollout(spec(record=folder, session_id="night", seed=seed))
        sessions = {run.session_id for run in payloads(records(folder, types=["run_started"]))}
        assert sessions == {"night"}


def check_cancel() -> None:
    env = sums()
    episode = Episode(env, Calling(ADD, ADD, ANSWER), seed=0)
    ends = heard(episode.bus, RunCompleted)
    for record in stream(episode, thread=False):
        if isinstance(record.payload, Step):
            break
    env.close()
    assert [end.status for end in ends] == ["cancelled"]


def check_interrupt() -> None:
    env = sums()
    episode = Episode(env, Calling(ADD, KeyboardInterrupt()), seed=0)
    ends = heard(episode.bus, RunCompleted)
    with pytest.raises(KeyboardInterrupt):
        episode.run()
    env.close()
    assert [(end.status, end.steps) for end in ends] == [("cancelled", 1)]


def check_snapshot() -> None:
    env: Any = sums()
    env.reset(seed=0)
    env.step(ADD)
    token = env.unwrapped.snapshot()
    env.step(ANSWER)
    env.unwrapped.restore(token)
    assert env.step(ANSWER)[1] == 1.0
    env.close()


def check_trajectory() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rollout(spec(record=f"{folder}/data", seed=4))
        (episode,) = Dataset(f"{folder}/data")
        assert (len(episode), episode.seed, list(episode.rewards)) == (2, 4, [0.0, 0.0])
        exporters["aworld"](Dataset(f"{folder}/data"), Path(folder, "out"))
        (file,) = Path(folder, "out").iterdir()
        items = json.loads(file.read_text())
        assert [item["meta"]["step"] for item in items] == [1, 2]


def check_closing() -> None:
    with serving([]) as server:
        assert isinstance(OpenAIAgent("scripted", base_url=server.url), Closes)
