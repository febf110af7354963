"""What a server says, to a client in the same process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import gymnasium as gym
import pytest
from mcp import Client, MCPError
from mcp_types import TextContent

from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError
from agentgym.serving import Played
from agentgym.serving.mcp import server_of
from agentgym.tools.mcp.loop import Bridge
from tests.serving.test_played import TASK


def played_by(play: Callable[[Client], Awaitable[None]], *, mode: str = "auto", **options: Any) -> None:
    played = Played(gym.make("agentgym/Tools-v0", **options), seed=0)
    caller = Bridge()

    async def main() -> None:
        async with Client(server_of(played, caller), mode=mode) as client:
            await play(client)

    try:
        caller.run(main())
    finally:
        played.close()


def test_an_episode_that_cannot_begin_says_why() -> None:
    async def play(client: Client) -> None:
        with pytest.raises(MCPError, match="no server 'shop', but none"):
            await client.list_tools()
        refused = await client.call_tool("task")
        assert refused.is_error
        with pytest.raises(MCPError, match="no server 'shop'"):
            await client.read_resource("agentgym://task")

    played_by(play, task={**TASK, "tools": ["mcp:shop"]})


def test_there_is_one_prompt_and_one_resource() -> None:
    async def play(client: Client) -> None:
        with pytest.raises(MCPError, match="no prompt 'other', but 'task'"):
            await client.get_prompt("other")
        with pytest.raises(MCPError, match="no resource agentgym://other, but agentgym://task"):
            await client.read_resource("agentgym://other")

    played_by(play, task=TASK)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_clients_of_both_eras_play(mode: str) -> None:
    async def play(client: Client) -> None:
        assert "calculator" in {tool.name for tool in (await client.list_tools()).tools}
        last = await client.call_tool("submit", {"answer": "42"})
        assert last.structured_content == {"over": True, "score": 1}

    played_by(play, mode=mode, task=TASK)


class Breaking(MemoryBackend):
    """Breaks when a file of that name is asked for."""

    def read(self, path: str) -> bytes:
        if path == "broken":
            raise BackendError("the disk is gone")
        return super().read(path)


def test_a_machine_that_broke_ends_the_episode_and_reset_begins_another() -> None:
    from agentgym.tools import ToolContext, tool

    @tool
    def look(name: str, context: ToolContext) -> str:
        """Reads a file."""
        return context.workspace.read(name).decode()

    async def play(client: Client) -> None:
        broke = await client.call_tool("look", {"name": "broken"})
        assert broke.is_error
        assert isinstance(broke.content[0], TextContent)
        assert broke.content[0].text.startswith("The machine broke: the disk is gone. The episode has no score")
        over = await client.call_tool("look", {"name": "broken"})
        assert isinstance(over.content[0], TextContent)
        assert over.content[0].text == "The episode is over. Call reset for another episode."
        assert not (await client.call_tool("reset")).is_error
        missing = await client.call_tool("look", {"name": "missing"})
        assert isinstance(missing.content[0], TextContent)
        assert "FileNotFoundError" in missing.content[0].text

    played_by(play, task=TASK, tools=[look], backend=Breaking())
