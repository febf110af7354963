"""A file over HTTP, whole, however often its connection is cut."""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_UN, flock
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from agentgym.errors import BackendError
from agentgym.kept import put_whole

__all__ = ["NotThere", "held", "transfer"]

_PATIENCE_S = 60.0

_TRIES = 4
"""How often in a row nothing new may come before it is given up."""

_PAUSE_S = 0.5
"""Before the second try; twice as long before each that follows."""

_LONGEST_PAUSE_S = 30.0
_CHUNK = 1 << 18

_TRANSIENT = (408, 425, 429)
"""Answers that say "later", as all from 500 on do; what else is refused is refused for good."""

_GONE = (403, 404, 410)
"""Answers that there is no such file; who may not list a bucket of S3 is forbidden what is not in it."""

# What is escaped already stays so, as `requests` does, which OSWorld's addresses were tried with.
_UNESCAPED = "!#$%&'()*+,/:;=?@[]~"


class NotThere(OSError):
    """The server says that there is no such file."""


class _Passing(Exception):
    """What may go well another time."""

    def __init__(self, said: str, *, after_s: float = 0.0) -> None:
        super().__init__(said)
        self.after_s = after_s


@contextmanager
def held(path: Path) -> Iterator[BinaryIO]:
    """A file that this thread of this process alone has, at its end; made if it is not there.

    Whoever had it before may have put it elsewhere: then this is a new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("ab") as file:
            flock(file, LOCK_EX)
            try:
                if _lies_at(file, path):
                    yield file
                    return
            finally:
                # A process that was forked meanwhile has it open, too.
                flock(file, LOCK_UN)


def transfer(url: str, path: Path, file: BinaryIO) -> None:
    """Fetches what is behind an address into a file that is `held`, from where it was cut if the server can do that.

    If this fails there stays what can be gone on with the next time, and nothing else.

    Raises:
        NotThere: if the server says so.
        OSError: if it refuses the file for good, or the disk does.
        ValueError: if that is no address.
        BackendError: of kind ``"network"``, if the network or the server failed too often.
    """
    try:
        _transfer(url, path, file)
    except BaseException:
        if not _size(file) or not _validator(path):
            path.unlink(missing_ok=True)
            _state(path).unlink(missing_ok=True)
        raise
    _state(path).unlink(missing_ok=True)


def _transfer(url: str, path: Path, file: BinaryIO) -> None:
    failures, most = 0, 0
    while True:
        try:
            _try(url, path, file)
            return
        except _Passing as error:
            size = _size(file)
            failures, most = (1, size) if size > most else (failures + 1, most)
            if failures == _TRIES:
                raise BackendError(f"cannot download {url}: {error}", kind="network") from error
            time.sleep(max(_PAUSE_S * 2 ** (failures - 1), error.after_s))


def _try(url: str, path: Path, file: BinaryIO) -> None:
    begun, validator = _size(file), _validator(path)
    with _asked(url, {"Range": f"bytes={begun}-", "If-Range": validator} if begun and validator else {}) as answer:
        if not _goes_on(answer, begun, validator):
            file.truncate(0)
            if answer.status != HTTPStatus.OK:
                raise _Passing("the server sent another part than was asked for")
            put_whole(_state(path), _validator_of(answer).encode("latin-1"))
        announced = _announced(answer)
        # What came before it was cut has been written.
        file.writelines(_chunks(answer))
        file.flush()
    _check_size(file, announced)


def _asked(url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    try:
        # The scheme was checked.
        request = urllib.request.Request(quote(url, safe=_UNESCAPED), headers=headers)
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_PATIENCE_S)
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and headers:
            error.close()
            return _asked(url, {})
        error.close()
        raise _refused(url, error) from error
    except http.client.InvalidURL as error:
        raise ValueError(f"{url!r} is no address: {error}") from error
    except urllib.error.URLError as error:
        raise _Passing(_reason(error.reason)) from error
    except (http.client.HTTPException, OSError) as error:
        raise _Passing(_reason(error)) from error
    return answer


def _refused(url: str, error: urllib.error.HTTPError) -> Exception:
    said = f"the server answered {error.code} {error.reason}"
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR or error.code in _TRANSIENT:
        after = error.headers["Retry-After"] or ""
        return _Passing(said, after_s=min(float(after), _LONGEST_PAUSE_S) if after.isdecimal() else 0.0)
    return (NotThere if error.code in _GONE else OSError)(f"cannot download {url}: {said}")


def _goes_on(answer: http.client.HTTPResponse, begun: int, validator: str) -> bool:
    """Whether this is the rest of the file of which a part is here."""
    span = answer.headers["Content-Range"] or ""
    told = _validator_of(answer)
    return (
        answer.status == HTTPStatus.PARTIAL_CONTENT
        and span.startswith(f"bytes {begun}-")
        and (not told or told == validator)
    )


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read1(_CHUNK)
        except http.client.IncompleteRead:
            # The size tells, where it was announced.
            raise _Passing("the connection was cut") from None
        except (http.client.HTTPException, OSError) as error:
            raise _Passing(_reason(error)) from error
        if not chunk:
            return
        yield chunk


def _announced(answer: http.client.HTTPResponse) -> str | None:
    """How large the whole file is, in the server's words."""
    if answer.status == HTTPStatus.PARTIAL_CONTENT:
        total = (answer.headers["Content-Range"] or "").rpartition("/")[2]
        return None if total == "*" else total
    return answer.headers["Content-Length"]


def _check_size(file: BinaryIO, announced: str | None) -> None:
    size = _size(file)
    if announced is None or announced.strip() == str(size):
        return
    if announced.strip().isdecimal() and int(announced) > size:
        raise _Passing(f"the connection was cut after {size} bytes, {int(announced) - size} short")
    file.truncate(0)
    raise _Passing(f"the server announced {announced!r} bytes and sent {size}")


def _validator_of(answer: http.client.HTTPResponse) -> str:
    """By what the server knows whether its file is still the same; nothing if it does not say for certain."""
    tag: str = answer.headers["ETag"] or ""
    return tag if tag.startswith('"') else answer.headers["Last-Modified"] or ""


def _validator(path: Path) -> str:
    try:
        return _state(path).read_text(encoding="latin-1")
    except FileNotFoundError:
        return ""


def _state(path: Path) -> Path:
    return path.with_name(f"{path.name}.validator")


def _size(file: BinaryIO) -> int:
    file.flush()
    return os.fstat(file.fileno()).st_size


def _lies_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _reason(error: object) -> str:
    match error:
        case TimeoutError():
            return f"no answer within {_PATIENCE_S:g} s"
        case OSError() | str():
            return str(error)
    return repr(error)
