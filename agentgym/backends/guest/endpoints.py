"""OSWorld's server, endpoint by endpoint: what each is asked, how long, whether twice, and what its answers mean."""

from __future__ import annotations

import base64
import errno
import json
import os
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from uuid import uuid4

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from agentgym.backends.base import Completed, Window
from agentgym.backends.guest import inside
from agentgym.backends.guest.asking import Answer, Asked, BrokenReply, Server, form, json_of, multipart, posted
from agentgym.errors import BackendError

__all__ = ["Guest", "Timeouts"]

_FACTS = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EROFS}
)
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_LONGEST_ARGUMENT = 100_000
_FILMING = 400
"""What the server answers who asks for a film while one is being made."""
_PNG_BEGINS, _PNG_ENDS = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_INSIDE = Path(inside.__path__[0])


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds for an answer, and how often a request is made that may be made again.

    Args:
        accessibility: a tree of a full spreadsheet takes OSWorld's server half a minute and more.
        command: for what ``execute`` runs, at most; the server ends it after 120 s.
        opening: until a file's window is there; the server itself waits half an hour.
        margin: on top of the time that a command is given.
        tries: of what is only looked at, and of files; nothing that acts is asked for twice.
    """

    connect: float = 5.0
    screenshot: float = 10.0
    accessibility: float = 180.0
    terminal: float = 60.0
    file: float = 120.0
    upload: float = 600.0
    command: float = 110.0
    margin: float = 10.0
    window: float = 30.0
    opening: float = 300.0
    recording: float = 60.0
    tries: int = 3


class Guest:
    """The server of a guest.

    Every method raises `BackendError` of kind ``"network"`` if no whole answer came, and ``"machine"`` if it was one
    that makes no sense, with what was asked.

    Args:
        url: ``http://host:port``.
        python: the guest's interpreter.
    """

    def __init__(self, url: str, timeouts: Timeouts, *, python: str = "python3") -> None:
        self.url = url
        self._server = Server(url, connect_s=timeouts.connect, tries=timeouts.tries)
        self._timeouts, self._python = timeouts, python

    @property
    def broken(self) -> bool:
        """Whether there was a fault that stayed."""
        return self._server.broken

    def screenshot(self) -> bytes:
        """The screen with the pointer, as PNG."""
        return self._server.ask(Asked("GET", "/screenshot", self._timeouts.screenshot, True), _image)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """The screen with the pointer: uint8 (height, width, 3) RGB."""
        return self._server.ask(Asked("GET", "/screenshot", self._timeouts.screenshot, True), _pixels)

    def accessibility_tree(self) -> str:
        """The tree of the desktop as XML."""
        asked = Asked("GET", "/accessibility", self._timeouts.accessibility, True)
        return self._server.ask(asked, lambda answer: str(_field(answer, "AT")))

    def terminal(self) -> str:
        """What the focused terminal shows; empty if there is none."""
        asked = Asked("GET", "/terminal", self._timeouts.terminal, True)
        return self._server.ask(asked, lambda answer: str(_field(answer, "output") or ""))

    def screen_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        asked = Asked("POST", "/screen_size", self._timeouts.screenshot, True)
        return self._server.ask(asked, lambda answer: (int(_field(answer, "width")), int(_field(answer, "height"))))

    def act(self, code: str) -> None:
        """Runs Python code as OSWorld does.

        Raises:
            BackendError: if it failed.
        """
        done = self._execute(["python", "-c", code], self._timeouts.command, again=False)
        if done["returncode"]:
            raise BackendError(f"{self.url}/execute: {code!r} failed: {str(done.get('error')).strip()[-500:]}")

    def run(
        self, argv: Sequence[str], *, timeout_s: float, env: Mapping[str, str], cwd: str | None, stdin: bytes
    ) -> Completed:
        """Runs a command to its end; a word that begins with ``~/`` is below the home, as the server has it.

        Raises:
            OSError: why it was not started; FileNotFoundError if there is no such program.
            TimeoutError: if it did not end in time, or in that which the server gives to any command.
        """
        given_s = min(timeout_s, self._timeouts.command)
        order = {"argv": list(argv), "env": dict(env), "cwd": cwd, "timeout_s": given_s}
        told = self._order({**order, "stdin": base64.b64encode(stdin).decode(), "leave": False}, given_s)
        if told.get("timeout"):
            most = "" if given_s == timeout_s else ", which is the most that OSWorld's server allows"
            raise TimeoutError(f"{argv[0]} did not end within {given_s:g} s{most}")
        return Completed(told["returncode"], base64.b64decode(told["stdout"]), base64.b64decode(told["stderr"]))

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: str | None) -> None:
        """Starts a command and leaves it running.

        Raises:
            OSError: why it was not started; FileNotFoundError if there is no such program.
        """
        if env or cwd:
            order = {"argv": list(argv), "env": dict(env), "cwd": cwd, "timeout_s": 0, "stdin": "", "leave": True}
            self._order(order, self._timeouts.command)
            return
        value = {"command": list(argv), "shell": False}
        asked = posted("/setup/launch", value, timeout_s=self._timeouts.window, again=False)
        _facts(self._server.ask(asked, _done_or_fact), argv[0])

    def read(self, path: str) -> bytes:
        """The content of a file; ``~`` is the home.

        Raises:
            FileNotFoundError: if there is none; at once.
            OSError: if it cannot be read, as a folder.
        """
        asked = form("/file", {"file_path": path}, timeout_s=self._timeouts.file, again=True)
        return _facts(self._server.ask(asked, _done_or_fact), path).body

    def write(self, path: str, content: bytes) -> None:
        """Puts a file there, with the folders that lead to it.

        Raises:
            OSError: if it cannot be written.
        """
        try:
            self._upload(path, content)
        except FileNotFoundError:
            # The server of the older images makes no folders.
            folder = str(PurePosixPath(path).parent)
            self.run(["mkdir", "-p", folder], timeout_s=self._timeouts.margin, env={}, cwd=None, stdin=b"")
            self._upload(path, content)

    def windows(self) -> Sequence[Window]:
        """Top-level windows, the lowest first."""
        source = (_INSIDE / "listing.py").read_text("utf-8")
        done = self._execute(["python", "-c", source], self._timeouts.window, again=True)
        return msgspec.convert(self._output(done, "the list of windows"), list[Window])

    def ask_window(
        self, wish: Literal["activate_window", "close_window"], name: str, *, strict: bool, by_class: bool
    ) -> None:
        """Asks for a window to come to the front or to close; the server does not say whether there is one."""
        value = {"window_name": name, "strict": strict, "by_class": by_class}
        asked = posted(f"/setup/{wish}", value, timeout_s=self._timeouts.window, again=wish == "activate_window")
        self._server.ask(asked, _done)

    def open_file(self, path: str) -> bool:
        """Opens a file or folder as the guest's desktop would; whether the server saw its window, and focused it.

        Raises:
            FileNotFoundError: if there is none.
        """
        asked = posted("/setup/open_file", {"path": path}, timeout_s=self._timeouts.opening, again=False)
        # The server of the older images does not wait.
        return "window activated" in _facts(self._server.ask(asked, _done_or_fact), path).said

    def start_recording(self) -> None:
        """Starts filming the screen; a film that was never ended, as of a process that was killed, is given up."""
        asked = Asked("POST", "/start_recording", self._timeouts.recording, False)
        if self._server.ask(asked, _done_or_filming).status == _FILMING:
            self.end_recording()
            self._server.ask(asked, _done)

    def end_recording(self) -> bytes:
        """Stops filming: the film as MP4."""
        return self._server.ask(Asked("POST", "/end_recording", self._timeouts.recording, False), _done).body

    def _upload(self, path: str, content: bytes) -> None:
        asked = multipart("/setup/upload", {"file_path": path}, content, timeout_s=self._timeouts.upload)
        _facts(self._server.ask(asked, lambda answer: _whole(_done_or_fact(answer), len(content))), path)

    def _execute(self, command: Sequence[str], timeout_s: float, *, again: bool) -> dict[str, Any]:
        value = {"command": list(command), "shell": False}
        asked = posted("/execute", value, timeout_s=timeout_s + self._timeouts.margin, again=again)
        return self._server.ask(asked, _executed)

    def _order(self, order: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        told = json.dumps(order)
        if len(told) > _LONGEST_ARGUMENT:
            path = f"/tmp/agentgym-{uuid4().hex}.json"
            self._upload(path, told.encode())
            told = f"@{path}"
        source = (_INSIDE / "command.py").read_text("utf-8")
        done = self._execute([self._python, "-c", source, told], timeout_s, again=False)
        came: dict[str, Any] = self._output(done, f"{order['argv'][:1]}")
        if came.get("errno"):
            raise OSError(came["errno"], os.strerror(came["errno"]), order["argv"][0])
        return came

    def _output(self, done: Mapping[str, Any], what: str) -> Any:
        # Other programs' remarks may stand before it.
        last = str(done["output"]).strip().rpartition("\n")[2]
        try:
            return msgspec.json.decode(last)
        except msgspec.DecodeError as error:
            said = str(done.get("error")).strip()[-500:] or last[-500:]
            raise BackendError(f"{self.url}/execute: the guest's Python failed at {what}: {said}") from error


def _done(answer: Answer) -> Answer:
    if answer.status != 200:
        raise BrokenReply(f"{answer.status}: {answer.said}")
    return answer


def _done_or_filming(answer: Answer) -> Answer:
    return answer if answer.status == _FILMING else _done(answer)


def _done_or_fact(answer: Answer) -> Answer:
    return answer if _fact(answer) else _done(answer)


def _fact(answer: Answer) -> int | None:
    """The number of the system's error that the answer tells, if that is a fact about files and no fault."""
    if answer.status == 404:
        return errno.ENOENT
    found = _ERRNO.search(answer.said) if answer.status == 500 else None
    return int(found[1]) if found is not None and int(found[1]) in _FACTS else None


