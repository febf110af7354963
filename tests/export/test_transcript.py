from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym

from agentgym.agents.openai import OpenAIAgent
from agentgym.events import Bus, ModelRequest, ModelResponse, Note, Reset, RunStarted, Step
from agentgym.export.transcript import transcript
from agentgym.runner import Episode
from agentgym.trajectory import Dataset, TrajectoryWriter
from agentgym.wrappers import TrajectoryRecorder
from tests.adapters.sums import SUM
from tests.export.traces import record_talks
from tests.modelserver import call, calls, say, serving


def told(data: Path, **options: Any) -> list[list[str]]:
    return [list(transcript(episode, **options)) for episode in Dataset(data)]


def test_an_episode_of_a_model_is_told_from_the_task_to_the_score(tmp_path: Path) -> None:
    script = [
        say("hm", reasoning="what tools are there?"),
        calls(("add", {"a": 2, "b": 3}), text="Adding."),
        call("answer", text="5"),
    ]
    with serving(script, extra=["reasoning_content"]) as server:
        env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=SUM, disable_env_checker=True), tmp_path / "data")
        agent = OpenAIAgent("scripted", base_url=server.url, system="Be brief.")
        Episode(env, agent, seed=0).run()
        env.close()
        agent.close()
    (lines,) = told(tmp_path / "data")
    said = [" ".join(line.split()) for line in lines if "tokens" not in line]
    assert lines[0].startswith("sum  (run ")
    assert said.count("system | Be brief.") == 1
    wanted = [
        "task | What is 2 + 3?",
        "scripted | (thinks) what tools are there?",
        "scripted | hm",
        "scripted | Adding.",
        'scripted | -> add({"a": 2, "b": 3})',
        "call | add(a=2, b=3)",
        "result | 5",
        "step 1 | reward 0",
        'scripted | -> answer({"text": "5"})',
        "call | answer(text='5')",
        "result | Thanks.",
        "step 2 | reward 1, terminated",
    ]
    places = [said.index(line) for line in wanted]
    assert places == sorted(places)
    assert lines[-1].startswith("score 1, return 1, 2 steps, 3 model calls, ")


def test_every_recorded_talk_can_be_told(tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    solved, stumbled, broken = told(tmp_path / "data")
    assert solved[-1].startswith("score 1, ")
    assert any("[failed]" in line for line in stumbled)
    assert any(line.lstrip().startswith("failed | during") for line in broken)


def test_each_agent_is_told_what_it_was_not_told_before(tmp_path: Path) -> None:
    bus = Bus()
    writer = TrajectoryWriter(tmp_path / "data", bus.run_id)
    first = [{"role": "system", "content": "Plan."}, {"role": "user", "content": [{"type": "image_url"}]}]
    second = [*first, {"role": "assistant", "content": "a"}, {"role": "user", "content": "go on"}]
    events: list[Any] = [RunStarted(), Reset(observation=0)]
    for agent_id, messages in (("planner", first), ("worker", first), ("planner", second)):
        call_id = f"{agent_id}{len(messages)}"
        events += [
            ModelRequest(call_id=call_id, messages=messages, agent_id=agent_id),
            ModelResponse(call_id=call_id, content="a", agent_id=agent_id),
        ]
    events += [
        Note(kind="handed_on", text="worker"),
        Step(step=1, action="x", observation=0, reward=0.0, terminated=False, truncated=False),
    ]
    bus.subscribe(writer.append)
    for event in events:
        bus.publish(event)
    writer.close()
    (lines,) = told(tmp_path / "data")
    said = [" ".join(line.split()) for line in lines]
    assert said.count("system | Plan.") == said.count("user | [picture]") == 2
    assert said.count("user | go on") == 1
    assert [line for line in said if line.startswith(("planner", "worker"))] == [
        "planner | a",
        "worker | a",
        "planner | a",
    ]
    assert "note | handed_on worker" in said
    assert lines[-1] == "no score, return 0, 1 steps, 3 model calls, 0 tokens"


def test_long_texts_are_cut_and_wrapped(tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    short = told(tmp_path / "data", most=20, width=40)[0]
    assert all(len(line) <= 40 for line in short[1:-1])
    assert sum(map(len, short)) < sum(map(len, told(tmp_path / "data")[0]))
