"""A desktop that exists only in memory: a fake for tests of everything that stands on a machine."""

from __future__ import annotations

import shlex
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from agentgym.actions import Action, Batch, MoveTo, TypeText
from agentgym.actions.keys import check_key
from agentgym.backends.base import BackendOptions, Completed, Observed, Window
from agentgym.backends.checks import check_character, check_input, screen_size
from agentgym.errors import BackendError, UsageError
from agentgym.tools.workspace import Reply

__all__ = ["MemoryBackend", "make_memory"]

Command = Callable[["MemoryBackend", Sequence[str]], Completed]

_HOME = PurePosixPath("/home/user")


@dataclass(frozen=True)
class _State:
    """All that a reset renews and a snapshot keeps."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    typed: str = ""
    done: tuple[Action, ...] = ()
    seed: int = 0


class MemoryBackend:
    """Files in a dict, a screen drawn from what was done, commands that the test scripts.

    What is typed collects in `typed`; ``echo`` and ``cat`` are there as commands; ``launch`` opens a window of the
    program's name. The screen is a pure function of the seed, the actions and the files.

    Args:
        screen: (width, height) in pixels.
        commands: by the program's name.
        settles: what `settle` answers.
        dies_after: actions after which the machine breaks; None for never.
    """

    def __init__(
        self,
        *,
        screen: tuple[int, int] = (64, 48),
        commands: Mapping[str, Command] | None = None,
        settles: bool = True,
        dies_after: int | None = None,
    ) -> None:
        self._screen = screen_size(screen)
        self._commands: dict[str, Command] = {"echo": _echo, "cat": _cat, **(commands or {})}
        self._settles = settles
        self._dies_after = dies_after
        self._state: _State | None = None
        self.resets = 0

    @property
    def screen(self) -> tuple[int, int]:
        return self._screen

    @property
    def typed(self) -> str:
        """All text that was typed since the reset."""
        return self._alive.typed

    @property
    def performed(self) -> Sequence[Action]:
        """What was done since the reset."""
        return self._alive.done

    def reset(self, *, seed: int) -> None:
        self.resets += 1
        self._state = _State(seed=seed)

    def check(self, action: Action) -> None:
        check_input(action, screen=self._screen, key=check_key, character=check_character)

    def perform(self, action: Action) -> None:
        self.check(action)
        for one in action.actions if isinstance(action, Batch) else (action,):
            self._do(one)

    def settle(self, timeout_s: float) -> bool:
        return self._settles and self._alive.seed >= 0

    def observe(self, kinds: Sequence[str]) -> Observed:
        known: dict[str, Callable[[], Any]] = {
            "screenshot": self._draw,
            "accessibility_tree": lambda: f"<desktop-frame><text>{len(self.typed)}</text></desktop-frame>",
            "terminal": lambda: self.typed,
        }
        unknown = [kind for kind in kinds if kind not in known]
        if unknown:
            raise UsageError(f"no observation {unknown[0]!r}; this backend has {', '.join(known)}")
        return {kind: known[kind]() for kind in kinds}

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        return self._command(argv)(self, argv)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        width, height = self._screen
        name = PurePosixPath(argv[0]).name
        others = tuple(_with_focus(window, active=False) for window in self._alive.windows)
        self._change(windows=(*others, Window(name, name, 0, 0, width, height, active=True)))

    def read(self, path: str) -> bytes:
        name = self._expanded(path)
        if name not in self._alive.files:
            raise FileNotFoundError(f"no such file: {path!r}")
        return self._alive.files[name]

    def write(self, path: str, content: bytes) -> None:
        self._change(files={**self._alive.files, self._expanded(path): content})

    def bash(self, command: str, *, timeout_s: float, max_output: int) -> Reply:
        """One of the commands, without a shell."""
        return self._reply(shlex.split(command), max_output)

    def python(self, code: str, *, timeout_s: float, max_output: int) -> Reply:
        """The command ``python3``, if the test scripts it."""
        return self._reply(["python3", "-c", code], max_output)

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        """``read`` and ``write``, of ``path`` and ``content``."""
        match function:
            case "read":
                return self._reply(["cat", arguments["path"]], max_output)
            case "write":
                self.write(arguments["path"], arguments["content"].encode())
                return Reply(True, "")
        return Reply(False, f"no function {function!r} here; there are 'read' and 'write'")

    def windows(self) -> Sequence[Window]:
        return self._alive.windows

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        found = self._find(name, strict, by_class)
        if found is None:
            return False
        others = tuple(_with_focus(window, active=False) for window in self._alive.windows if window != found)
        self._change(windows=(*others, _with_focus(found, active=True)))
        return True

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        found = self._find(name, strict, by_class)
        self._change(windows=tuple(window for window in self._alive.windows if window != found))
        return found is not None

    def snapshot(self) -> object:
        return self._alive

    def restore(self, token: object) -> None:
        if not isinstance(token, _State):
            raise UsageError(f"not a snapshot of this kind of machine: {token!r}")
        self._state = token

    def close(self) -> None:
        self._state = None

    @property
    def _alive(self) -> _State:
        if self._state is None:
            raise BackendError("the machine is not running: call reset")
        return self._state

    def _change(self, **fields: object) -> None:
        self._state = replace(self._alive, **fields)  # type: ignore[arg-type]  # the callers name real fields

    def _do(self, action: Action) -> None:
        if self._dies_after is not None and len(self._alive.done) >= self._dies_after:
            self._state = None
            raise BackendError("the machine died", kind="machine")
        typed = self._alive.typed + (action.text if isinstance(action, TypeText) else "")
        self._change(done=(*self._alive.done, action), typed=typed)

    def _reply(self, argv: Sequence[str], max_output: int) -> Reply:
        try:
            done = self.run(argv)
        except FileNotFoundError as error:
            return Reply(False, str(error))
        return Reply(done.returncode == 0, (done.stdout + done.stderr).decode()[:max_output])

    def _draw(self) -> npt.NDArray[np.uint8]:
        width, height = self._screen
        state = self._alive
        ink = zlib.crc32(repr((state.seed, state.typed, state.done, sorted(state.files))).encode())
        frame = np.full((height, width, 3), state.seed % 251, np.uint8)
        frame[: height // 2] = [ink & 255, ink >> 8 & 255, ink >> 16 & 255]
        for action in state.done:
            if isinstance(action, MoveTo):
                frame[action.y, action.x] = 255
        return frame

    def _command(self, argv: Sequence[str]) -> Command:
        if argv[0] not in self._commands:
            raise FileNotFoundError(f"no program {argv[0]!r}; this machine has {', '.join(self._commands)}")
        return self._commands[argv[0]]

    def _find(self, name: str, strict: bool, by_class: bool) -> Window | None:
        for window in reversed(self._alive.windows):
            own = window.app_class if by_class else window.title
            if own == name if strict else name.lower() in own.lower():
                return window
        return None

    @staticmethod
    def _expanded(path: str) -> str:
        return str(_HOME / (path.removeprefix("~/")))


def make_memory(options: BackendOptions) -> MemoryBackend:
    """The memory backend as environments make it."""
    return MemoryBackend(screen=options.screen)


def _with_focus(window: Window, *, active: bool) -> Window:
    return Window(window.title, window.app_class, window.x, window.y, window.width, window.height, active)


def _echo(_: MemoryBackend, argv: Sequence[str]) -> Completed:
    return Completed(0, (" ".join(argv[1:]) + "\n").encode())


def _cat(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    try:
        return Completed(0, b"".join(backend.read(path) for path in argv[1:]))
    except FileNotFoundError as error:
        return Completed(1, b"", str(error).encode())
