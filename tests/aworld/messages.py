"""AWorld's messages, their handlers and its event manager, and the records, hooks and subscribers they are here."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agentgym import Dataset
from agentgym.errors import UsageError
from agentgym.events import (
    Bus,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Record,
    Reward,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.hooks.person import answer
from agentgym.runner import Episode, stream
from agentgym.sinks import make_sink
from agentgym.tools import Tool, ToolContext
from agentgym.trajectory.query import records
from agentgym.wrappers import LateRewards, TrajectoryRecorder
from tests.agents.llm import play
from tests.aworld.playing import ADD, ANSWER, Calling, asked, heard, payloads, played, sums
from tests.modelserver import call, calls, say

NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


@contextmanager
def recorded() -> Iterator[tuple[Path, list[Record]]]:
    """A dataset of two episodes in one run, and the records as they were published."""
    with tempfile.TemporaryDirectory() as folder:
        env = TrajectoryRecorder(sums(), folder)
        seen: list[Record] = []
        env.bus.subscribe(seen.append)
        for agent in (Calling(ADD, ANSWER), Calling(ANSWER)):
            Episode(env, agent, seed=0, agent_id="clerk").run()
        env.close()
        yield Path(folder), seen


def check_envelope() -> None:
    bus = Bus()
    record = bus.publish(Note(kind="mine", agent_id="clerk", parent_id="chief"))
    assert (record.run_id, record.idx, record.event_type) == (bus.run_id, 0, "note")
    assert record.event_id == f"{bus.run_id}/0"
    assert record.ts_utc.endswith("+00:00")
    assert (record.payload.agent_id, record.payload.parent_id) == ("clerk", "chief")


def check_order_of_records() -> None:
    bus = Bus()
    seen: list[int] = []
    bus.subscribe(lambda record: seen.append(record.idx))
    threads = [threading.Thread(target=lambda: [bus.publish(Note(kind="n")) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(200))


def check_model_messages() -> None:
    bus = Bus()
    seen = heard(bus, ModelRequest, ModelResponse)
    play(sums(), [call("answer", text="5")], bus=bus)
    request, response = seen
    assert request.call_id == response.call_id
    assert response.tool_calls[0]["function"]["name"] == "answer"


def check_tool_messages() -> None:
    bus = Bus()
    seen = heard(bus, ToolCalled, ToolReturned)
    played(bus=bus)
    assert [(type(event).__name__, event.name) for event in seen] == [
        ("ToolCalled", "add"),
        ("ToolReturned", "add"),
        ("ToolCalled", "answer"),
        ("ToolReturned", "answer"),
    ]
    assert seen[0].call_id == seen[1].call_id


def check_who_asked_for_a_call() -> None:
    bus = Bus()
    seen = heard(bus, ModelResponse, ToolCalled)
    play(sums(), [call("answer", text="5")], bus=bus, agent_id="clerk")
    response, called = seen
    assert (called.model_call_id, called.parent_id) == (response.call_id, "clerk")


def check_several_calls_at_once() -> None:
    bus = Bus()
    seen = heard(bus, ToolCalled, Step)
    script = [calls(("add", {"a": 2, "b": 3}), ("add", {"a": 1}), ("answer", {"text": "5"}))]
    result = play(sums(), script, bus=bus).result
    assert [type(event).__name__ for event in seen] == ["ToolCalled"] * 3 + ["Step"]
    assert seen[-1].tool_call_ids == [event.call_id for event in seen[:3]]
    assert result.score == 1.0


def check_new_tools() -> None:
    later = Tool("later", "Is there once something was called.", NOTHING, _here, offered=lambda one: bool(one.calls))
    agent = _Reading(ADD, {"name": "later", "arguments": {}}, ANSWER)
    played(agent=agent, env=sums(tools=["tests.adapters.sums:add", "tests.adapters.sums:answer", later]))
    offered = [[one["function"]["name"] for one in info["tools"]] for info in agent.infos if "tools" in info]
    assert offered == [["add", "answer"], ["add", "answer", "later"]]


def _here(_arguments: Mapping[str, Any], _context: ToolContext) -> str:
    return "here"


class _Reading(Calling):
    def __init__(self, *calls: Any) -> None:
        super().__init__(*calls)
        self.infos: list[Any] = []

    def read_info(self, info: Any) -> None:
        self.infos.append(info)


def check_info() -> None:
    agent = _Reading(ADD, ANSWER)
    played(agent=agent)
    assert [one["function"]["name"] for one in agent.infos[0]["tools"]] == ["add", "answer"]
    assert agent.infos[1]["tool_results"][0]["content"] == "5"
    assert agent.infos[2]["score"] == 1.0


def check_memory() -> None:
    """What a model is told is whole in each request; other programs' memory is kept as it stood."""
    bus = Bus()
    seen = heard(bus, ModelRequest, MessageSnapshot)
    with asked([call("add", a=2, b=3), call("answer", text="5")], bus=bus) as (episode, _):
        for _ in episode:
            bus.publish(MessageSnapshot(purpose="before_step", messages=[{"role": "user", "content": "mine"}]))
    requests = [event for event in seen if isinstance(event, ModelRequest)]
    assert [message["role"] for message in requests[1].messages][-2:] == ["assistant", "tool"]
    assert seen[0].purpose == "before_step"


