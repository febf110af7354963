"""An environment as an MCP server, on standard input and output or by streamable HTTP."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeVar

import mcp_types as types
import uvicorn
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from agentgym.errors import AgentGymError, BackendError
from agentgym.serving.acts import Shown
from agentgym.serving.played import Played
from agentgym.tools.mcp.loop import Bridge

__all__ = ["serve_http", "serve_stdio", "server_of"]

_TASK = "task"
_TASK_URI = "agentgym://task"
_LOOK_EVERY_S = 0.2

T = TypeVar("T")

Context = ServerRequestContext[Any]


def serve_stdio(played: Played) -> None:
    """Serves whoever started this process, until he closes the pipe. The environment is used in this thread."""
    bridge = Bridge()
    bridge.run(_over_stdio(_Offer(played, bridge).server))


def serve_http(
    played: Played, listening: socket.socket, *, ready: Callable[[str], None], idle_s: float | None = None
) -> None:
    """Serves clients of a loopback address, one call at a time, until this thread is interrupted.

    Args:
        listening: stays the caller's.
        ready: is told the address once it can be used.
        idle_s: ends it after so many seconds without a request.
    """
    bridge = Bridge()
    bridge.run(_over_http(_Offer(played, bridge), listening, ready, idle_s))


def server_of(played: Played, bridge: Bridge) -> Server[Any]:
    """The server alone, for whoever has a way to it; while it is served, somebody waits in `Bridge.run`."""
    return _Offer(played, bridge).server


class _Offer:
    """Answers what clients ask; whatever concerns the environment is done by the thread that waits in the bridge."""

    def __init__(self, played: Played, bridge: Bridge) -> None:
        self._played = played
        self._bridge = bridge
        self.asked_at = time.monotonic()
        self.busy = 0
        self.server: Server[Any] = Server(
            f"agentgym {played.title}",
            version=version("agentgym-envs"),
            instructions=f"An environment with a task. The tool {_TASK!r} says what is to be done; begin with it.",
            on_list_tools=self._tools,
            on_call_tool=self._call,
            on_list_prompts=self._prompts,
            on_get_prompt=self._prompt,
            on_list_resources=self._resources,
            on_read_resource=self._resource,
        )

    async def _tools(self, _context: Context, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        offered = await self._told(self._played.offered)
        tools = [types.Tool(name=one.name, description=one.description, input_schema=one.schema) for one in offered]
        return types.ListToolsResult(tools=tools)

    async def _call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            shown = await self._ask(lambda: self._called(_who(context), params))
        except BackendError as error:
            shown = Shown(f"The machine broke: {error}. The episode has no score; reset begins another.", ok=False)
        except AgentGymError as error:
            shown = Shown(str(error), ok=False)
        return _result(shown)

    def _called(self, who: dict[str, Any], params: types.CallToolRequestParams) -> Shown:
        if who:
            self._played.met(who)
        return self._played.call(params.name, dict(params.arguments or {}))

    async def _prompts(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[types.Prompt(name=_TASK, description="What is to be done.")])

    async def _prompt(self, _context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if params.name != _TASK:
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {params.name!r}, but {_TASK!r}")
        told = types.TextContent(text=await self._instruction())
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=told)])

    async def _resources(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        resource = types.Resource(uri=_TASK_URI, name=_TASK, description="What is to be done.", mime_type="text/plain")
        return types.ListResourcesResult(resources=[resource])

    async def _resource(self, _context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if str(params.uri) != _TASK_URI:
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {params.uri}, but {_TASK_URI}")
        told = types.TextResourceContents(uri=_TASK_URI, mime_type="text/plain", text=await self._instruction())
        return types.ReadResourceResult(contents=[told])

    async def _instruction(self) -> str:
        return await self._told(lambda: self._played.instruction)

    async def _told(self, function: Callable[[], T]) -> T:
        """What is asked, where the protocol and not a tool's answer says what went wrong."""
        try:
            return await self._ask(function)
        except AgentGymError as error:
            raise MCPError(types.INTERNAL_ERROR, str(error)) from error

    async def _ask(self, function: Callable[[], T]) -> T:
        self.busy += 1
        try:
            return await self._bridge.ask(function)
        finally:
            self.busy -= 1
            self.asked_at = time.monotonic()


async def _over_stdio(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _over_http(
    offer: _Offer, listening: socket.socket, ready: Callable[[str], None], idle_s: float | None
) -> None:
    # The other form of an answer is an event, of which clients take 1 MB: a screenshot may be more.
    config = uvicorn.Config(offer.server.streamable_http_app(json_response=True), log_level="warning", lifespan="on")
    web = uvicorn.Server(config)
    serving = asyncio.create_task(web.serve(sockets=[listening]))
    ready(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp")
    try:
        while not serving.done():
            await asyncio.wait({serving}, timeout=_LOOK_EVERY_S)
            if idle_s is not None and not offer.busy and time.monotonic() - offer.asked_at > idle_s:
                web.should_exit = web.force_exit = True
    finally:
        web.should_exit = web.force_exit = True
    await serving


def _who(context: Context) -> dict[str, Any]:
    """The client's name and version, where it tells them."""
    told = context.session.client_params
    return {} if told is None else {"name": told.client_info.name, "version": told.client_info.version}


def _result(shown: Shown) -> types.CallToolResult:
    text = [types.TextContent(text=shown.text)] if shown.text or not shown.images else []
    images = [types.ImageContent(data=base64.b64encode(one).decode(), mime_type="image/png") for one in shown.images]
    return types.CallToolResult(content=[*text, *images], structured_content=shown.value, is_error=not shown.ok)
