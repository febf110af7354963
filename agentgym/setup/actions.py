"""Steps that run programs and lay files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec

from agentgym.backends.base import Backend, Completed
from agentgym.setup.browser.windows import BROWSER_CLASS, close_browser
from agentgym.setup.commandlines import argv_in
from agentgym.setup.windows import await_window

__all__ = ["execute", "file", "launch", "sleep", "upload_file"]

_EXECUTE_PATIENCE_S = 120.0
_UNTIL_PATIENCE_S = 60.0
_UNTIL_EVERY_S = 0.3
_END_PATIENCE_S = 5.0
_END_EVERY_S = 0.02
_ENDER, _LISTER = "pkill", "pgrep"
_PASSWORD = "password"


class _Upload(TypedDict):
    local_path: str
    path: str


def execute(
    backend: Backend,
    command: str | Sequence[str],
    shell: bool | str = False,
    until: Mapping[str, Any] | None = None,
    check: bool = False,
    stdout: str = "",
    stderr: str = "",
    timeout: float = _EXECUTE_PATIENCE_S,
) -> dict[str, bytes]:
    """Runs a command to its end.

    OSWorld's ``execute`` and ``command``: ``{SCREEN_WIDTH}``, ``{SCREEN_HEIGHT}``, ``{SCREEN_WIDTH_HALF}``,
    ``{SCREEN_HEIGHT_HALF}`` and ``{CLIENT_PASSWORD}`` are filled in; the return code does not matter.

    Args:
        command: the program and its arguments; a text is taken apart as a shell would.
        shell: whether a shell runs it.
        until: the command is run again until its ``returncode`` is this, or its ``stdout`` or ``stderr`` contains this.
        check: ours: a return code other than 0 is an error.
        stdout: the name under which the getter ``cache_file`` finds what it wrote to standard output.
        stderr: the same of standard error.
        timeout: seconds after which the command is killed, which is an error.
    """
    argv = argv_in(backend, _filled(command, backend.screen), shell)
    deadline = time.monotonic() + _UNTIL_PATIENCE_S
    done = backend.run(argv, timeout_s=timeout)
    while until and not _fulfils(done, until):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{command!r} did not reach {dict(until)!r} within {_UNTIL_PATIENCE_S:g} s")
        time.sleep(_UNTIL_EVERY_S)
        done = backend.run(argv, timeout_s=timeout)
    if check and done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise ValueError(f"{command!r} ended with {done.returncode}: {said}")
    return {name: output for name, output in ((stdout, done.stdout), (stderr, done.stderr)) if name}


def launch(
    backend: Backend, command: str | Sequence[str], shell: bool | str = False, wait_window: str | None = None
) -> None:
    """Starts a program and leaves it running. Of ``pkill`` it is waited for the end, and that of what it ends.

    Args:
        command: the program and its arguments; a text is taken apart as a shell would.
        shell: whether a shell runs it.
        wait_window: ours: waits until a window is there whose title contains this.
    """
    argv = argv_in(backend, command, shell)
    if argv[0] == _ENDER:
        _end(backend, argv)
        return
    backend.launch(argv)
    if wait_window is not None:
        await_window(backend, wait_window)


def sleep(backend: Backend, seconds: Annotated[float, msgspec.Meta(ge=0)]) -> None:
    """Waits a fixed time. Mostly needless here: every step waits for what it did.

    Args:
        seconds: how long.
    """
    del backend
    time.sleep(float(seconds))


def file(backend: Backend, path: str, content: str) -> None:
    """Lays a text file, with the folders above it; ours, so that a task needs no download.

    Args:
        path: where; ``~`` is the home.
        content: what is in it.
    """
    backend.write(path, content.encode())


def upload_file(backend: Backend, files: Sequence[_Upload]) -> None:
    """Copies files of the machine that AgentGym runs on into the desktop.

    Args:
        files: from where to where.
    """
    for entry in files:
        backend.write(entry["path"], Path(entry["local_path"]).read_bytes())


def _end(backend: Backend, argv: Sequence[str]) -> None:
    """Tasks go on by starting anew what they end: it would be hit, too, or find the one that is ending."""
    if any(BROWSER_CLASS in word for word in argv[1:]) and close_browser(backend):
        _await_end(backend, argv)
    backend.run(argv)
    _await_end(backend, argv)


def _await_end(backend: Backend, argv: Sequence[str]) -> None:
    deadline = time.monotonic() + _END_PATIENCE_S
    while backend.run([_LISTER, *argv[1:]]).returncode == 0 and time.monotonic() < deadline:
        time.sleep(_END_EVERY_S)


def _filled(command: str | Sequence[str], screen: tuple[int, int]) -> str | Sequence[str]:
    if not isinstance(command, str):
        return [str(_filled(word, screen)) for word in command]
    width, height = screen
    values = {
        "{CLIENT_PASSWORD}": _PASSWORD,
        "{SCREEN_WIDTH}": width,
        "{SCREEN_HEIGHT}": height,
        "{SCREEN_WIDTH_HALF}": width // 2,
        "{SCREEN_HEIGHT_HALF}": height // 2,
    }
    for name, value in values.items():
        command = command.replace(name, str(value))
    return command


def _fulfils(done: Completed, until: Mapping[str, Any]) -> bool:
    return (
        ("returncode" in until and done.returncode == until["returncode"])
        or ("stdout" in until and until["stdout"] in done.stdout.decode("utf-8", "replace"))
        or ("stderr" in until and until["stderr"] in done.stderr.decode("utf-8", "replace"))
    )
