"""The page on which a person acts, served to this machine alone."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from agentgym.actions import parse_action
from agentgym.agents.human.desk import Desk, Shown
from agentgym.errors import ActionError, UsageError

__all__ = ["PlayServer"]

_LOOK_S = 20.0
_MOST_SENT = 1_000_000
_LOCAL = ("127.0.0.1", "localhost")


class PlayServer:
    """Shows the desk on a page until it is closed.

    Whoever knows the address may act, and it has a random word in it; a page of another site that is open in the same
    browser cannot reach it, for it would have to name this host and send JSON.

    Args:
        port: of 127.0.0.1; 0 takes a free one.

    Raises:
        UsageError: if the port is taken.
    """

    def __init__(self, desk: Desk, *, port: int = 0) -> None:
        word = secrets.token_urlsafe(12)
        handler = type("Handler", (_Handler,), {"desk": desk, "root": f"/{word}/"})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError as error:
            raise UsageError(f"the page cannot be served on port {port}: {error}; 0 takes a free one") from error
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/{word}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    desk: ClassVar[Desk]
    root: ClassVar[str]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        match self._place(parts.path):
            case "":
                self._say(files(__package__).joinpath("page.html").read_bytes(), "text/html; charset=utf-8")
            case "state":
                after = parse_qs(parts.query).get("after", ["-1"])[0]
                patience_s = _LOOK_S if after.isdecimal() else 0.0
                number, shown = self.desk.look(int(after) if after.isdecimal() else -1, patience_s)
                self._say_json({"number": number, **_told(shown)})
            case "screen":
                _, shown = self.desk.look()
                self._say(shown.screen or b"", "image/png", HTTPStatus.OK if shown.screen else HTTPStatus.NOT_FOUND)
            case _:
                self._say_json({"error": "there is nothing here"}, HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_SENT:
            # What was announced is not read, so that nothing can follow it.
            self.close_connection = True
            self._say_json({"error": f"an action is JSON of at most {_MOST_SENT} bytes"}, HTTPStatus.BAD_REQUEST)
            return
        said = self.rfile.read(int(length))
        is_json = self.headers.get_content_type() == "application/json"
        if self._place(self.path) != "act" or not is_json:
            self._say_json({"error": "post JSON to act"}, HTTPStatus.NOT_FOUND)
            return
        try:
            action = parse_action(json.loads(said))
        except (ActionError, ValueError) as error:
            self._say_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
            return
        if self.desk.do(action):
            self._say_json({"error": None})
        else:
            self._say_json({"error": "the episode is over"}, HTTPStatus.CONFLICT)

    def _place(self, path: str) -> str | None:
        """What is asked for, below the random word; None if it may not be."""
        host = self.headers.get("Host", "").partition(":")[0]
        return path.removeprefix(self.root) if host in _LOCAL and path.startswith(self.root) else None

    def _say_json(self, said: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        self._say(json.dumps(said).encode(), "application/json", status)

    def _say(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server calls it
        pass


def _told(shown: Shown) -> dict[str, Any]:
    return {
        "instruction": shown.instruction,
        "has_screen": shown.screen is not None,
        "text": shown.text,
        "tools": shown.tools,
        "step": shown.step,
        "remark": shown.remark,
        "over": shown.over,
    }
