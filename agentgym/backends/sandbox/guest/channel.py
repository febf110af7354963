"""Framed messages over a Unix stream socket: a JSON header, raw bytes, and file descriptors."""

from __future__ import annotations

import array
import json
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

_PREFIX = struct.Struct("!IQ")
_MOST_DESCRIPTORS = 8
_RECEIVE_AT_MOST = 1 << 20


class Channel:
    """One end of the wire between the training process and its desktop.

    Args:
        sock: a connected ``AF_UNIX`` stream socket; the channel owns it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def send(
        self,
        header: dict[str, Any],
        body: bytes = b"",
        descriptors: Sequence[int] = (),
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Sends a message.

        Raises:
            TimeoutError: if the other end does not take it within ``timeout_s``.
        """
        text = json.dumps(header).encode()
        message = memoryview(_PREFIX.pack(len(text), len(body)) + text)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        with self._patience(timeout_s):
            sent = self._sock.sendmsg([message], rights)
            self._sock.sendall(message[sent:])
            self._sock.sendall(body)

    def receive(
        self, timeout_s: float | None = None, *, most: int | None = None
    ) -> tuple[dict[str, Any], bytes, list[int]]:
        """The next message: header, body, descriptors (now the caller's).

        Args:
            most: bytes that header and body may have together; more is not read.

        Raises:
            EOFError: if the other end is gone.
            TimeoutError: if nothing comes for ``timeout_s``.
            ValueError: if what comes is no message.
        """
        with self._patience(timeout_s):
            prefix, descriptors = self._first_bytes()
            header_size, body_size = _PREFIX.unpack(prefix)
            if most is not None and header_size + body_size > most:
                raise ValueError(f"a message of {header_size + body_size} bytes, of which {most} are read")
            header = json.loads(self._exactly(header_size))
            return header, bytes(self._exactly(body_size)), descriptors

    def _first_bytes(self) -> tuple[bytes, list[int]]:
        # Descriptors travel with the first byte of a message, so only this read asks for them.
        data, descriptors, _, _ = socket.recv_fds(self._sock, _PREFIX.size, _MOST_DESCRIPTORS)
        if not data:
            raise EOFError("the other end of the channel is gone")
        return data + bytes(self._exactly(_PREFIX.size - len(data))), descriptors

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            count = self._sock.recv_into(rest, min(len(rest), _RECEIVE_AT_MOST))
            if not count:
                raise EOFError("the other end of the channel is gone")
            rest = rest[count:]
        return data

    @contextmanager
    def _patience(self, timeout_s: float | None) -> Iterator[None]:
        self._sock.settimeout(timeout_s)
        try:
            yield
        finally:
            if self._sock.fileno() >= 0:
                self._sock.settimeout(None)


def split(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    """The parts that were joined to one body."""
    return [body[end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]