def _facts(answer: Answer, path: str) -> Answer:
    number = _fact(answer)
    if number is not None:
        raise OSError(number, os.strerror(number), path)
    return answer


def _whole(answer: Answer, size: int) -> Answer:
    """The answer to an upload, if it does not tell another size; servers of the older images tell none."""
    said = re.search(r"File Uploaded: (\d+) bytes", answer.said)
    if said is not None and int(said[1]) != size:
        raise BrokenReply(f"{size} bytes were sent, and {said[1]} arrived")
    return answer


def _field(answer: Answer, name: str) -> Any:
    told = json_of(answer)
    if name not in told:
        raise BrokenReply(f"the answer has no {name!r}: {answer.said!r}")
    return told[name]


def _executed(answer: Answer) -> dict[str, Any]:
    told = json_of(answer)
    if not isinstance(told.get("output"), str) or not isinstance(told.get("returncode"), int):
        raise BrokenReply(f"the answer has no output and returncode: {answer.said!r}")
    return told


def _image(answer: Answer) -> bytes:
    content = _done(answer).body
    if not (content.startswith(_PNG_BEGINS) and content.endswith(_PNG_ENDS)):
        raise BrokenReply(f"the answer is no whole PNG: {content[:20]!r}…")
    return content


def _pixels(answer: Answer) -> npt.NDArray[np.uint8]:
    content = _done(answer).body
    try:
        with Image.open(BytesIO(content)) as image:
            return np.array(image.convert("RGB"), dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise BrokenReply(f"the answer is no image ({error}): {content[:20]!r}…") from error
