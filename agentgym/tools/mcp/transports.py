"""The ways to an MCP server: started or reached, inside a machine or outside of it."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import anyio
import httpx2
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client

from agentgym.tools.mcp.inside import Dial, http_inside
from agentgym.tools.mcp.lines import over_socket
from agentgym.tools.mcp.servers import McpServer

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

__all__ = ["command_inside", "inside", "outside", "started", "talking", "variables"]

_SILENCE_S = 30.0
_MOST_AN_EVENT = 64 << 20
_LEAVING_S = 2.0
_LOOK_EVERY_S = 0.01

_started: set[subprocess.Popen[bytes]] = set()


def command_inside(server: McpServer, said: str) -> list[str]:
    """The command as it is launched in a machine, with what it says beside its messages in a file there."""
    first, *others = server.command
    if server.packages and first in ("python", "python3"):
        first = str(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}").resolve())
    return ["/bin/sh", "-c", 'exec 2>"$0"; exec "$@"', said, first, *others]


def variables(server: McpServer) -> dict[str, str]:
    """What a server in a machine has in its environment besides."""
    if not server.packages:
        return dict(server.env)
    folders = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    return {"PYTHONPATH": ":".join(folders), **server.env}


def talking(connection: socket.socket, stray: Callable[[str], None]) -> AbstractAsyncContextManager[TransportStreams]:
    """To a program at the other end of a socket."""
    return over_socket(connection, stray)


@asynccontextmanager
async def inside(server: McpServer, dial: Dial) -> AsyncGenerator[TransportStreams]:
    """To an address in a machine."""
    assert server.url is not None
    async with (
        httpx2.AsyncClient(transport=http_inside(dial), headers=server.headers, timeout=_waiting(server)) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=_MOST_AN_EVENT) as streams,
    ):
        yield streams


@asynccontextmanager
async def outside(server: McpServer) -> AsyncGenerator[TransportStreams]:
    """To any address."""
    assert server.url is not None
    async with (
        httpx2.AsyncClient(headers=server.headers, timeout=_waiting(server)) as client,
        streamable_http_client(server.url, http_client=client, max_sse_event_size=_MOST_AN_EVENT) as streams,
    ):
        yield streams


@asynccontextmanager
async def started(server: McpServer, said: IO[str], stray: Callable[[str], None]) -> AsyncGenerator[TransportStreams]:
    """To a command that is started here, and ended with all that it started.

    Args:
        said: where what it says beside its messages goes; a file of the system.
        stray: see `talking`.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            process = subprocess.Popen(
                server.command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=said,
                cwd=server.cwd,
                env=get_default_environment() | server.env,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
    _started.add(process)
    try:
        async with over_socket(ours, stray) as streams:
            yield streams
    finally:
        # It has read the end of its input, and may want to put things in order.
        with anyio.CancelScope(shield=True):
            for wanted in (signal.SIGTERM, signal.SIGKILL):
                if await _ended(process):
                    break
                os.killpg(process.pid, wanted)
            await _ended(process)
            # What it started itself, it may have left behind.
            _kill(process)
            _started.discard(process)


@atexit.register
def _kill_all() -> None:
    """Of environments that nobody closed."""
    for process in _started:
        _kill(process)


# They are the parent's.
os.register_at_fork(after_in_child=_started.clear)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _ended(process: subprocess.Popen[bytes]) -> bool:
    with anyio.move_on_after(_LEAVING_S):
        while process.poll() is None:
            await anyio.sleep(_LOOK_EVERY_S)
    return process.poll() is not None


def _waiting(server: McpServer) -> httpx2.Timeout:
    """Longer than the session waits, which is who tells of a time-out."""
    return httpx2.Timeout(server.timeout_s + _SILENCE_S, connect=server.start_timeout_s)
