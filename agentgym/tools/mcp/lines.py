"""MCP over a socket: one JSON-RPC message a line, as over a program's standard input and output."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import mcp_types
from anyio.abc import SocketStream
from mcp.shared.message import SessionMessage

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

__all__ = ["over_socket"]

_MOST_A_LINE = 64 << 20
_CHUNK = 1 << 16
_SHOWN = 200
# Whoever writes more of what is no message than this speaks something else, and may never end.
_MOST_STRAYS = 10_000


@asynccontextmanager
async def over_socket(connection: socket.socket, stray: Callable[[str], None]) -> AsyncGenerator[TransportStreams]:
    """The streams of a client whose server is at the other end of the socket, which is closed in the end.

    Args:
        connection: connected; it is taken over.
        stray: is given each line that is no message. Programs print where only messages belong; that is passed over.
    """
    from_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with await SocketStream.from_socket(connection) as stream, anyio.create_task_group() as tasks:

        async def read() -> None:
            async with from_server:
                strays = 0
                async for line in _lines(stream):
                    message = _message(line)
                    if message is not None:
                        await from_server.send(message)
                    elif line.strip():
                        stray(line[:_SHOWN].decode("utf-8", "replace"))
                        strays += 1
                    if strays > _MOST_STRAYS:
                        return

        async def write() -> None:
            try:
                async with to_server:
                    async for sent in to_server:
                        text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                        await stream.send(text.encode() + b"\n")
            except anyio.BrokenResourceError:
                # It no longer listens; that it no longer answers either is what the session is to see.
                await from_server.aclose()

        tasks.start_soon(read)
        tasks.start_soon(write)
        async with incoming, outgoing:
            try:
                yield incoming, outgoing
            finally:
                tasks.cancel_scope.cancel()


async def _lines(stream: SocketStream) -> AsyncGenerator[bytes]:
    """Whole lines up to the end of the stream; what is longer than any message may be ends it, too."""
    pending = bytearray()
    while True:
        try:
            chunk = await stream.receive(_CHUNK)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        first, *others = chunk.split(b"\n")
        pending += first
        for other in others:
            yield bytes(pending)
            pending = bytearray(other)
        if len(pending) > _MOST_A_LINE:
            return


def _message(line: bytes) -> SessionMessage | None:
    try:
        return SessionMessage(mcp_types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None
