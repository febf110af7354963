"""A desktop with tools in it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from openai.types.chat import ChatCompletionMessage

from agentgym.actions import Batch, Click, Done, ToolCall, TypeText
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.errors import TaskError, UsageError
from agentgym.events import Step
from agentgym.tools import ToolContext, tool
from agentgym.tools.mcp import McpServer
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder


@tool
def typed(context: ToolContext) -> str:
    """What was typed on the desktop until now."""
    return str(context.workspace.typed)  # type: ignore[attr-defined]  # of the machine in memory


@tool
def count(context: ToolContext) -> list[int]:
    """Counts."""
    context.state.setdefault("count", []).append(int(context.rng.integers(100)))
    return list(context.state["count"])


@tool
def lock(context: ToolContext) -> None:
    """Locks."""
    context.state["lock"] = threading.Lock()


@tool
def submit(answer: str, context: ToolContext) -> str:
    """Ends."""
    context.submit(answer)
    return "submitted"


TOOLS = [typed, count, lock, submit]
KINDS: Any = ("screenshot", "instruction", "tool_result")


def _task(**changes: Any) -> dict[str, Any]:
    evaluator = {
        "func": "matches",
        "result": {"type": "answer"},
        "expected": {"type": "rule", "rules": {"expected": "hello"}},
    }
    return {"id": "t", "instruction": "Type hello.", "evaluator": evaluator, **changes}


def _env(task: Any = None, **options: Any) -> DesktopEnv:
    made: dict[str, Any] = {"tools": TOOLS, "backend": MemoryBackend(), "screen": (64, 48), "observation": KINDS}
    return DesktopEnv(task or _task(), **{**made, **options})


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


# Made without a spec on purpose: the machine is an object.
@pytest.mark.filterwarnings("ignore:.*Not able to test alternative render modes")
def test_gymnasiums_checker_is_content() -> None:
    check_env(_env(max_steps=5, render_mode="rgb_array"))


def test_tools_work_in_the_desktop_and_their_results_are_seen() -> None:
    env = _env()
    observation, info = env.reset(seed=0)
    assert observation["tool_result"] == ""
    assert [one["function"]["name"] for one in info["tools"]] == ["typed", "count", "lock", "submit"]
    assert env.step("pyautogui.write('hello')")[4] == {
        "settled": True,
        "action_error": None,
        "failure": None,
        "tool_results": [],
    }
    observation, *_, info = env.step(_call("typed"))
    assert observation["tool_result"] == "[call-2-0] typed\nhello"
    assert info["tool_results"] == [{"call_id": "call-2-0", "name": "typed", "ok": True, "content": "hello"}]
    assert env.step("pyautogui.press('a')")[0]["tool_result"] == ""


def test_a_tool_that_submits_ends_the_episode_and_is_scored() -> None:
    env = _env()
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(_call("submit", answer=" hello "))
    assert (reward, terminated, info["score"]) == (1.0, True, 1.0)


def test_calls_stand_among_other_actions_and_nothing_follows_the_end() -> None:
    machine = MemoryBackend()
    env = _env(backend=machine)
    env.reset(seed=0)
    parts = (TypeText("hel"), ToolCall("typed"), TypeText("lo"), ToolCall("typed", id="x"), ToolCall("nope"))
    info = env.step(Batch(parts))[4]
    assert [(one["call_id"], one["ok"], one["content"]) for one in info["tool_results"]] == [
        ("call-1-1", True, "hel"),
        ("x", True, "hello"),
        ("call-1-4", False, "no tool named 'nope'; known are: typed, count, lock, submit"),
    ]
    assert info["action_error"] is None
    ending = (ToolCall("submit", {"answer": "a"}), TypeText("!"), ToolCall("typed"), Done())
    _, _, terminated, _, info = env.step(Batch(ending))
    assert terminated
    assert machine.typed == "hello"
    assert [one["content"] for one in info["tool_results"]] == [
        "submitted",
        "not called: the episode ended with submit",
    ]


def test_every_form_of_a_call_is_taken() -> None:
    call = {"id": "call_x", "type": "function", "function": {"name": "count", "arguments": "{}"}}
    message = ChatCompletionMessage.model_validate({"role": "assistant", "tool_calls": [call]})
    env = _env()
    env.reset(seed=0)
    for action in (message, call, [call], '{"name": "count", "arguments": {}}', [_call("count"), _call("count")]):
        info = env.step(action)[4]
        assert info["action_error"] is None
        assert info["tool_results"][0]["ok"]
    assert "pyautogui" in env.step("hello")[4]["action_error"]


def test_a_call_with_torn_arguments_has_a_result_of_its_own() -> None:
    env = _env()
    env.reset(seed=0)
    torn = {"id": "y", "type": "function", "function": {"name": "count", "arguments": "{"}}
    info = env.step([_call("count"), torn])[4]
    assert info["action_error"] is None
    assert [(one["call_id"], one["ok"]) for one in info["tool_results"]] == [("call-1-0", True), ("y", False)]
    (alone,) = env.step(torn)[4]["tool_results"]
    assert "the arguments of 'count' are no JSON" in alone["content"]


def test_a_part_that_cannot_be_done_keeps_the_calls_from_being_made() -> None:
    env = _env()
    env.reset(seed=0)
    info = env.step(Batch((ToolCall("count"), Click(500, 500))))[4]
    assert info["action_error"]
    assert (info["tool_results"], env.context.state) == ([], {})


def test_a_task_brings_its_own_tools() -> None:
    env = _env(_task(tools=[f"{__name__}:count"]), tools=None)
    env.reset(seed=0)
    assert list(env.tools) == ["count"]
    env.reset(options={"task": _task()})
    assert env.tools == {}
    with pytest.raises(ResetNeeded, match="no episode with tools"):
        _ = env.context
    assert "no tool 'count' here" in env.step(_call("count"))[4]["action_error"]
    with pytest.raises(TaskError, match=r"no tool named 'cuont'.* - at \$\.tools\[0\]"):
        env.reset(options={"task": _task(tools=["cuont"])})


def test_a_snapshot_holds_what_the_tools_hold() -> None:
    env = _env()
    env.reset(seed=0)
    env.step(_call("count"))
    seen = env.step("pyautogui.write('a')")[0]
    token = env.snapshot()
    assert token.replayed is None
    second = [env.step(_call("count"))[4], env.step(_call("typed"))[4]]
    env.step("pyautogui.write('b')")
    for _ in range(2):
        again = env.restore(token)
        assert (again["screenshot"] == seen["screenshot"]).all()
        assert again["tool_result"] == ""
        assert [env.step(_call("count"))[4], env.step(_call("typed"))[4]] == second
    env.restore(token)
    env.step(_call("submit", answer="x"))
    env.restore(token)
    assert not env.step(_call("count"))[2]


class Unsaved(MemoryBackend):
    def snapshot(self) -> object:
        raise UsageError("cannot be saved")


@pytest.mark.parametrize(
    ("machine", "because"),
    [(Unsaved(), "this kind of machine cannot be saved"), (MemoryBackend(), "state['lock'] cannot be copied")],
)
def test_what_cannot_be_copied_is_done_again(machine: MemoryBackend, because: str) -> None:
    env = _env(backend=machine)
    env.reset(seed=0)
    env.step(_call("lock"))
    env.step("pyautogui.write('a')")
    env.step(_call("count"))
    token = env.snapshot()
    assert token.replayed is not None
    assert token.replayed.startswith(because)
    second = [env.step(_call("count"))[4], env.step(_call("typed"))[4]]
    assert (
        env.restore(token)["tool_result"]
        == "[call-3-0] count\n" + second[0]["tool_results"][0]["content"].split(",")[0] + "]"
    )
    assert [env.step(_call("count"))[4], env.step(_call("typed"))[4]] == second


def test_calls_are_recorded_with_their_step(tmp_path: Path) -> None:
    env = TrajectoryRecorder(_env(), tmp_path)
    env.reset(seed=0)
    env.step(Batch((TypeText("a"), ToolCall("typed"), ToolCall("count"))))
    env.step(Done())
    env.close()
    (episode,) = Dataset(tmp_path)
    steps = [record.payload for record in episode.records() if isinstance(record.payload, Step)]
    assert [step.tool_call_ids for step in steps] == [["call-1-1", "call-1-2"], []]
    kinds = [record.event_type for record in episode.records()]
    assert kinds.count("tool_call") == kinds.count("tool_result") == 2
    assert episode.actions[0] == Batch((TypeText("a"), ToolCall("typed"), ToolCall("count")))


def test_the_spec_survives_json() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_task(), tools=[count], backend="memory", screen=(64, 48))
    assert env.spec is not None
    assert env.spec.kwargs["tools"] == [f"{__name__}:count"]
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    again.reset(seed=0)
    assert list(again.unwrapped.tools) == ["count"]  # type: ignore[attr-defined]
    again.close()
    env.close()


@pytest.mark.desktop
def test_a_shell_in_a_real_desktop() -> None:
    setup = [{"type": "file", "parameters": {"path": "~/note.txt", "content": "milk\n"}}]
    env = gym.make("agentgym/Desktop-v0", task=_task(config=setup), tools=["bash", "read"], observation=KINDS)
    try:
        env.reset(seed=0)
        env.step(_call("bash", command="echo bread >> note.txt; cd /tmp"))
        observation, *_, info = env.step([_call("read", path="~/note.txt"), _call("bash", command="pwd")])
        assert [one["content"].strip() for one in info["tool_results"]] == ["milk\nbread", "/tmp"]
        assert "bread" in observation["tool_result"]
        assert env.unwrapped.backend.read("~/note.txt") == b"milk\nbread\n"  # type: ignore[attr-defined]
    finally:
        env.close()


def test_a_server_of_tools_is_started_with_the_episode_and_ended_with_it(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "tools" / "plainserver.py"
    server = McpServer(
        name="plain", command=(sys.executable, str(script)), cwd=str(tmp_path), host=True, timeout_s=30.0
    )
    env = _env(tools=[count, server])
    _, info = env.reset(seed=0)
    assert {"count", "note"} <= {one["function"]["name"] for one in info["tools"]}
    assert env.step(_call("note", text="milk"))[4]["tool_results"][0]["content"] == "noted"
    assert (tmp_path / "notes.txt").read_text() == "milk\n"
    token = env.snapshot()
    assert token.replayed is not None
    assert "state[" in token.replayed
    env.close()
