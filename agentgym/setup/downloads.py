"""Files from elsewhere, kept after the first time."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypedDict
from urllib.parse import quote, urlsplit

import msgspec

from agentgym.backends.base import Backend
from agentgym.errors import BackendError
from agentgym.kept import kept

__all__ = ["download", "fetch"]

_PATIENCE_S = 60.0

_TRANSIENT = (408, 425, 429)
"""Answers that say "later", as all from 500 on do; what else is refused is refused for good."""

# What is escaped already stays so, as `requests` does, which OSWorld's addresses were tried with.
_UNESCAPED = "!#$%&'()*+,/:;=?@[]~"


class _Download(TypedDict):
    url: Annotated[str, msgspec.Meta(pattern="^(https?|file)://")]
    path: str


def download(backend: Backend, files: Sequence[_Download]) -> None:
    """Puts files from addresses into the desktop; what was fetched once is kept for the next episode.

    Args:
        files: from where to where; an address is http, https or file.

    Raises:
        OSError: if there is no such file to be had.
        BackendError: if the network or the server failed.
    """
    for entry in files:
        backend.write(entry["path"], fetch(entry["url"]))


def fetch(url: str) -> bytes:
    """The content behind an address, ``file://`` among them; from the cache folder if it has been fetched before.

    Raises:
        OSError: if there is no such file.
        ValueError: if it is no address.
        BackendError: of kind ``"network"``, if the network or the server failed; trying again may help.
    """
    if _scheme(url) == "file":
        return _read(url)
    return kept(f"downloads/{hashlib.sha256(url.encode()).hexdigest()}", lambda: _get(url))


def _scheme(url: str) -> str:
    try:
        address = urlsplit(url)
        # A port that is none is told when it is asked for.
        place = address.port, address.hostname
    except ValueError as error:
        raise ValueError(f"{url!r} is no address: {error}") from error
    if address.scheme != "file" and (address.scheme not in ("http", "https") or not place[1]):
        raise ValueError(f"{url!r} is no http, https or file address")
    return address.scheme


def _read(url: str) -> bytes:
    try:
        return Path(urllib.request.url2pathname(urlsplit(url).path)).read_bytes()
    except FileNotFoundError as error:
        # Whoever judges takes FileNotFoundError for a fact about the machine; this is a fault of the task.
        raise OSError(f"cannot read {url}: there is no such file") from error


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(
            quote(url, safe=_UNESCAPED), timeout=_PATIENCE_S
        ) as answer:  # the scheme was checked
            return _whole(url, answer)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR or error.code in _TRANSIENT:
            raise _failed(url, f"the server answered {error.code} {error.reason}") from error
        raise OSError(f"cannot download {url}: the server answered {error.code} {error.reason}") from error
    except http.client.InvalidURL as error:
        raise ValueError(f"{url!r} is no address: {error}") from error
    except urllib.error.URLError as error:
        raise _failed(url, _reason(error.reason)) from error
    except (http.client.HTTPException, OSError) as error:
        raise _failed(url, _reason(error)) from error


def _whole(url: str, answer: http.client.HTTPResponse) -> bytes:
    content = answer.read()
    announced = answer.headers["Content-Length"]
    if announced is not None and announced.strip() != str(len(content)):
        raise _failed(url, f"the server announced {announced!r} bytes and sent {len(content)}")
    return content


def _reason(error: object) -> str:
    match error:
        case http.client.IncompleteRead(partial=partial, expected=expected):
            missing = "" if expected is None else f", {expected} short"
            return f"the connection was cut after {len(partial)} bytes{missing}"
        case TimeoutError():
            return f"no answer within {_PATIENCE_S:g} s"
        case OSError() | str():
            return str(error)
    return repr(error)


def _failed(url: str, reason: str) -> BackendError:
    return BackendError(f"cannot download {url}: {reason}", kind="network")
