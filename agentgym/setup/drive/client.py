"""Google Drive, as much of it as OSWorld's tasks use: its interface of version 2, whose queries they are written in."""

from __future__ import annotations

import http.client
import json
import mimetypes
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

import msgspec

from agentgym.errors import BackendError
from agentgym.setup.drive.account import DriveAccount, fresh_token

__all__ = ["FOLDER", "Drive", "Entry", "quoted"]

FOLDER = "application/vnd.google-apps.folder"

_ADDRESS = "https://www.googleapis.com"
_GOOGLES = "application/vnd.google-apps."
_PATIENCE_S = 120.0
_TRIES = 4
_PAUSE_S = 0.5
_TRANSIENT = (408, 429)
_TOO_OFTEN = "ateLimitExceeded"
"""What Google calls it, ``rateLimitExceeded`` or ``userRateLimitExceeded``, with the status 403."""

_PAGE = 1000

_FORMATS = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What one of Google's own documents is fetched as, by the end of the name that it gets; PDF otherwise."""


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """A file or folder."""

    id: str
    title: str
    mime_type: str


class _Page(msgspec.Struct, rename="camel"):
    items: list[Entry] = []
    next_page_token: str = ""


class _Gone(ValueError):
    """There is no such file, or no longer."""


class Drive:
    """The Drive of an account. ``AGENTGYM_GDRIVE_URL`` is where it answers, if that is not Google's.

    Every method raises `ValueError` if the Drive refuses, and `BackendError` of kind ``"network"`` if it cannot be
    asked or fails.
    """

    def __init__(self, account: DriveAccount) -> None:
        self._account = account
        self._address = os.environ.get("AGENTGYM_GDRIVE_URL", _ADDRESS).rstrip("/")
        self._token = ""

    def find(self, query: str) -> list[Entry]:
        """What a query finds, such as ``title = 'a.pdf' and 'root' in parents``."""
        found: list[Entry] = []
        page = _Page()
        while True:
            asked = {"q": query, "maxResults": str(_PAGE), "pageToken": page.next_page_token}
            told = {name: value for name, value in asked.items() if value}
            page = msgspec.json.decode(self._ask("GET", "/drive/v2/files", told), type=_Page)
            found += page.items
            if not page.next_page_token:
                return found

    def file(self, entry: Entry, name: str) -> bytes:
        """The content of a file; of one of Google's own documents as fits a name."""
        if not entry.mime_type.startswith(_GOOGLES):
            return self._ask("GET", f"/drive/v2/files/{entry.id}", {"alt": "media"})
        kind = _FORMATS.get(PurePosixPath(name).suffix.lower(), "application/pdf")
        return self._ask("GET", f"/drive/v2/files/{entry.id}/export", {"mimeType": kind})

    def remove(self, entry: Entry, *, trash: bool) -> None:
        """Deletes a file or folder for good, or puts it into the trash; nothing if it is gone already."""
        place = f"/drive/v2/files/{entry.id}"
        with suppress(_Gone):
            if trash:
                self._ask("POST", f"{place}/trash", {})
            else:
                self._ask("DELETE", place, {})

    def folder(self, path: Sequence[str]) -> str:
        """The id of a folder, which is made with those that lead to it if it is not there."""
        parent = "root"
        for name in path:
            query = (
                f"{quoted(parent)} in parents and title = {quoted(name)} and mimeType = '{FOLDER}' and trashed = false"
            )
            found = self.find(query)
            parent = found[0].id if found else self._made(name, parent)
        return parent

    def upload(self, path: Sequence[str], content: bytes) -> None:
        """Puts a file into the Drive, beside another of the same name if there is one."""
        told = {"title": path[-1], "parents": [{"id": self.folder(path[:-1])}]}
        kind = mimetypes.guess_type(path[-1])[0] or "application/octet-stream"
        mark = uuid.uuid4().hex
        body = b"".join(
            [
                f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n".encode(),
                msgspec.json.encode(told),
                f"\r\n--{mark}\r\nContent-Type: {kind}\r\n\r\n".encode(),
                content,
                f"\r\n--{mark}--\r\n".encode(),
            ]
        )
        headers = {"Content-Type": f"multipart/related; boundary={mark}"}
        self._ask("POST", "/upload/drive/v2/files", {"uploadType": "multipart"}, body, headers)

    def _made(self, name: str, parent: str) -> str:
        told = {"title": name, "mimeType": FOLDER, "parents": [{"id": parent}]}
        headers = {"Content-Type": "application/json"}
        made = self._ask("POST", "/drive/v2/files", {}, msgspec.json.encode(told), headers)
        return msgspec.json.decode(made, type=Entry).id

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        address = f"{self._address}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(address, body, dict(headers or {}), method=method)
        # What makes something may have made it though the answer was lost.
        tries = _TRIES if body is None else 1
        while True:
            tries -= 1
            try:
                return self._answered(request, f"{method} {path}")
            except BackendError:
                if not tries:
                    raise
            time.sleep(_PAUSE_S * 2 ** (_TRIES - tries - 1))

    def _answered(self, request: urllib.request.Request, what: str) -> bytes:
        known = bool(self._token)
        try:
            return self._sent(request)
        except urllib.error.HTTPError as error:
            if error.code == http.client.UNAUTHORIZED and known:
                # An hour has gone by since it was given.
                error.close()
                self._token = ""
                return self._answered(request, what)
            raise _refused(what, error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _away(what, str(error) or repr(error)) from error

    def _sent(self, request: urllib.request.Request) -> bytes:
        self._token = self._token or fresh_token(self._account)
        request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            content: bytes = answer.read()
            return content


def quoted(text: str) -> str:
    """A text as it stands in a query."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _refused(what: str, error: urllib.error.HTTPError) -> Exception:
    said = f"{error.code} {_message(error.read())}"
    if error.code >= http.client.INTERNAL_SERVER_ERROR or error.code in _TRANSIENT or _TOO_OFTEN in said:
        return _away(what, said)
    kind = _Gone if error.code == http.client.NOT_FOUND else ValueError
    return kind(f"Google Drive refuses {what}: {said}")


def _away(what: str, said: str) -> BackendError:
    return BackendError(f"Google Drive failed at {what}: {said}", kind="network")


def _message(body: bytes) -> str:
    """What a refusal says, and the words that programs know it by."""
    try:
        told: Any = json.loads(body)["error"]
        reasons = ", ".join(one["reason"] for one in told.get("errors", ()))
        return f"{told['message']} ({reasons})" if reasons else str(told["message"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return body.decode("utf-8", "replace")[:200]
