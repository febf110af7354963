"""Where AWorld's runner and its command line call hooks, and what stands there here."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from agentgym.envs.tools import ToolEnv
from agentgym.events import (
    Bus,
    Call,
    Failed,
    ModelResponse,
    Record,
    Reset,
    RunCompleted,
    RunStarted,
    Scored,
    ToolReturned,
)
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, tool
from tests.agents.llm import play
from tests.aworld.playing import ADD, ANSWER, Calling, Proceed, asked, heard, played, sums
from tests.modelserver import call, say


def check_run_started() -> None:
    bus = Bus()
    seen = heard(bus)
    played(bus=bus)
    assert isinstance(seen[0], RunStarted)
    assert isinstance(seen[1], Reset)


def check_run_completed() -> None:
    bus = Bus()
    ends = heard(bus, RunCompleted)
    played(bus=bus)
    assert [(end.status, end.steps, end.error) for end in ends] == [("completed", 2, None)]


def check_run_failed() -> None:
    bus = Bus()
    seen = heard(bus, Failed, RunCompleted)
    with pytest.raises(KeyError, match="plan"):
        played(ADD, KeyError("plan"), bus=bus)
    failure, end = seen
    assert (failure.during, failure.type, failure.infrastructure) == ("agent.act", "KeyError", False)
    assert (end.status, end.error) == ("error", "KeyError: 'plan'")


def _another_task(call: Call, proceed: Proceed) -> Any:
    task: dict[str, Any] = {**call.value["options"]["task"], "id": "other", "instruction": "What is 20 + 3?"}
    return proceed(replace(call, value={**call.value, "options": {"task": task}}))


def check_task_before() -> None:
    agent = Calling(ADD, ANSWER)
    task: Any = {"id": "sum", "instruction": "What is 2 + 3?", "tools": ["tests.adapters.sums:add"], "max_steps": 1}
    result = played(agent=agent, task=task, hooks=[{"point": "reset", "hook": _another_task}])
    assert result.task == "other"
    assert agent.tasks[0].instruction == "What is 20 + 3?"
    assert "What is 20 + 3?" in agent.told[0]


def check_task_after() -> None:
    bus = Bus()
    (resets, agent) = heard(bus, Reset), Calling(ADD, ANSWER)
    played(bus=bus, agent=agent)
    assert isinstance(resets[0].task, Task)
    assert (resets[0].task.id, resets[0].seed) == ("sum", 0)
    assert agent.tasks == [resets[0].task]


def check_first_observation() -> None:
    def add(call: Call, proceed: Proceed) -> Any:
        observation, info = proceed(call)
        return f"{observation}\nBe brief.", info

    agent = Calling(ADD, ANSWER)
    played(agent=agent, hooks=[{"point": "reset", "hook": add}])
    assert agent.told[0].endswith("Be brief.")
    assert not agent.told[1].endswith("Be brief.")


def check_agent_begins() -> None:
    agent = Calling(ADD, ANSWER)
    played(agent=agent)
    assert agent.happened == ["reset", "act", "act", "finish"]


def check_agent_ends() -> None:
    bus = Bus()
    scores, agent = heard(bus, Scored), Calling(ADD, ANSWER)
    played(agent=agent, bus=bus)
    (result,) = agent.results
    assert (result.score, result.steps, result.terminated) == (1.0, 2, True)
    assert [score.value for score in scores] == [1.0]


def check_before_model_call() -> None:
    def cooler(call: Call, proceed: Proceed) -> Any:
        hint = {"role": "system", "content": "Be brief."}
        messages = [*call.value["messages"], hint]
        return proceed(replace(call, value={**call.value, "temperature": 0.25, "messages": messages}))

    bus = Bus()
    bus.intercept("model_call", cooler)
    seen = play(sums(), [call("answer", text="5")], bus=bus)
    assert seen.server.requests[0]["temperature"] == 0.25
    assert seen.server.requests[0]["messages"][-1]["content"] == "Be brief."


def check_after_model_call() -> None:
    def corrected(call: Call, proceed: Proceed) -> Any:
        return json.loads(json.dumps(proceed(call)).replace("wrong", "5"))

    bus = Bus()
    responses = heard(bus, ModelResponse)
    bus.intercept("model_call", corrected)
    seen = play(sums(), [call("answer", text="wrong")], bus=bus)
    assert seen.result.score == 1.0
    assert "wrong" in str(responses[0].raw), "what the model said is told as it was"


def check_before_tool_call() -> None:
    def larger(call: Call, proceed: Proceed) -> Any:
        if call.name != "add":
            return proceed(call)
        return proceed(replace(call, value=msgspec.structs.replace(call.value, arguments={"a": 40, "b": 2})))

    agent = Calling(ADD, ANSWER)
    played(agent=agent, hooks=[{"point": "tool_call", "hook": larger}])
    assert "42" in agent.told[1]


def check_after_tool_call() -> None:
    def shouted(call: Call, proceed: Proceed) -> Any:
        result: ToolResult = proceed(call)
        return f"{result.content}!" if call.name == "add" else result

    agent = Calling(ADD, ANSWER)
    result = played(agent=agent, hooks=[{"point": "tool_call", "hook": shouted}])
    assert "5!" in agent.told[1]
    assert result.score == 1.0


def check_failed_tool_call() -> None:
    bus = Bus()
    returned = heard(bus, ToolReturned)
    played({"name": "add", "arguments": {"a": "many"}}, ANSWER, bus=bus)
    assert [event.ok for event in returned] == [False, True]
    assert "many" in returned[0].error


def check_shorter_context() -> None:
    lengths: list[int] = []

    def count(call: Call, proceed: Proceed) -> Any:
        lengths.append(len(call.value["messages"]))
        return proceed(call)

    bus = Bus()
    bus.intercept("model_call", count)
    script = [call("tell", number=number) for number in range(12)] + [call("answer", text="5")]
    seen = play(sums(tools=[tell, "tests.adapters.sums:answer"]), script, bus=bus, context_tokens=1500)
    assert lengths == [len(request["messages"]) for request in seen.server.requests]
    assert len(lengths) == len(script)
    assert max(lengths) < 20, "with all turns there would be two messages more each time"


@tool
def tell(number: int) -> str:
    """Says a lot.

    Args:
        number: of it.
    """
    return f"number {number} " + "word " * 200


@tool
def put(text: str, context: ToolContext) -> str:
    """Writes a file.

    Args:
        text: what is to be in it.
    """
    context.workspace.write("note.txt", text.encode())
    return "written"


def check_changed_file() -> None:
    changes: list[bytes] = []

    def watch(call: Call, proceed: Proceed) -> Any:
        result = proceed(call)
        changes.append(env.context.workspace.read("note.txt"))
        return result

    env = ToolEnv({"id": "t", "instruction": "i"}, tools=[put], backend="memory", max_steps=2)
    calls = [{"name": "put", "arguments": {"text": text}} for text in "ab"]
    played(*calls, env=env, hooks=[{"point": "tool_call", "hook": watch}])
    assert changes == [b"a", b"b"]


def check_shown_output() -> None:
    """What a person is shown is made of records, by a sink or an observer; what the model is shown stays."""
    shown: list[str] = []
    bus = Bus()

    def show(record: Record) -> None:
        if isinstance(record.payload, ModelResponse):
            shown.append(str(record.payload.content or "").upper())

    bus.subscribe(show)
    with asked([say("let me see"), call("answer", text="5")], bus=bus) as (episode, server):
        episode.run()
    assert shown[0] == "LET ME SEE"
    assert "let me see" in str(server.requests[1])


def check_error_hook() -> None:
    seen: list[str] = []

    def keep(record: Record) -> None:
        assert isinstance(record.payload, Failed)
        seen.append(record.payload.message)

    hooks = [{"point": "observe:failed", "hook": keep}]
    env = sums()
    with pytest.raises(OSError, match="disk"), Episode(env, Calling(OSError("disk")), hooks=hooks) as episode:
        episode.run()
    env.close()
    assert seen == ["disk"]
