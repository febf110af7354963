"""Requests to the guest's server: a time-out for each, and a second try for those that may be made twice."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import msgspec

from agentgym.errors import BackendError, UsageError

__all__ = ["Answer", "Asked", "BrokenReply", "Server", "form", "json_of", "multipart", "posted"]

T = TypeVar("T")

_CHUNK = 1 << 16
_PAUSE_S = 0.1
_LONGEST_SAID = 300
_TAGS = re.compile(rb"<[^>]*>")


class Asked(msgspec.Struct, frozen=True):
    """A request.

    Args:
        again: whether it may be made again when it is not known whether it was done.
        timeout_s: from the connection to the last byte of the answer.
    """

    method: Literal["GET", "POST"]
    path: str
    timeout_s: float
    again: bool
    body: bytes = b""
    content_type: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What the server said."""

    status: int
    body: bytes

    @property
    def said(self) -> str:
        """The end of it, for a message; a traceback's last words are the telling ones."""
        return " ".join(_TAGS.sub(b" ", self.body).decode("utf-8", "replace").split())[-_LONGEST_SAID:]


class BrokenReply(Exception):
    """The server answered something that it never should."""


class _Fault(Exception):
    def __init__(self, what: str, kind: str, *, unsent: bool = False) -> None:
        super().__init__(what)
        self.kind, self.unsent = kind, unsent


class Server:
    """The server of one guest; every request has a connection of its own, as Flask's server wants it.

    Args:
        url: ``http://host:port``.
        connect_s: seconds for a connection.
        tries: how often a request is made at most.

    Attributes:
        broken: whether there was a fault that stayed.
    """

    def __init__(self, url: str, *, connect_s: float, tries: int) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"the guest's address is {url!r}; it must be http://host:port")
        self._prefix, self._host, self._port = parts.path, parts.hostname, parts.port
        self._connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connect_s, self._tries = connect_s, tries
        self.broken = False

    def ask(self, asked: Asked, read: Callable[[Answer], T]) -> T:
        """What ``read`` makes of the answer.

        Args:
            asked: made again if it may be, or if there was no connection to make it on.
            read: raises `BrokenReply` if there is nothing to be made of it, and what else it likes.

        Raises:
            BackendError: of kind ``"network"`` if no whole answer came, ``"machine"`` if it was a wrong one.
        """
        for left in reversed(range(self._tries)):
            try:
                return self._read(asked, read)
            except _Fault as fault:
                if not left or not (asked.again or fault.unsent):
                    self.broken = True
                    made = f", tried {self._tries - left} times" if left < self._tries - 1 else ""
                    message = f"{asked.method} {self.url}{asked.path}: {fault}{made}"
                    raise BackendError(message, kind=fault.kind) from fault
                time.sleep(_PAUSE_S)
        raise UsageError(f"tries is {self._tries}; it must be a whole number from 1")

    def _read(self, asked: Asked, read: Callable[[Answer], T]) -> T:
        answer = self._exchange(asked)
        try:
            return read(answer)
        except BrokenReply as error:
            raise _Fault(str(error), "machine") from error

    def _exchange(self, asked: Asked) -> Answer:
        deadline = time.monotonic() + asked.timeout_s
        connection = self._connection(self._host, self._port, timeout=min(self._connect_s, asked.timeout_s))
        try:
            try:
                connection.connect()
            except OSError as error:
                raise _Fault(f"no connection ({error})", "network", unsent=True) from error
            return self._converse(connection, asked, deadline)
        except TimeoutError as error:
            raise _Fault(f"no whole answer within {asked.timeout_s:g} s", "network") from error
        except (OSError, http.client.HTTPException) as error:
            raise _Fault(f"no whole answer ({str(error) or type(error).__name__})", "network") from error
        finally:
            connection.close()

    def _converse(self, connection: http.client.HTTPConnection, asked: Asked, deadline: float) -> Answer:
        # The connection forgets its socket once the server has said that it will close it.
        socket = connection.sock
        socket.settimeout(_left(deadline))
        headers = {"Content-Type": asked.content_type} if asked.content_type else {}
        connection.request(asked.method, self._prefix + asked.path, body=asked.body or None, headers=headers)
        with connection.getresponse() as response:
            expected, parts = response.length, []
            while True:
                socket.settimeout(_left(deadline))
                part = response.read1(_CHUNK)
                if not part:
                    break
                parts.append(part)
            body = b"".join(parts)
            if expected is not None and len(body) < expected:
                raise http.client.IncompleteRead(body, expected - len(body))
            return Answer(response.status, body)


def posted(path: str, value: Mapping[str, Any], *, timeout_s: float, again: bool) -> Asked:
    """A request with JSON."""
    return Asked("POST", path, timeout_s, again, json.dumps(value).encode(), "application/json")


def form(path: str, fields: Mapping[str, str], *, timeout_s: float, again: bool) -> Asked:
    """A request with a form."""
    return Asked("POST", path, timeout_s, again, urlencode(fields).encode(), "application/x-www-form-urlencoded")


def multipart(path: str, fields: Mapping[str, str], content: bytes, *, timeout_s: float) -> Asked:
    """A request with a form and a file in it, ``file_data``, which may be made twice."""
    mark = uuid4().hex
    texts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file_data"; filename="file"\r\n'
    kind = b"Content-Type: application/octet-stream\r\n\r\n"
    body = b"".join([*texts, head.encode(), kind, content, f"\r\n--{mark}--\r\n".encode()])
    return Asked("POST", path, timeout_s, True, body, f"multipart/form-data; boundary={mark}")


def json_of(answer: Answer) -> dict[str, Any]:
    """The object that the server answered.

    Raises:
        BrokenReply: if it is none, or the status is not 200.
    """
    if answer.status != 200:
        raise BrokenReply(f"{answer.status}: {answer.said}")
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BrokenReply(f"the answer is not what JSON was expected ({error}): {answer.said!r}") from error


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
