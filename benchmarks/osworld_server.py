"""A stand-in for the server in OSWorld's machines, for `benchmarks/osworld.py`: requests cost what they cost there.

    python benchmarks/osworld_server.py     (DISPLAY and the session's bus in the environment; prints its port)

Of `desktop_env/server/main.py`: a Python process for each command, a screenshot by pyautogui into a file, the version
of LibreOffice asked for before each accessibility tree, a walk of that tree node by node.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import ImageGrab

_HOME = Path.home()
_WALK = Path(__file__).parent / "atspi_walk.py"
_OPENERS = {".txt": ["mousepad"], ".xlsx": ["libreoffice", "--calc", "--norestore", "--nologo"]}
_PATIENCE_S = 120.0


class Machine:
    """What requests are answered from."""

    def __init__(self) -> None:
        self._walker = subprocess.Popen(
            ["/usr/bin/python3", str(_WALK), "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def screenshot(self) -> bytes:
        # What pyautogui does where gnome-screenshot is installed, as it is there; one shared file, too.
        path = Path(tempfile.gettempdir(), f"osworld-{os.getpid()}.png")
        ImageGrab.grab().save(path)
        return path.read_bytes()

    def accessibility(self) -> bytes:
        subprocess.run(["libreoffice", "--version"], capture_output=True, check=True)
        assert self._walker.stdin is not None
        assert self._walker.stdout is not None
        self._walker.stdin.write("\n")
        self._walker.stdin.flush()
        return self._walker.stdout.readline().encode()

    def execute(self, asked: Mapping[str, Any]) -> bytes:
        command = [sys.executable if word == "python" else _here(word) for word in asked["command"]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
        return json.dumps({"output": done.stdout, "error": done.stderr, "returncode": done.returncode}).encode()

    def upload(self, path: str, content: bytes) -> bytes:
        Path(_here(path)).write_bytes(content)
        return b"File Uploaded"

    def file(self, asked: Mapping[str, Any]) -> bytes:
        return Path(_here(asked["file_path"])).read_bytes()

    def open_file(self, asked: Mapping[str, Any]) -> bytes:
        """Theirs looks for the window once a second."""
        path = Path(_here(asked["path"]))
        subprocess.Popen([*_OPENERS[path.suffix], str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _PATIENCE_S
        while path.name not in _windows():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no window of {path}")
            time.sleep(asked["every_s"])
        subprocess.run(["wmctrl", "-a", path.name], check=False)
        return b"opened"

    def activate_window(self, asked: Mapping[str, Any]) -> bytes:
        subprocess.run(["wmctrl", "-a", asked["window_name"]], check=False)
        return b"activated"

    def close_windows(self) -> bytes:
        """Stands for going back to a snapshot, which is not timed."""
        for line in _windows().splitlines():
            subprocess.run(["wmctrl", "-ic", line.split()[0]], check=False)
        while _windows():
            time.sleep(0.05)
        return b"closed"


def _windows() -> str:
    return subprocess.run(["wmctrl", "-l"], capture_output=True, text=True, check=False).stdout


def _here(text: str) -> str:
    return text.replace("/home/user", str(_HOME))


class _Handler(BaseHTTPRequestHandler):
    machine: Machine

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        return

    def do_GET(self) -> None:
        self._answer(
            {"/screenshot": self.machine.screenshot, "/accessibility": self.machine.accessibility}[self.path]()
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/setup/upload":
            self._answer(self.machine.upload(self.headers["X-Path"], body))
            return
        answers: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
            "/execute": self.machine.execute,
            "/file": self.machine.file,
            "/setup/open_file": self.machine.open_file,
            "/setup/activate_window": self.machine.activate_window,
            "/close_windows": lambda _: self.machine.close_windows(),
        }
        self._answer(answers[self.path](json.loads(body)))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    _Handler.machine = Machine()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