def check_person_answers() -> None:
    bus = Bus()
    notes = heard(bus, Note)
    hook = answer(names=["add"], ask=lambda _question, _patience: "five, I think")
    agent = Calling(ADD, ANSWER)
    played(bus=bus, agent=agent, hooks=[{"point": "tool_call", "hook": hook}])
    assert "five, I think" in agent.told[1]
    assert [note.value["by"] for note in notes if note.kind == "person"] == ["person"]


def check_streamed_replies() -> None:
    bus = Bus()
    responses = heard(bus, ModelResponse)
    play(sums(), [say("Let me see."), call("answer", text="5")], bus=bus, stream=True)
    assert all(response.first_token_ms is not None for response in responses)
    assert responses[0].content == "Let me see."


def check_late_results() -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = LateRewards(TrajectoryRecorder(sums(), folder), late=lambda transition: 0.5)
        rewards = heard(env.get_wrapper_attr("bus"), Reward)
        Episode(env, Calling(ADD, ANSWER), seed=0).run()
        env.close()
        (episode,) = Dataset(folder)
        assert [terms["late"] for terms in episode.reward_terms] == [0.5, 0.5]
    assert [(reward.step, reward.name, reward.value) for reward in rewards] == [(1, "late", 0.5), (2, "late", 0.5)]


def check_output() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sink = make_sink(f"jsonl:{folder}/events.jsonl")
        bus = Bus()
        bus.subscribe(sink)
        bus.publish(FinalReport(text="All is well."))
        sink.close()
        assert "All is well." in Path(folder, "events.jsonl").read_text()


def check_answer() -> None:
    env = sums()
    Episode(env, Calling(ADD, ANSWER), seed=0).run()
    assert env.unwrapped.context.answer == "5"  # type: ignore[attr-defined]  # a ToolEnv
    env.close()


def check_publish() -> None:
    bus = Bus()
    seen = heard(bus)
    first = bus.publish(Note(kind="a"))
    assert (seen, first.idx, bus.publish(Note(kind="b")).idx) == ([first.payload, Note(kind="b")], 0, 1)


def check_subscribe() -> None:
    bus = Bus()
    seen: list[str] = []
    off = bus.subscribe(lambda record: seen.append(record.event_type), Note)
    bus.publish(Note(kind="a"))
    bus.publish(FinalReport(text="not asked for"))
    off()
    bus.publish(Note(kind="b"))
    assert seen == ["note"]


def check_transform() -> None:
    bus = Bus()
    off = bus.intercept("tool_call", lambda call, proceed: "something else")
    assert [one.name.rpartition(".")[2] for one in bus.interceptions("tool_call")] == ["<lambda>"]
    off()
    assert bus.interceptions("tool_call") == ()


def check_consume() -> None:
    env = sums()
    kinds = [record.event_type for record in stream(Episode(env, Calling(ADD, ANSWER), seed=0))]
    env.close()
    assert kinds[:2] == ["run_started", "reset"]
    assert kinds[-2:] == ["scored", "run_completed"]


def check_query() -> None:
    with recorded() as (folder, seen):
        run = seen[0].run_id
        assert [record.idx for record in records(folder, run=run)] == [record.idx for record in seen]
        assert {call.parent_id for call in payloads(records(folder, types=["tool_call"]))} == {"clerk"}
        assert payloads(records(folder, types=[Note])) == []
        assert len(list(records(folder, task="sum", types=["step"]))) == 3
        assert len(list(records(folder, where={"name": "add"}, types=["tool_call"]))) == 1
        assert next(records(folder, start=seen[-1].idx)).event_type == "run_completed"


def check_nothing_is_dropped() -> None:
    bus = Bus()
    with tempfile.TemporaryDirectory() as folder:
        env = TrajectoryRecorder(sums(), folder)
        env.reset(seed=0)
        for number in range(1500):
            env.bus.publish(Note(kind="n", value=number))
        env.close()
        assert [note.value for note in payloads(records(folder, types=["note"]))] == list(range(1500))
    assert bus.is_fresh


def check_bad_action() -> None:
    agent = _Reading("not a call", ANSWER)
    played(agent=agent)
    assert agent.infos[1]["action_error"]
    assert agent.infos[2]["action_error"] is None


def check_wrong_type() -> None:
    with pytest.raises(UsageError, match="int is no event"):
        Bus().subscribe(print, int)  # type: ignore[arg-type]  # what is tested
