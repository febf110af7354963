"""A session with one MCP server, for as long as an episode lasts: its faults are a tool's errors."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import httpx2
import mcp_types
import pydantic
from mcp import MCPError

from agentgym.actions.quoting import cut
from agentgym.errors import BackendError, ToolError, UsageError
from agentgym.tools.mcp.connection import Connection, ConnectionLostError
from agentgym.tools.mcp.contents import answer
from agentgym.tools.mcp.inside import Host
from agentgym.tools.mcp.loop import Bridge
from agentgym.tools.mcp.servers import McpServer
from agentgym.tools.mcp.transports import command_inside, inside, outside, started, talking, variables
from agentgym.tools.workspace import Reply, Workspace

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

__all__ = ["McpSession"]

T = TypeVar("T")

_LONGEST = 500
_KNOCK_EVERY_S = 0.05


class McpSession:
    """One server, started or reached by `open`, and again by the call after it has died.

    Its calls are for one thread, that of its machine.

    Args:
        server: which.
        workspace: gives the machine that it lives in; not asked for a server outside.
    """

    def __init__(self, server: McpServer, workspace: Callable[[], Workspace]) -> None:
        self.server = server
        self.tools: Sequence[mcp_types.Tool] = ()
        self._workspace = workspace
        self._bridge = Bridge()
        self._connection: Connection | None = None
        self._stray = ""
        # Of a server outside; one inside has such a file there.
        self._said = tempfile.TemporaryFile("w+", errors="replace") if server.host else None  # noqa: SIM115

    def open(self) -> None:
        """Starts the server, or reaches it, and asks what it offers.

        Raises:
            ToolError: if it does not come, or talks nonsense.
            BackendError: if the machine broke.
        """
        self._open(self.server.start_timeout_s)

    def call(self, name: str, arguments: dict[str, Any]) -> Reply:
        """What the tool gives.

        Raises:
            ToolError: if it says that something went wrong, or the server dies, is silent or talks nonsense.
            BackendError: if the machine broke.
        """
        if self._connection is None:
            self._open(min(self.server.start_timeout_s, self.server.timeout_s))
        connection = self._connection
        assert connection is not None
        self._stray = ""
        with self._telling("gave no answer"):
            result = self._bridge.run(connection.call(name, arguments, self.server.timeout_s))
        reply = answer(result)
        if connection.may_change:
            with self._telling("did not say what it offers"):
                self.tools = self._bridge.run(connection.tools())
        return reply

    def close(self) -> None:
        """Ends the connection, and the server if it was started for it. May be called twice."""
        self._disconnect()
        if self._said is not None:
            self._said.close()

    def __deepcopy__(self, _memo: dict[int, Any]) -> NoReturn:
        raise UsageError(f"what the MCP server {self.server.name!r} knows is in a process of its own")

    def _open(self, patience_s: float) -> None:
        with self._telling("did not start"):
            connection = self._connection = self._reached(patience_s)
        with self._telling("did not say what it offers"):
            self.tools = self._bridge.run(connection.tools())

    def _reached(self, patience_s: float) -> Connection:
        """A connection. What is to be at an address is knocked for, since it may be about to listen there."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                return self._bridge.run(self._begun(patience_s))
            except Exception as error:
                if not (self.server.url and _is_refusal(error) and time.monotonic() < deadline):
                    raise
            time.sleep(_KNOCK_EVERY_S)

    async def _begun(self, timeout_s: float) -> Connection:
        connection = Connection(await self._transport(), timeout_s=self.server.timeout_s)
        await connection.begin(timeout_s)
        return connection

    async def _transport(self) -> AbstractAsyncContextManager[TransportStreams]:
        server = self.server
        if self._said is not None:
            return started(server, self._said, self._pass_over) if server.command else outside(server)
        host = await self._bridge.ask(self._host)
        if server.url is not None:
            return inside(server, lambda port: self._bridge.ask(lambda: host.dial(port)))
        command, env = command_inside(server, self._log), variables(server)
        return talking(await self._bridge.ask(lambda: host.talk(command, env=env, cwd=server.cwd)), self._pass_over)

    def _host(self) -> Host:
        workspace = self._workspace()
        if not isinstance(workspace, Host):
            raise ToolError(
                f"MCP server {self.server.name!r}: {type(workspace).__name__} is no machine that a server can run in; "
                "use the backend 'sandbox', or McpServer(host=True) to run it outside"
            )
        return workspace

    @property
    def _log(self) -> str:
        return f"/tmp/.mcp-{self.server.name}.log"

    def _pass_over(self, line: str) -> None:
        self._stray = line

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not self._bridge.forked:
            self._bridge.run(connection.end())

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Makes every fault of the server or of the way to it a `ToolError`; a server that is gone is given up."""
        try:
            yield
        except Exception as error:  # a boundary to the SDK, and through it to servers
            cause = _leaf(error)
            if isinstance(cause, BackendError | ToolError | UsageError):
                raise cause from error
            if _is_end(cause):
                self._disconnect()
            raise ToolError(f"MCP server {self.server.name!r} {what}: {self._explained(cause)}") from cause

    def _explained(self, cause: BaseException) -> str:
        match cause:
            case _ if _is_closed(cause):
                said = "it ended"
            case MCPError(code=mcp_types.REQUEST_TIMEOUT):
                said = f"it was silent for {self.server.timeout_s:g} s"
            case TimeoutError():
                said = f"it was not there within {self.server.start_timeout_s:g} s"
            case pydantic.ValidationError():
                said = f"what it sent is no answer: {cut(str(cause), _LONGEST)}"
            case MCPError() | RuntimeError() | OSError() | httpx2.HTTPError():
                said = cut(str(cause), _LONGEST) or type(cause).__name__
            case _:
                said = f"{type(cause).__name__}: {cut(str(cause), _LONGEST)}"
        if self._stray:
            said += f"; it wrote what is no message: {self._stray!r}"
        last = self._last_words() if _is_end(cause) else ""
        return f"{said}; its last words: {last}" if last else said

    def _last_words(self) -> str:
        """The last line that it wrote beside its messages."""
        if self._said is not None:
            self._said.seek(0)
            text = self._said.read()
        elif self.server.command:
            try:
                text = self._workspace().read(self._log).decode("utf-8", "replace")
            except OSError:
                return ""
        else:
            return ""
        lines = text.strip().splitlines()
        return cut(lines[-1], _LONGEST) if lines else ""


def _leaf(error: BaseException) -> BaseException:
    """What is at the bottom of groups of exceptions, as task groups raise them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _is_closed(cause: BaseException) -> bool:
    """Whether the connection ended under a request; servers use the SDK's code for errors of their own, too."""
    if isinstance(cause, MCPError):
        return (cause.code, cause.message) == (mcp_types.CONNECTION_CLOSED, "Connection closed")
    return isinstance(cause, ConnectionLostError)


def _is_end(cause: BaseException) -> bool:
    """Whether there is no more connection."""
    return _is_closed(cause) or isinstance(cause, OSError | httpx2.HTTPError)


def _is_refusal(error: BaseException) -> bool:
    return isinstance(_leaf(error), httpx2.TransportError | ConnectionRefusedError)
