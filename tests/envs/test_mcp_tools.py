"""Tools of MCP servers that live in the episode's sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.envs.registration import EnvSpec

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.envs import DesktopEnv, ToolEnv
from agentgym.errors import TaskError
from agentgym.tools.mcp import McpServer

pytestmark = pytest.mark.episodes

TOOLS = Path(__file__).parent.parent / "tools"
PORT = 8431


def _task(server: dict[str, Any], *, program: str = "plainserver.py", **more: Any) -> dict[str, Any]:
    written = {"path": "/home/user/server.py", "content": (TOOLS / program).read_text()}
    evaluator = {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "/home/user/notes.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "tea\n"}},
    }
    setup = [{"type": "file", "parameters": written}, *more.pop("setup", ())]
    told = {"mcp_servers": {"mcpServers": {"plain": {"timeout_s": 5, **server}}}}
    return {"id": "t", "instruction": "Note tea.", "config": setup, "evaluator": evaluator, **told, **more}


STDIO = {"command": "python3", "args": ["server.py"], "env": {"WHO": "me"}}


@contextmanager
def playing(task: dict[str, Any], **options: Any) -> Iterator[ToolEnv]:
    env = ToolEnv(task, **options)
    try:
        env.reset(seed=1)
        yield env
    finally:
        env.close()


def result(env: ToolEnv, name: str, **arguments: Any) -> dict[str, Any]:
    _, _, _, _, info = env.step({"name": name, "arguments": arguments})
    assert info["action_error"] is None
    (one,) = info["tool_results"]
    return dict(one)


def test_a_task_is_done_by_the_tools_of_a_server_in_its_sandbox() -> None:
    with playing(_task(STDIO, tools=["mcp:plain", "read"])) as env:
        assert {"note", "about", "read"} <= set(env.tools)
        about = json.loads(result(env, "about")["content"])
        assert about["cwd"] == "/home/user"
        assert about["env"]["WHO"] == "me"
        assert "PYTHONPATH" not in about["env"]
        assert result(env, "note", text="tea")["content"] == "noted"
        assert result(env, "read", path="notes.txt")["content"] == "tea\n"
        _, reward, terminated, _, _ = env.step("DONE")
    assert (reward, terminated) == (1.0, True)


def test_each_episode_has_a_server_of_its_own() -> None:
    backend = SandboxBackend()
    with playing(_task(STDIO, tools=["mcp:plain"]), backend=backend) as env:
        first = backend.processes()
        result(env, "note", text="tea")
        env.reset(seed=1)
        assert len(backend.processes()) == len(first)
        assert result(env, "note", text="tea")["ok"]
        assert env.evaluate().value == 1.0  # type: ignore[union-attr]
    backend.close()


def test_a_server_that_crashes_in_the_sandbox_is_the_tools_error() -> None:
    with playing(_task(STDIO, tools=["mcp:plain"])) as env:
        died = result(env, "die")
        said = "MCP server 'plain' gave no answer: it ended; its last words: out of cheese"
        assert (died["ok"], died["content"]) == (False, said)
        assert result(env, "note", text="tea")["ok"]


def test_a_line_that_is_no_message_is_passed_over_and_told_when_no_answer_comes() -> None:
    with playing(_task({**STDIO, "timeout_s": 3}, tools=["mcp:plain"])) as env:
        told = result(env, "mumble")["content"]
    assert told == "MCP server 'plain' gave no answer: it was silent for 3 s; it wrote what is no message: 'hm'"


def test_streamable_http_is_reached_on_the_loopback_of_a_sandbox_without_network() -> None:
    launch = {"type": "launch", "parameters": {"command": ["python3", "/home/user/server.py", "--port", str(PORT)]}}
    url = {"url": f"http://127.0.0.1:{PORT}/mcp"}
    with playing(_task({**url, "timeout_s": 3}, tools=["mcp:plain"], setup=[launch])) as env:
        assert result(env, "note", text="tea")["ok"]
        died = result(env, "die")
        assert not died["ok"]
        assert died["content"].startswith("MCP server 'plain' gave no answer: ")
        again = result(env, "note", text="more")
        assert (again["ok"], "did not start" in again["content"]) == (False, True)


def test_an_address_where_nobody_is_ends_the_reset() -> None:
    task = _task({"url": f"http://127.0.0.1:{PORT}/mcp", "start_timeout_s": 4.0}, tools=["mcp:plain"])
    with pytest.raises(TaskError, match=r"'plain' did not start: .*refused"), playing(task):
        pass


def test_restore_plays_the_episode_again_since_a_process_cannot_be_copied() -> None:
    with playing(_task(STDIO, tools=["mcp:plain"])) as env:
        result(env, "note", text="tea")
        token = env.snapshot()
        assert token.replayed is not None
        assert "in a process of its own" in token.replayed
        result(env, "note", text="coffee")
        assert env.evaluate().value == 0.0  # type: ignore[union-attr]
        env.restore(token)
        assert env.evaluate().value == 1.0  # type: ignore[union-attr]


def test_a_server_written_with_the_sdk_sees_the_packages_it_asks_for() -> None:
    server = McpServer(name="shop", command=("python", "server.py"), packages=True)
    with playing(_task({}, program="mcpserver.py") | {"mcp_servers": {}}, tools=[server, "bash"]) as env:
        assert result(env, "add", a=2)["content"] == "3"
        # Nobody else in the sandbox is given them.
        assert not result(env, "bash", command="python3 -c 'import mcp'")["ok"]


def test_a_step_after_which_a_server_offers_more_says_what_there_is() -> None:
    server = McpServer(name="shop", command=("python", "server.py"), packages=True)
    with playing(_task({}, program="mcpserver.py") | {"mcp_servers": {}}, tools=[server]) as env:
        _, _, _, _, info = env.step({"name": "learn", "arguments": {"name": "dance"}})
        assert "dance" in {one["function"]["name"] for one in info["tools"]}
        assert "tools" not in env.step({"name": "dance", "arguments": {}})[4]


@pytest.mark.desktop
def test_a_desktop_has_servers_in_its_own_sandbox() -> None:
    server = McpServer(name="shop", command=("python", "server.py"), packages=True)
    env = DesktopEnv(_task({}, program="mcpserver.py") | {"mcp_servers": {}}, tools=[server])
    try:
        _, info = env.reset(seed=1)
        assert "order" in {one["function"]["name"] for one in info["tools"]}
        _, _, _, _, info = env.step({"name": "order", "arguments": {"item": "tea", "count": 1}})
        assert info["tool_results"][0]["ok"]
        assert env.backend.read("~/orders.txt") == b"tea"
        assert "tools" not in info
        _, _, _, _, info = env.step({"name": "learn", "arguments": {"name": "dance"}})
        assert "dance" in {one["function"]["name"] for one in info["tools"]}
        _, _, _, _, info = env.step({"name": "crash"})
        assert not info["tool_results"][0]["ok"]
        assert info["action_error"] is None
    finally:
        env.close()


def test_what_an_environment_was_made_from_survives_json() -> None:
    server = McpServer(name="plain", command=("python3", "server.py"), env={"WHO": "me"}, timeout_s=5)
    env = gym.make("agentgym/Tools-v0", task=_task({}) | {"mcp_servers": {}}, tools=["read", server])
    spec = EnvSpec.from_json(env.spec.to_json())  # type: ignore[union-attr]
    assert spec.kwargs["tools"][1] == {
        "mcpServers": {"plain": {"command": "python3", "args": ["server.py"], "env": {"WHO": "me"}, "timeout_s": 5}}
    }
    again = gym.make(spec)
    try:
        again.reset(seed=1)
        assert {"note", "read"} <= set(again.unwrapped.tools)  # type: ignore[attr-defined]
    finally:
        again.close()
        env.close()


def test_a_server_has_to_be_described_by_the_task() -> None:
    with pytest.raises(TaskError, match="no server 'other', but 'plain'"), playing(_task(STDIO, tools=["mcp:other"])):
        pass


def test_a_machine_without_processes_says_so() -> None:
    with (
        pytest.raises(TaskError, match="MemoryBackend is no machine that a server can run in"),
        playing(_task(STDIO, tools=["mcp:plain"]), backend="memory"),
    ):
        pass
