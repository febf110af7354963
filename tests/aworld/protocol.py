"""What a hook of AWorld may answer, how it is configured, and how that is said here."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import Refused, TaskError, UsageError
from agentgym.events import Bus, Call, Failed, ModelResponse, Note, Record, Step, trace
from agentgym.hooks import hooks, read_hook
from agentgym.hooks.person import approve
from agentgym.registry import Registry
from agentgym.results.settings import read_config
from agentgym.runner import Episode
from agentgym.tools import ToolResult
from tests.aworld.playing import ADD, ANSWER, SUM, Calling, Proceed, asked, heard, played, sums
from tests.modelserver import call as calling


def no_sums(call: Call, proceed: Proceed) -> Any:
    if call.name == "add":
        raise Refused("no sums on Sundays")
    return proceed(call)


def check_stop() -> None:
    def enough(call: Call, proceed: Proceed) -> Any:
        raise Refused("enough for today")

    bus = Bus()
    seen = heard(bus, ModelResponse, "run_completed")
    with (
        asked([], bus=bus, hooks=[{"point": "model_call", "hook": enough}]) as (episode, server),
        pytest.raises(Refused, match="enough for today"),
    ):
        episode.run()
    assert server.requests == []
    assert seen[0].error == "refused: enough for today"
    assert (seen[1].status, seen[1].error) == ("error", "Refused: enough for today")


def check_leaving_the_loop() -> None:
    env, agent = sums(), Calling(ADD, ADD, ANSWER)
    with Episode(env, agent) as episode:
        for _ in episode:
            if episode.steps == 1:
                break
    env.close()
    assert agent.results[0].steps == 1
    assert agent.results[0].score is None


def check_message_to_people() -> None:
    def warn(call: Call, proceed: Proceed) -> Any:
        trace(Note(kind="warning", text=f"{call.name} is slow today"))
        return proceed(call)

    bus = Bus()
    notes = heard(bus, Note)
    agent = Calling(ADD, ANSWER)
    played(bus=bus, agent=agent, hooks=[{"point": "tool_call", "hook": warn}])
    assert [note.text for note in notes] == ["add is slow today", "answer is slow today"]
    assert "slow" not in str(agent.told)


def check_allow() -> None:
    said = read_hook({"point": "tool_call", "hook": "refuse", "allow": ["add", "answer"]})
    assert played(hooks=[said]).score == 1.0


def check_deny() -> None:
    bus, agent = Bus(), Calling(ADD, ANSWER)
    notes = heard(bus, Note)
    result = played(bus=bus, agent=agent, hooks=[{"point": "tool_call", "hook": no_sums}])
    assert "refused: no sums on Sundays" in agent.told[1]
    assert [(note.kind, note.text) for note in notes] == [("refused", "no sums on Sundays")]
    assert result.score == 1.0, "the agent goes on"


def check_ask() -> None:
    answers = iter(["a", "r not that one"])
    bus, agent = Bus(), Calling(ADD, {"name": "add", "arguments": {"a": 1}}, ANSWER)
    notes = heard(bus, Note)
    hook = approve(names=["add"], ask=lambda _question, _patience: next(answers))
    played(bus=bus, agent=agent, hooks=[{"point": "tool_call", "hook": hook}])
    assert [note.value["said"] for note in notes if note.kind == "person"] == ["approve", "refuse"]
    assert "refused: not that one" in agent.told[2]


def check_ask_time_out() -> None:
    def away(_question: str, _patience: float | None) -> str:
        raise TimeoutError("nobody is there")

    bus = Bus()
    notes = heard(bus, Note)
    hook = approve(names=["add"], ask=away, patience_s=5, default="approve")
    assert played(bus=bus, hooks=[{"point": "tool_call", "hook": hook}]).score == 1.0
    assert [(note.value["said"], note.value["by"]) for note in notes] == [("approve", "default")]


def check_late_hook() -> None:
    """A hook that takes long works in a thread and publishes when it is done; nothing waits for it."""
    done, seen = threading.Event(), list[Any]()
    bus = Bus()
    with ThreadPoolExecutor(1) as pool:

        def judge(record: Record) -> None:
            number = record.payload.step  # type: ignore[union-attr]  # a step
            pool.submit(lambda: (done.wait(10), bus.publish(Note(kind="verdict", step=number))))

        bus.subscribe(judge, Step)
        seen = heard(bus, Note, Step)
        played(bus=bus)
        assert [type(event) for event in seen] == [Step, Step]
        done.set()
    assert [event.step for event in seen] == [1, 2, 1, 2]


def check_own_values() -> None:
    bus = Bus()
    notes = heard(bus, Note)
    played(bus=bus, hooks=["tool_call=time"])
    assert [note.value["name"] for note in notes] == ["add", "answer"]


def check_settings_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.toml"
        file.write_text('hooks = ["tool_call=limit:50", { point = "tool_call", hook = "refuse", names = ["add"] }]\n')
        config = read_config({}, file=file, environ={})
    agent = Calling(ADD, ANSWER)
    played(agent=agent, hooks=list(config.hooks))
    assert "refused: add may not be called" in agent.told[1]


def check_trust() -> None:
    task: Any = {**SUM, "hooks": [{"point": "tool_call", "hook": f"{__name__}:no_sums"}]}
    with pytest.raises(TaskError, match="--trust-task-hooks"):
        played(task=task)
    agent = Calling(ADD, ANSWER)
    played(agent=agent, task=task, trust_task_hooks=True)
    assert "refused: no sums on Sundays" in agent.told[1]


def check_shell_command() -> None:
    def judged_outside(call: Call, proceed: Proceed) -> Any:
        program = [sys.executable, "-c", "import sys; sys.exit('add' in sys.argv[1])", call.name]
        said = subprocess.run(program, capture_output=True, text=True)
        if said.returncode:
            raise Refused(f"the program said {said.returncode}")
        return proceed(call)

    agent = Calling(ADD, ANSWER)
    played(agent=agent, hooks=[{"point": "tool_call", "hook": judged_outside}])
    assert "refused: the program said 1" in agent.told[1]


def check_function_by_place() -> None:
    agent = Calling(ADD, ANSWER)
    played(agent=agent, hooks=[f"tool_call={__name__}:no_sums"])
    assert "refused: no sums on Sundays" in agent.told[1]


def check_switched_off() -> None:
    bus, agent = Bus(), Calling(ADD, ANSWER)
    off = bus.intercept("tool_call", no_sums)
    off()
    played(bus=bus, agent=agent)
    assert "refused" not in agent.told[1]


def check_open_on_failure() -> None:
    def broken(call: Call, proceed: Proceed) -> Any:
        raise KeyError("form")

    bus = Bus()
    failures = heard(bus, Failed)
    assert played(bus=bus, hooks=[{"point": "tool_call", "hook": broken, "on_error": "note"}]).score == 1.0
    assert [failure.type for failure in failures] == ["KeyError", "KeyError"]
    with pytest.raises(KeyError):
        played(hooks=[{"point": "tool_call", "hook": broken}])


def check_named_twice() -> None:
    bus = Bus()
    notes = heard(bus, Note)
    played(bus=bus, hooks=["tool_call=time", "tool_call=time"])
    assert len(notes) == 4, "whoever is named twice is asked twice"


def check_table() -> None:
    own: Registry[Any] = Registry("hook")
    own.register("sundays", lambda: no_sums)
    assert own["sundays"]() is no_sums
    assert {"approve", "limit", "refuse", "time"} <= set(hooks)
    with pytest.raises(UsageError, match="did you mean 'time'"):
        read_hook("step=tme")


def check_task_names_hooks() -> None:
    task: Any = {**SUM, "hooks": [{"point": "tool_call", "hook": "refuse", "names": ["add"]}]}
    agent = Calling(ADD, ANSWER)
    played(agent=agent, task=task)
    assert "refused: add may not be called" in agent.told[1]


def check_order() -> None:
    passed: list[str] = []

    def named(name: str) -> Any:
        def pass_on(call: Call, proceed: Proceed) -> Any:
            passed.append(name)
            return proceed(call)

        return pass_on

    wanted = [("c", 0), ("a", -1), ("d", 0), ("b", -0.5)]
    played(ANSWER, hooks=[{"point": "tool_call", "hook": named(name), "order": order} for name, order in wanted])
    assert "".join(passed) == "abcd"


def check_tool_callback() -> None:
    """A callback of one tool's results."""
    results: list[ToolResult] = []

    def of_add(call: Call, proceed: Proceed) -> Any:
        result = proceed(call)
        if call.name == "add":
            results.append(result)
        return result

    played(hooks=[{"point": "tool_call", "hook": of_add}])
    assert [(result.name, result.value, result.ok) for result in results] == [("add", 5, True)]


def check_agent_callback() -> None:
    bus = Bus()
    responses = heard(bus, ModelResponse)
    with asked([calling("answer", text="5")], bus=bus, agent_id="clerk") as (episode, _):
        episode.run()
    assert [(response.agent_id, len(response.tool_calls)) for response in responses] == [("clerk", 1)]
