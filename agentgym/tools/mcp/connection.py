"""A client of the SDK, held open by a task of its own: what enters a client must leave it, too."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

import mcp_types
from mcp import Client

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

__all__ = ["Connection", "ConnectionLostError"]

T = TypeVar("T")

_LEAVING_PATIENCE_S = 8.0
_MOST_PAGES = 100


class ConnectionLostError(Exception):
    """The connection ended while something was asked for."""


class Connection:
    """A connection to an MCP server. All of it is called within one loop.

    Args:
        transport: gives the streams, and takes care of what is at their other end.
        timeout_s: within which the server must answer.
    """

    def __init__(self, transport: AbstractAsyncContextManager[TransportStreams], *, timeout_s: float) -> None:
        self._client = Client(
            transport,
            cache=None,
            read_timeout_seconds=timeout_s,
            client_info=mcp_types.Implementation(name="agentgym", version=version("agentgym-envs")),
        )
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._life = asyncio.create_task(self._live())

    async def begin(self, timeout_s: float) -> None:
        """Waits until the server has introduced itself.

        Raises:
            TimeoutError: if it did not in time.
            Exception: what kept it from doing so.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._ready)
        except BaseException:
            await self.end(patience_s=0)
            raise

    async def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a request gives.

        Raises:
            ConnectionLostError: if there is no more connection.
            Exception: what the request raises.
        """
        asked = asyncio.ensure_future(coroutine)
        try:
            await asyncio.wait({asked, self._life}, return_when=asyncio.FIRST_COMPLETED)
            if asked.done():
                return asked.result()
            raise ConnectionLostError
        finally:
            asked.cancel()

    async def call(self, name: str, arguments: dict[str, Any], timeout_s: float) -> mcp_types.CallToolResult:
        return await self.ask(self._client.call_tool(name, arguments, timeout_s))

    async def tools(self) -> Sequence[mcp_types.Tool]:
        """All that the server offers, over all pages."""
        tools: list[mcp_types.Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self.ask(self._client.list_tools(cursor=cursor))
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        return tuple(tools)

    @property
    def may_change(self) -> bool:
        """Whether the server says that what it offers may change."""
        offered = self._client.server_capabilities.tools
        return offered is not None and bool(offered.list_changed)

    async def end(self, *, patience_s: float = _LEAVING_PATIENCE_S) -> None:
        """Takes leave of the server; may be called twice."""
        self._leave.set()
        await asyncio.wait({self._life}, timeout=patience_s)
        self._life.cancel()
        await asyncio.wait({self._life}, timeout=_LEAVING_PATIENCE_S)

    async def _live(self) -> None:
        try:
            async with self._client:
                self._ready.set_result(None)
                await self._leave.wait()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - a boundary to the SDK; told to whoever waits for the beginning
            if not self._ready.done():
                self._ready.set_exception(error)
