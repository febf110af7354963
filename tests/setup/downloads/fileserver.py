"""A server of files that can be told to misbehave."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import msgspec

__all__ = ["FileServer", "Served", "serving"]


class Served(msgspec.Struct):
    """A file, and what goes wrong with it.

    Args:
        cuts: after how many bytes each answer is cut, the first first; then none is.
        refusals: the status of each answer, the first first; then none is refused.
        ranges: whether a part can be asked for.
        tagged: whether the server tells by what it knows the file, and ``dated`` by what less certain.
        weak: whether that is told to be none that parts can be told apart by.
        sloppy: whether a part is sent of whatever the file is by now, from its ``begin`` on if that is given.
        announced: the length that is told, if not the real one.
        retry_after: when a refused client is told to come again.
        changes: what the file is from the second answer on.
    """

    content: bytes
    cuts: list[int] = []
    refusals: list[int] = []
    ranges: bool = True
    tagged: bool = True
    dated: bool = False
    weak: bool = False
    sloppy: bool = False
    begin: int | None = None
    retry_after: str | None = None
    announced: str | None = None
    changes: bytes | None = None


class FileServer(http.server.ThreadingHTTPServer):
    """Serves what is in ``files``, by path; ``asked`` counts, ``spans`` has the ranges that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.files: dict[str, Served] = {}
        self.asked: Counter[str] = Counter()
        self.spans: list[str | None] = []
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


@contextmanager
def serving(prepare: Callable[[FileServer], object] | None = None) -> Iterator[FileServer]:
    with FileServer() as server:
        if prepare is not None:
            prepare(server)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Answering(http.server.BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        path = unquote(self.path)
        self.server.asked[path] += 1
        self.server.spans.append(self.headers["Range"])
        served = self.server.files.get(path)
        if served is None:
            self.send_error(404)
        elif served.refusals:
            self._refuse(served)
        else:
            self._send(served, self._begun(served))

    def _refuse(self, served: Served) -> None:
        self.send_response(served.refusals.pop(0))
        if served.retry_after is not None:
            self.send_header("Retry-After", served.retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _begun(self, served: Served) -> int:
        """From where on the file is sent."""
        span = self.headers["Range"]
        if span is None or not served.ranges:
            return 0
        if not served.sloppy and self.headers["If-Range"] not in (None, *_validators(served).values()):
            return 0
        begun = int(span.removeprefix("bytes=").removesuffix("-"))
        return begun if served.begin is None else served.begin

    def _send(self, served: Served, begun: int) -> None:
        content = served.content
        if begun >= len(content) and begun:
            self.send_error(416)
            return
        self.send_response(206 if begun else 200)
        if begun:
            self.send_header("Content-Range", f"bytes {begun}-{len(content) - 1}/{len(content)}")
        for name, value in _validators(served).items():
            self.send_header(name, value)
        self.send_header("Content-Length", served.announced or str(len(content) - begun))
        self.end_headers()
        self.wfile.write(content[begun:][: served.cuts.pop(0) if served.cuts else None])
        if served.changes is not None:
            served.content, served.changes = served.changes, None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
        pass


def _validators(served: Served) -> dict[str, str]:
    digest = hashlib.sha256(served.content).hexdigest()
    told = {"ETag": f'{"W/" if served.weak else ""}"{digest[:8]}"'} if served.tagged else {}
    return (
        {**told, "Last-Modified": f"Sat, 21 Nov 2026 00:00:{int(digest[:4], 16) % 60:02} GMT"} if served.dated else told
    )
