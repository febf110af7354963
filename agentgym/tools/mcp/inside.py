"""How a server inside a sandbox is reached: what a machine is asked for, and HTTP over the sockets that it gives."""

from __future__ import annotations

import select
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import anyio
import anyio.abc
import httpcore2
import httpx2
from anyio.abc import SocketStream

__all__ = ["Dial", "Host", "http_inside"]

Dial: TypeAlias = Callable[[int], Awaitable[socket.socket]]
"""Gives a connection to a port of the machine's own loopback."""


@runtime_checkable
class Host(Protocol):
    """A machine in which MCP servers can live."""

    def talk(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> socket.socket:
        """Launches a program whose standard input and output are the other end of this; the caller's to close."""

    def dial(self, port: int) -> socket.socket:
        """A connection to a port of the machine's own 127.0.0.1; the caller's to close.

        Raises:
            ConnectionRefusedError: if nothing listens there.
        """


def http_inside(dial: Dial) -> httpx2.AsyncBaseTransport:
    """Takes every request to the port of a machine's own loopback that its URL names, whatever the host is."""
    return _Inside(dial)


class _Inside(httpx2.AsyncBaseTransport):
    def __init__(self, dial: Dial) -> None:
        self._pool = httpcore2.AsyncConnectionPool(network_backend=_Network(dial))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port or 80, target=url.raw_path)
        inner = httpcore2.Request(
            method=request.method,
            url=target,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            response = await self._pool.handle_async_request(inner)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            raise httpx2.TransportError(str(error) or type(error).__name__) from error
        body = _Body(response.stream)
        return httpx2.Response(response.status, headers=response.headers, stream=body, extensions=response.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            raise httpx2.TransportError(str(error) or type(error).__name__) from error

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Network(httpcore2.AsyncNetworkBackend):
    """The network of httpcore2 where every connection is the machine's."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            connection = await self._dial(port)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        return _Connection(await SocketStream.from_socket(connection))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class _Connection(httpcore2.AsyncNetworkStream):
    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            with anyio.fail_after(timeout):
                return await self._stream.receive(max_bytes)
        except anyio.EndOfStream:
            return b""
        except TimeoutError as error:
            raise httpcore2.ReadTimeout from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            with anyio.fail_after(timeout):
                await self._stream.send(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise httpcore2.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return None
        # Asked of an idle connection: what can be read of it then is its end.
        waiting = self._stream.extra(anyio.abc.SocketAttribute.raw_socket)
        return bool(select.select([waiting], [], [], 0)[0])
