"""The SDK's own client plays environments that a real process serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import numpy as np
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, ImageContent, TextContent

import agentgym
from agentgym.actions import parse_action
from agentgym.families import find_family
from tests.serving.test_played import TASK

pytestmark = pytest.mark.episodes

SERVE = ("-m", "agentgym", "serve-mcp")
ENV = {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])}

Play = Callable[[Client], Awaitable[None]]


def text_of(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


def play_over_stdio(play: Play, *arguments: str) -> None:
    async def main() -> None:
        params = StdioServerParameters(command=sys.executable, args=[*SERVE, *arguments], env=ENV)
        async with Client(params) as client:
            await play(client)

    anyio.run(main)


@contextmanager
def served_by_http(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, *SERVE, *arguments, "--http", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **ENV})
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith("agentgym: serving at http://127.0.0.1:"), line + process.stderr.read()
        yield line.rpartition(" ")[2].strip(), process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def play_by_http(play: Play, url: str) -> None:
    async def main() -> None:
        async with Client(url) as client:
            await play(client)

    anyio.run(main)


@pytest.fixture
def task_file(tmp_path: Path) -> str:
    path = tmp_path / "sum.json"
    path.write_text(json.dumps(TASK))
    return str(path)


async def solve(client: Client) -> None:
    assert text_of(await client.call_tool("task")) == TASK["instruction"]
    assert text_of(await client.call_tool("calculator", {"expression": "6 * 7"})).strip() == "42"
    wrong = await client.call_tool("calculator", {"expression": 7})
    assert wrong.is_error
    last = await client.call_tool("submit", {"answer": "42"})
    assert last.structured_content == {"over": True, "score": 1}


def check_recording(path: Path) -> None:
    (episode,) = agentgym.Dataset(path)
    assert [action.name for action in episode.actions] == ["calculator", "calculator", "submit"]
    assert list(episode.rewards) == [0, 0, 1]
    assert list(episode.terminations) == [False, False, True]
    records = [json.loads(line) for line in next(path.glob("*.jsonl")).read_text().splitlines()]
    called = [record["payload"]["name"] for record in records if record["event_type"] == "tool_call"]
    returned = [record["payload"]["ok"] for record in records if record["event_type"] == "tool_result"]
    assert called == ["task", "calculator", "calculator", "submit"]
    assert returned == [True, True, False, True]
    (met,) = [record["payload"] for record in records if record["event_type"] == "note"]
    assert (met["kind"], met["value"]["name"]) == ("client", "mcp")
    assert records[-1]["event_type"] == "run_completed"
    assert records[-1]["payload"]["status"] == "completed"


def test_a_client_solves_a_task_over_stdio(tmp_path: Path, task_file: str) -> None:
    async def play(client: Client) -> None:
        assert client.instructions is not None
        assert "task" in client.instructions
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools["calculator"].input_schema["required"] == ["expression"]
        prompt = (await client.get_prompt("task")).messages[0].content
        assert isinstance(prompt, TextContent)
        assert prompt.text == TASK["instruction"]
        (resource,) = (await client.list_resources()).resources
        (content,) = (await client.read_resource(str(resource.uri))).contents
        assert getattr(content, "text", None) == TASK["instruction"]
        await solve(client)

    play_over_stdio(play, task_file, "--out", str(tmp_path / "data"))
    check_recording(tmp_path / "data")


def test_a_client_solves_a_task_by_http_and_the_run_ends_with_the_server(tmp_path: Path, task_file: str) -> None:
    with served_by_http(task_file, "--out", str(tmp_path / "data")) as (url, process):
        play_by_http(solve, url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    check_recording(tmp_path / "data")


def test_nobody_asking_ends_the_run_by_http(tmp_path: Path, task_file: str) -> None:
    with served_by_http(task_file, "--out", str(tmp_path / "data"), "--idle", "8") as (url, process):
        play_by_http(solve, url)
        assert process.wait(60) == 0
    check_recording(tmp_path / "data")


def test_a_client_that_goes_leaves_a_whole_recording_with_a_score(tmp_path: Path) -> None:
    async def play(client: Client) -> None:
        assert not (await client.call_tool("bash", {"command": "echo left > left.txt"})).is_error

    play_over_stdio(play, "shell", "--out", str(tmp_path))
    (episode,) = agentgym.Dataset(tmp_path)
    assert list(episode.terminations) == [False, True]
    assert episode.infos[-1]["score"] == 0
    records = [json.loads(line) for line in next(tmp_path.glob("*.jsonl")).read_text().splitlines()]
    assert records[-1]["event_type"] == "run_completed"


@pytest.mark.slow
@pytest.mark.desktop
def test_a_client_plays_a_desktop_by_its_actions(tmp_path: Path) -> None:
    """The oracle's actions, through tools that carry their names."""

    async def play(client: Client) -> None:
        task = _task_saying(text_of(await client.call_tool("task")))
        # This script never looks at what it is sent.
        for action in find_family("apps/note-save").oracle(task):
            plain = msgspec.to_builtins(parse_action(action))
            for call in plain["actions"] if plain["kind"] == "Batch" else [plain]:
                result = await client.call_tool(_snake(call.pop("kind")), call)
                assert not result.is_error, text_of(result)
        last = await client.call_tool("done")
        assert last.structured_content == {"over": True, "score": 1}
        assert any(isinstance(part, ImageContent) for part in last.content)

    play_over_stdio(play, "apps/note-save", "--seed", "3", "--out", str(tmp_path))
    (episode,) = agentgym.Dataset(tmp_path)
    assert episode.infos[-1]["score"] == 1
    assert episode.observations["screenshot"][0].dtype == np.uint8


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _task_saying(instruction: str) -> Any:
    import gymnasium as gym

    env = gym.make("agentgym/Desktop-v0", task="apps/note-save", backend="memory")
    try:
        env.reset(seed=3)
        task = env.unwrapped.task  # type: ignore[attr-defined]
        assert task.instruction == instruction
        return task
    finally:
        env.close()
