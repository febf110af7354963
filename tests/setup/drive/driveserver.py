"""A Google Drive of one account, as much of its interface of version 2 as OSWorld's tasks use."""

from __future__ import annotations

import http.server
import itertools
import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

__all__ = ["FOLDER", "DriveServer", "Kept", "serving_drive"]

FOLDER = "application/vnd.google-apps.folder"
_TOKENS = re.compile(r"\s*(?:(\(|\)|!=|=)|'((?:[^'\\]|\\.)*)'|\"([^\"]*)\"|(\w+))")


class Kept(msgspec.Struct):
    """A file or folder, and by which of its parents it is reached."""

    title: str
    content: bytes = b""
    kind: str = "application/octet-stream"
    parent: str = "root"
    trashed: bool = False


class DriveServer(http.server.ThreadingHTTPServer):
    """Files by id; ``asked`` has each request's method and path, ``refusals`` what is answered before anything else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.files: dict[str, Kept] = {}
        self.ids = itertools.count(1)
        self.asked: list[str] = []
        self.refusals: list[tuple[int, str]] = []
        self.tokens = 0
        self.page = 2
        self.address = f"http://127.0.0.1:{self.server_port}"

    def put(self, kept: Kept) -> str:
        name = f"id{next(self.ids)}"
        self.files[name] = kept
        return name

    def titles(self) -> list[str]:
        return sorted(kept.title for kept in self.files.values() if not kept.trashed)

    def found(self, query: str) -> list[str]:
        tokens = [next(part for part in found if part) for found in _TOKENS.findall(query)]
        return [name for name in self.files if _Query(tokens, self.files[name]).holds()]


@contextmanager
def serving_drive() -> Iterator[DriveServer]:
    with DriveServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Query:
    """Whether a file is one that a query finds."""

    def __init__(self, tokens: Sequence[str], kept: Kept) -> None:
        self._tokens, self._kept = list(tokens), kept

    def holds(self) -> bool:
        value = self._any()
        assert not self._tokens, self._tokens
        return value

    def _any(self) -> bool:
        values = [self._all()]
        while self._tokens and self._tokens[0] == "or":
            self._tokens.pop(0)
            values.append(self._all())
        return any(values)

    def _all(self) -> bool:
        values = [self._one()]
        while self._tokens and self._tokens[0] == "and":
            self._tokens.pop(0)
            values.append(self._one())
        return all(values)

    def _one(self) -> bool:
        if self._tokens[0] == "(":
            self._tokens.pop(0)
            value = self._any()
            assert self._tokens.pop(0) == ")"
            return value
        left, operator, right = (self._tokens.pop(0) for _ in range(3))
        if operator == "in":
            assert right == "parents"
            return self._kept.parent == left
        told = {"title": self._kept.title, "mimeType": self._kept.kind, "trashed": str(self._kept.trashed).lower()}
        return (told[left] == re.sub(r"\\(.)", r"\1", right)) == (operator == "=")


class _Answering(http.server.BaseHTTPRequestHandler):
    server: DriveServer

    def do_GET(self) -> None:
        parts, asked = self._asked()
        if self._refused():
            return
        if parts == ["files"]:
            names = self.server.found(asked["q"])
            begin = int(asked.get("pageToken", "0"))
            end = begin + self.server.page
            page = {"items": [self._told(name) for name in names[begin:end]]}
            self._json(page | ({"nextPageToken": str(end)} if end < len(names) else {}))
            return
        kept = self.server.files.get(parts[1])
        if kept is None:
            self._error(404, "notFound")
        elif parts[2:] == ["export"]:
            self._bytes(asked["mimeType"].encode() + b":" + kept.content)
        elif asked.get("alt") == "media" and not kept.kind.startswith("application/vnd.google-apps."):
            self._bytes(kept.content)
        else:
            self._error(403, "fileNotDownloadable")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        parts, asked = self._asked()
        if parts == ["token"]:
            self._give_token(body.decode())
        elif self._refused():
            pass
        elif parts[-1:] == ["trash"]:
            self.server.files[parts[1]].trashed = True
            self._json(self._told(parts[1]))
        elif asked.get("uploadType") == "multipart":
            head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
            _, told, content = (part.get_payload(decode=True) for part in BytesParser().parsebytes(head + body).walk())
            assert isinstance(told, bytes)
            assert isinstance(content, bytes)
            self._make(json.loads(told), content)
        else:
            self._make(json.loads(body), b"")

    def do_DELETE(self) -> None:
        parts, _ = self._asked()
        if self._refused():
            return
        if parts[1] not in self.server.files:
            self._error(404, "notFound")
            return
        gone = {parts[1]}
        while gone:
            for name in gone:
                self.server.files.pop(name)
            gone = {name for name, kept in self.server.files.items() if kept.parent in gone}
        self._bytes(b"")

    def _asked(self) -> tuple[list[str], dict[str, str]]:
        address = urlsplit(self.path)
        self.server.asked.append(f"{self.command} {address.path}")
        parts = address.path.removeprefix("/upload").removeprefix("/drive/v2").strip("/").split("/")
        return parts, {name: values[0] for name, values in parse_qs(address.query).items()}

    def _give_token(self, body: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        if asked != {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": "r"}:
            self._json({"error": "invalid_grant"}, 400)
            return
        self.server.tokens += 1
        self._json({"access_token": f"token{self.server.tokens}", "expires_in": 3600})

    def _refused(self) -> bool:
        if self.server.refusals:
            self._error(*self.server.refusals.pop(0))
            return True
        if self.headers["Authorization"] != f"Bearer token{self.server.tokens}":
            self._error(401, "authError")
            return True
        return False

    def _make(self, told: dict[str, Any], content: bytes) -> None:
        kind = told.get("mimeType", "application/octet-stream")
        assert isinstance(told["title"], str)
        self._json(self._told(self.server.put(Kept(told["title"], content, kind, told["parents"][0]["id"]))))

    def _told(self, name: str) -> dict[str, Any]:
        kept = self.server.files[name]
        return {"kind": "drive#file", "id": name, "title": kept.title, "mimeType": kept.kind}

    def _error(self, status: int, reason: str) -> None:
        told = {"message": f"it is {reason}", "errors": [{"reason": reason}]}
        self._json({"error": told}, status)

    def _json(self, value: Any, status: int = 200) -> None:
        self._bytes(json.dumps(value).encode(), status)

    def _bytes(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
        pass
