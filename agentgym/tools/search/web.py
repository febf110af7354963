"""Fetching over HTTP for an agent: from where it may, as much as is useful, as long as is bearable."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

import msgspec

from agentgym.errors import ToolError

__all__ = ["Got", "get"]

_MOST_BYTES = 4_000_000
_AT_ONCE = 65_536
_STATUS_OF_NO_PAGE = frozenset({404, 410})


class Got(msgspec.Struct, frozen=True):
    """What was fetched. ``address`` is where it was in the end, ``kind`` its media type."""

    address: str
    status: int
    kind: str
    charset: str | None
    body: bytes

    def text(self) -> str:
        try:
            return self.body.decode(self.charset or "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


def get(address: str, *, allow: Sequence[str], timeout_s: float) -> Got:
    """Fetches what is at an address; no more than 4 MB of it.

    Args:
        allow: hosts that may be reached though they are on this machine or in a private network.

    Raises:
        ToolError: if it may not or could not be fetched.
    """
    split = _split(address)
    if split is None:
        raise ToolError(f"cannot open {address!r}; an address begins with http:// or https://, and a host follows")
    request = Request(address, headers={"User-Agent": "agentgym", "Accept": "*/*"})
    deadline = time.monotonic() + timeout_s
    try:
        with _opener(frozenset(allow)).open(request, timeout=timeout_s) as response:
            return _got(response, deadline)
    except HTTPError as error:
        with error:
            if error.code in _STATUS_OF_NO_PAGE:
                return Got(address, error.code, "text/plain", None, b"")
        raise ToolError(f"{address} answered {error.code} {error.reason}") from error
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise ToolError(f"cannot open {address}: {getattr(error, 'reason', error)}") from error


def _split(address: str) -> object | None:
    try:
        split = urlsplit(address)
    except ValueError:
        return None
    return split if split.scheme in {"http", "https"} and split.hostname else None


def _got(response: Any, deadline: float) -> Got:
    parts: list[bytes] = []
    while sum(map(len, parts)) < _MOST_BYTES and (part := response.read1(_AT_ONCE)):
        parts.append(part)
        if time.monotonic() > deadline:
            raise TimeoutError("it sends too slowly")
    headers = response.headers
    body = b"".join(parts)[:_MOST_BYTES]
    return Got(response.url, response.status, headers.get_content_type(), headers.get_content_charset(), body)


def _opener(allow: frozenset[str]) -> OpenerDirector:
    """Opens HTTP and HTTPS and nothing else; a redirect must stand the same test as the first address."""
    opener = OpenerDirector()
    for handler in (
        _Http(allow),
        _Https(allow),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


class _Http(HTTPHandler):
    def __init__(self, allow: frozenset[str]) -> None:
        super().__init__()
        self._allow = allow

    def http_open(self, req: Request) -> Any:
        return self.do_open(_connecting(http.client.HTTPConnection, self._allow), req)


class _Https(HTTPSHandler):
    def __init__(self, allow: frozenset[str]) -> None:
        super().__init__()
        self._allow = allow

    def https_open(self, req: Request) -> Any:
        checked = _connecting(http.client.HTTPSConnection, self._allow)
        return self.do_open(checked, req, context=ssl.create_default_context())


def _connecting(kind: type[http.client.HTTPConnection], allow: frozenset[str]) -> Any:
    """A kind of connection that looks whom it has reached before it sends anything.

    Looking up the name beforehand would not do: it may stand for another address a moment later.
    """

    class Checked(kind):  # type: ignore[misc, valid-type]  # a class of either kind
        def connect(self) -> None:
            super().connect()
            reached = self.sock.getpeername()[0]
            if self.host not in allow and not _is_public(reached):
                self.close()
                raise PermissionError(f"{self.host} is at {reached}, which is not on the public network")

    return Checked


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global
