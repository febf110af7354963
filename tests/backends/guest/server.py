"""Answers as the server in OSWorld's machines does, on a display of its own, and breaks when it is told to."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

from PIL import Image, ImageGrab

Fault = Literal["500", "broken", "cut", "silent", "slow"]
_SERVER_LIMIT_S = 120


@dataclass
class Reply:
    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass
class GuestServer:
    """The machine's side.

    Attributes:
        home: where ``~`` is.
        environment: of the commands; with a ``DISPLAY`` there is a screen.
        faults: by path, of the next requests for it, in order.
        asked: method and path of every request.
        commands: what was executed.
        stall_s: how long ``slow`` takes.
    """

    home: Path
    environment: Mapping[str, str]
    size: tuple[int, int] = (1280, 720)
    url: str = ""
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    stall_s: float = 0.0
    tree: str = "<desktop-frame/>"
    terminal: str | None = None
    frames: list[Image.Image] = field(default_factory=list)
    old: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    recording: bool = False
    opened: list[str] = field(default_factory=list)

    def count(self, path: str) -> int:
        return sum(each.endswith(f" {path}") for each in self.asked)

    def screenshot(self) -> Reply:
        content = BytesIO()
        self._grab().save(content, "PNG")
        return Reply(content.getvalue(), content_type="image/png")

    def _grab(self) -> Image.Image:
        if "DISPLAY" in self.environment:
            return ImageGrab.grab(xdisplay=self.environment["DISPLAY"])
        if len(self.frames) > 1:
            return self.frames.pop(0)
        return self.frames[0] if self.frames else Image.new("RGB", self.size)

    def execute(self, asked: dict[str, Any]) -> Reply:
        command = [self._expanded(word) for word in asked["command"]]
        self.commands.append(command)
        try:
            done = subprocess.run(
                command, env=self.environment, cwd=self.home, capture_output=True, text=True, timeout=_SERVER_LIMIT_S
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            return _json({"status": "error", "message": str(error)}, 500)
        output = {"output": done.stdout, "error": done.stderr, "returncode": done.returncode}
        return _json({"status": "success", **output})

    def launch(self, asked: dict[str, Any]) -> Reply:
        command = [self._expanded(word) for word in asked["command"]]
        self.commands.append(command)
        try:
            process = subprocess.Popen(command, env=self.environment, cwd=self.home, stdout=subprocess.DEVNULL)
        except OSError as error:
            return _json({"status": "error", "message": str(error)}, 500)
        threading.Thread(target=process.wait, daemon=True).start()
        return Reply(f"{' '.join(command)} launched successfully".encode(), content_type="text/html")

    def file(self, path: str) -> Reply:
        found = Path(self._expanded(path))
        if not found.exists():
            return _json({"error": "File not found"}, 404)
        try:
            return Reply(found.read_bytes(), content_type="application/octet-stream")
        except OSError as error:
            return _json({"error": f"Failed to serve file: {error}"}, 500)

    def upload(self, path: str, content: bytes) -> Reply:
        target = Path(self._expanded(path))
        try:
            if not self.old:
                target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            return _json({"error": f"Failed to upload file: {error}"}, 500)
        return Reply(b"File Uploaded" if self.old else f"File Uploaded: {len(content)} bytes".encode())

    def window(self, asked: dict[str, Any], wish: str) -> Reply:
        options = f"-{'x' if asked['by_class'] else ''}{'F' if asked['strict'] else ''}{wish}"
        subprocess.run(["wmctrl", options, asked["window_name"]], env=self.environment)
        return Reply(b"Window activated successfully", content_type="text/html")

    def open_file(self, asked: dict[str, Any]) -> Reply:
        found = Path(self._expanded(asked["path"]))
        if not found.exists():
            return Reply(f"Application/file not found: {asked['path']}".encode(), 404, "text/html")
        self.opened.append(asked["path"])
        said = b"File opened successfully" if self.old else b"File opened and window activated successfully"
        return Reply(said, content_type="text/html")

    def record(self, start: bool) -> Reply:
        if start == self.recording:
            return _json({"status": "error", "message": "Recording is already in progress."}, 400)
        self.recording = start
        return _json({"status": "success"}) if start else Reply(b"\0\0\0\x18ftypmp42", content_type="video/mp4")

    def _expanded(self, word: str) -> str:
        return str(self.home / word[2:]) if word.startswith("~/") else word


class _Handler(BaseHTTPRequestHandler):
    guest: GuestServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        return

    def do_GET(self) -> None:
        self._take(b"")

    def do_POST(self) -> None:
        self._take(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _take(self, body: bytes) -> None:
        self.guest.asked.append(f"{self.command} {self.path}")
        waiting = self.guest.faults.get(self.path, [])
        fault = waiting.pop(0) if waiting else None
        if fault == "silent":
            # Cut before anything is done.
            self._cut()
            return
        if fault == "500":
            self._send(Reply(b"<!doctype html><h1>Internal Server Error</h1>", 500, "text/html"))
            return
        if fault == "slow":
            self.guest.ended.wait(self.guest.stall_s)
        reply = self._answer(body)
        if fault == "broken":
            reply = Reply(b'{"status": "succ', content_type="application/json")
        self._send(reply, cut=fault == "cut")

    def _answer(self, body: bytes) -> Reply:
        guest = self.guest
        table: dict[str, Callable[[], Reply]] = {
            "GET /screenshot": guest.screenshot,
            "GET /accessibility": lambda: _json({"AT": guest.tree}),
            "GET /terminal": lambda: _json({"output": guest.terminal, "status": "success"}),
            "POST /screen_size": lambda: _json({"width": guest.size[0], "height": guest.size[1]}),
            "POST /execute": lambda: guest.execute(json.loads(body)),
            "POST /setup/launch": lambda: guest.launch(json.loads(body)),
            "POST /setup/open_file": lambda: guest.open_file(json.loads(body)),
            "POST /setup/activate_window": lambda: guest.window(json.loads(body), "a"),
            "POST /setup/close_window": lambda: guest.window(json.loads(body), "c"),
            "POST /file": lambda: guest.file(parse_qs(body.decode())["file_path"][0]),
            "POST /setup/upload": lambda: guest.upload(*self._uploaded(body)),
            "POST /start_recording": lambda: guest.record(True),
            "POST /end_recording": lambda: guest.record(False),
        }
        asked = f"{self.command} {self.path}"
        return table[asked]() if asked in table else Reply(b"<h1>Not Found</h1>", 404, "text/html")

    def _uploaded(self, body: bytes) -> tuple[str, bytes]:
        """The parts of a form, found by its boundary as the standard has it."""
        mark = re.search("boundary=(.*)", self.headers["Content-Type"])
        assert mark is not None
        _, *parts, _ = (b"\r\n" + body).split(b"\r\n--" + mark[1].encode())
        fields: dict[str, bytes] = {}
        for part in parts:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            told = BytesParser().parsebytes(head + b"\r\n\r\n")
            fields[str(told.get_param("name", header="Content-Disposition"))] = content
        return fields["file_path"].decode(), fields["file_data"]

    def _send(self, reply: Reply, *, cut: bool = False) -> None:
        with suppress(ConnectionError):
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
        if cut:
            self._cut()

    def _cut(self) -> None:
        # The other side sees that it was no proper end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def serving(guest: GuestServer, *, port: int = 0) -> Iterator[GuestServer]:
    """Serves a guest at an address of its own."""

    class Handler(_Handler):
        pass

    Handler.guest = guest
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    guest.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield guest
    finally:
        guest.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def environment_of(home: Path, *, python: Path, base: Mapping[str, str]) -> dict[str, str]:
    """What the guest's commands find: a home, a ``python`` that has pyautogui, and an X authority that is empty."""
    folder = home / ".bin"
    folder.mkdir()
    for name in ("python", "python3"):
        # A link would not know its packages.
        (folder / name).write_text(f'#!/bin/sh\nexec {python} "$@"\n')
        (folder / name).chmod(0o755)
    return {**base, "PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(home), "XAUTHORITY": os.devnull}


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status)
