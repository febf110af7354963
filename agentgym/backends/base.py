"""The protocol that a machine follows, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.backends.checks import screen_size
from agentgym.errors import UsageError
from agentgym.registry import Registry

__all__ = [
    "Backend",
    "BackendFactory",
    "BackendOptions",
    "CapturesInto",
    "Completed",
    "Films",
    "Glances",
    "Observed",
    "OpensFiles",
    "ReachesPorts",
    "Window",
    "backends",
]

Observed = dict[str, Any]
"""By kind: ``screenshot`` is uint8 (height, width, 3) RGB, ``accessibility_tree`` and ``terminal`` are text."""


class Completed(msgspec.Struct, frozen=True):
    """What a finished command left: exit status and raw output."""

    returncode: int
    stdout: bytes = b""
    stderr: bytes = b""


class Window(msgspec.Struct, frozen=True):
    """A top-level window as its window manager knows it; pixels from the top left of the screen."""

    title: str
    app_class: str
    x: int
    y: int
    width: int
    height: int
    active: bool


class BackendOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an environment asks of a machine that it makes by name.

    Args:
        screen: (width, height) in pixels.
        sandbox: ``"bwrap"`` or ``"none"``, where there is a choice.
        network: whether applications see the machine's network.
        accessibility: whether ``accessibility_tree`` and ``terminal`` will be observed.
        packages: whether programs in a sandbox can read the Python packages of this environment.

    Raises:
        UsageError: if there can be no such machine.
    """

    screen: tuple[int, int] = (1280, 720)
    sandbox: Literal["bwrap", "none"] = "bwrap"
    network: bool = False
    accessibility: bool = True
    packages: bool = False

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "screen", screen_size(self.screen))
        if self.sandbox not in ("bwrap", "none"):
            raise UsageError(f"sandbox is {self.sandbox!r}; it can be 'bwrap' or 'none'")


@runtime_checkable
class CapturesInto(Protocol):
    """A machine that writes its screenshot where it is wanted, which spares copying it there."""

    def capture_into(self, frame: npt.NDArray[np.uint8]) -> None:
        """Writes the screenshot into uint8 (height, width, 3), which may be part of more."""


@runtime_checkable
class ReachesPorts(Protocol):
    """A machine whose own TCP ports this process can reach."""

    def address_of(self, port: int) -> tuple[str, int]:
        """Host and port where this process reaches a port of the machine's loopback; until the next ``reset``.

        Whether anything listens there shows when one connects.

        Raises:
            ConnectionRefusedError: if this machine does not let that port out.
        """


@runtime_checkable
class Glances(Protocol):
    """A machine whose screen can be looked at from any thread, at any time, without its noticing."""

    def glance(self) -> npt.NDArray[np.uint8] | None:
        """What the screen shows this moment, uint8 (height, width, 3) RGB, perhaps torn; None if nothing runs."""


@runtime_checkable
class OpensFiles(Protocol):
    """A machine that knows itself which application opens a file."""

    def open_file(self, path: str) -> bool:
        """Opens a file or folder. Returns whether its window is there and focused, or may be to come.

        Raises:
            FileNotFoundError: if there is nothing at that path.
        """


@runtime_checkable
class Films(Protocol):
    """A machine that films its screen itself."""

    def start_recording(self) -> None:
        """Films from now on."""

    def end_recording(self) -> bytes:
        """Stops: the film as MP4."""


class Backend(Protocol):
    """A machine that acts and is looked at.

    A backend is used from one thread at a time. Every method but ``close`` raises `BackendError` when the machine
    itself broke; after that only ``reset`` and ``close`` may be called.
    """

    @property
    def screen(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def reset(self, *, seed: int) -> None:
        """Gives a fresh machine: empty home, no application, no clipboard, the pointer at its starting place."""

    def check(self, action: Action) -> None:
        """Returns if `perform` can do the action, and every part of it if it is a `Batch`; `check_input` tells most.

        Environments ask this of all parts before they have the first one done.

        Raises:
            ActionError: if the action cannot be done here.
        """

    def perform(self, action: Action) -> None:
        """Does one action and returns without waiting for its effect.

        ``Done``, ``Fail`` and ``Wait`` are the environment's business and never come here.

        Raises:
            ActionError: if the action cannot be done here (off the screen, unknown key); nothing has happened then.
        """

    def settle(self, timeout_s: float) -> bool:
        """Waits until the effects of what was done are on the screen; False if ``timeout_s`` passed first."""

    def observe(self, kinds: Sequence[str]) -> Observed:
        """What the machine shows now; arrays are fresh and belong to the caller."""

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command in the machine to its end.

        Raises:
            TimeoutError: if it did not end in time; it and its children are killed.
            FileNotFoundError: if there is no such program.
        """

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts a command in the machine and leaves it running.

        Raises:
            FileNotFoundError: if there is no such program.
        """

    def read(self, path: str) -> bytes:
        """The content of a file of the machine. ``~`` is the machine's home.

        Raises:
            FileNotFoundError: if there is none (that is a fact about the machine, not a fault).
        """

    def write(self, path: str, content: bytes) -> None:
        """Puts a file into the machine, with the folders that lead to it."""

    def windows(self) -> Sequence[Window]:
        """Top-level windows, the lowest first."""

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Raises and focuses the first window whose title (or class) contains ``name``, or is it if ``strict``.

        Returns False if there is none.
        """

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Asks the first such window to close, as its frame's button would. Returns False if there is none."""

    def snapshot(self) -> object:
        """A token of the machine's state for ``restore``.

        Raises:
            UsageError: if this kind of machine cannot be saved.
        """

    def restore(self, token: object) -> None:
        """Brings the machine back to a state that ``snapshot`` gave."""

    def close(self) -> None:
        """Ends the machine and everything in it. May be called twice."""


BackendFactory: TypeAlias = Callable[[BackendOptions], Backend]

backends: Registry[BackendFactory] = Registry("backend")
backends.register_lazily("guest", "agentgym.backends.guest.settings:make_guest")
backends.register_lazily("host", "agentgym.backends.host:make_host")
backends.register_lazily("inline", "agentgym.backends.inline:make_inline")
backends.register_lazily("memory", "agentgym.backends.memory:make_memory")
backends.register_lazily("miniwob", "agentgym.backends.miniwob.backend:make_miniwob")
backends.register_lazily("qt", "agentgym.backends.qt.backend:make_qt")
backends.register_lazily("sandbox", "agentgym.backends.sandbox.backend:make_sandbox")
backends.register_lazily("x11", "agentgym.backends.x11.backend:make_x11")
