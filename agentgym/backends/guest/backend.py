"""A desktop in a virtual machine, through the server that OSWorld has inside it."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from agentgym.actions import Action, Batch, KeyDown, KeyUp, MouseDown, MouseUp
from agentgym.actions.keys import check_key
from agentgym.backends.base import Completed, Observed, Window
from agentgym.backends.checks import check_input
from agentgym.backends.checks import screen_size as checked_screen
from agentgym.backends.guest.code import PREFIX, check_typed, pyautogui_code
from agentgym.backends.guest.endpoints import Guest, Timeouts
from agentgym.backends.guest.providers import Address, Provider, providers
from agentgym.errors import BackendError, UsageError

__all__ = ["QUIET_S", "GuestBackend"]

QUIET_S: Final = 0.3
"""How long the screen must stay the same to count as settled; a blinking cursor takes longer than that."""

_BOOT_S = 300.0
_ANSWER_S = 10.0
_LOOK_S = 0.02
_BOOT_LOOK_S = 0.25


class GuestBackend:
    """A machine that answers as OSWorld's does, wherever it is.

    The server inside it runs whatever anyone tells it, without asking who: reach it over a loopback or a network of
    your own. What pyautogui has no key for cannot be typed; see ``docs/guest.md`` for what else the server cannot do.

    Args:
        url: ``http://host:port`` of a server that runs; None where a provider starts the machine.
        provider: what starts it, by OSWorld's ``provider_name`` or any `Provider`, one of OSWorld's own included.
        provider_name: the same by OSWorld's word.
        path_to_vm: the machine's disk or ``.vmx`` file, for the provider.
        snapshot_name: what the provider brings the machine back to.
        screen_size: (width, height) in pixels, which the guest must have.
        headless: whether the machine has no window here.
        require_a11y_tree: whether ``accessibility_tree`` can be observed.
        require_terminal: whether ``terminal`` can be observed.
        os_type: of the guest: ``"Ubuntu"`` or ``"Windows"``.
        timeouts: seconds, and tries, by what is asked.
        boot_timeout: seconds until the server must answer; None for 300 behind a provider and 10 without one.

    Raises:
        UsageError: if an argument cannot work.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        provider: str | Provider | None = None,
        provider_name: str | None = None,
        path_to_vm: str = "",
        snapshot_name: str = "init_state",
        screen_size: tuple[int, int] = (1920, 1080),
        headless: bool = False,
        require_a11y_tree: bool = True,
        require_terminal: bool = False,
        os_type: str = "Ubuntu",
        timeouts: Timeouts | None = None,
        boot_timeout: float | None = None,
    ) -> None:
        if provider is not None and provider_name is not None:
            raise UsageError("provider and provider_name are the same: give one of them")
        provider = provider_name if provider is None else provider
        if url is None and provider is None:
            raise UsageError("a guest needs the url of its server, or a provider that starts it")
        if os_type not in ("Ubuntu", "Windows"):
            raise UsageError(f"os_type is {os_type!r}; it can be 'Ubuntu' or 'Windows'")
        self._url = url
        self._timeouts = timeouts or Timeouts()
        self._python = "python" if os_type == "Windows" else "python3"
        self._screen = checked_screen(screen_size)
        shown = {"screenshot": True, "accessibility_tree": require_a11y_tree, "terminal": require_terminal}
        self._kinds = tuple(kind for kind, wanted in shown.items() if wanted)
        self._machine = None
        if provider is not None:
            made = providers[provider]() if isinstance(provider, str) else provider
            self._machine = _Machine(made, path_to_vm, snapshot_name, headless, os_type)
        self._boot_s = boot_timeout if boot_timeout is not None else (_ANSWER_S if self._machine is None else _BOOT_S)
        self._guest: Guest | None = None
        self._held: dict[Action, None] = {}

    @property
    def screen(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._screen

    @property
    def address(self) -> Address:
        """Where the guest's server and its browser's remote debugging are."""
        if self._machine is not None and self._machine.address is not None:
            return self._machine.address
        parts = urlsplit(self._url or self._open.url)
        return Address(parts.hostname or "", parts.port or 80)

    def address_of(self, port: int) -> tuple[str, int]:
        """Where this process reaches a port of the guest: that of its server, its browser, its screen or its player.

        Raises:
            ConnectionRefusedError: if it is another.
        """
        place, inside = self.address, Address("")
        let_out = {
            inside.server_port: place.server_port,
            inside.chromium_port: place.chromium_port,
            inside.vnc_port: place.vnc_port,
            inside.vlc_port: place.vlc_port,
        }
        if port not in let_out:
            raise ConnectionRefusedError(f"a guest does not let port {port} out; it has {sorted(let_out)}")
        return place.host, let_out[port]

    def reset(self, *, seed: int) -> None:
        """Has the provider bring the machine to its first state, if it was used, and waits until its server answers.

        Without a provider keys and buttons are released, and all else stays as it is.

        Raises:
            BackendError: if it does not start.
            UsageError: if its screen is another.
        """
        del seed
        if self._machine is not None:
            self._machine.used |= self._guest is not None and self._guest.broken
            self._guest = None
        told = self._machine.fresh() if self._machine is not None else ""
        url = self._url or told
        # What it answered while it came up is no fault of the machine that is there then.
        self._await(Guest(url, self._timeouts, python=self._python))
        guest = Guest(url, self._timeouts, python=self._python)
        found = guest.screen_size()
        if found != self._screen:
            width, height = found
            raise UsageError(
                f"the guest's screen is {found}, and {self._screen} was asked for; they must be the same: give "
                f"screen={found}, or agentgym run --env-option 'screen=[{width},{height}]'"
            )
        self._guest = guest
        if self._machine is None:
            self._release()
        self._held.clear()

    def check(self, action: Action) -> None:
        """Returns if the action can be done here; see `agentgym.backends.base.Backend.check`."""
        check_input(action, screen=self.screen, key=check_key, character=check_typed)

    def perform(self, action: Action) -> None:
        """Does one action with pyautogui in the guest; a sequence in one go."""
        self.check(action)
        with self._using() as guest:
            guest.act(PREFIX + pyautogui_code(action))
        self._note(action)

    def settle(self, timeout_s: float) -> bool:
        """Waits until the screen was the same for `QUIET_S`, over two looks at least; one takes the guest 0.1 s."""
        guest, deadline = self._open, time.monotonic() + timeout_s
        before, since = guest.screenshot(), time.monotonic()
        while True:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_S)
            asked = time.monotonic()
            now = guest.screenshot()
            # The same pixels are the same file: the server has one encoder.
            if now != before:
                before, since = now, time.monotonic()
            elif asked - since >= QUIET_S:
                return True

    def observe(self, kinds: Sequence[str]) -> Observed:
        """``screenshot`` is uint8 (height, width, 3) RGB with the pointer; the others are text."""
        return {kind: self._observer(kind)() for kind in kinds}

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command in the guest to its end, for 110 s at most: its server ends what takes 120 s."""
        with self._using() as guest:
            return guest.run(argv, timeout_s=timeout_s, env=env or {}, cwd=cwd, stdin=stdin)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts a command in the guest and leaves it running."""
        with self._using() as guest:
            guest.launch(argv, env=env or {}, cwd=cwd)

    def read(self, path: str) -> bytes:
        """The content of a file of the guest; that there is none is known at once."""
        return self._open.read(path)

    def write(self, path: str, content: bytes) -> None:
        """Puts a file into the guest, with the folders that lead to it."""
        with self._using() as guest:
            guest.write(path, content)

    def windows(self) -> Sequence[Window]:
        """Top-level windows, the lowest first."""
        return self._open.windows()

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Raises and focuses a window. Returns False if there is none."""
        with self._using() as guest:
            if not self._has_window(name, strict=strict, by_class=by_class):
                return False
            guest.ask_window("activate_window", name, strict=strict, by_class=by_class)
            return True

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Asks a window to close. Returns False if there is none."""
        with self._using() as guest:
            if not self._has_window(name, strict=strict, by_class=by_class):
                return False
            guest.ask_window("close_window", name, strict=strict, by_class=by_class)
            return True

    def open_file(self, path: str) -> bool:
        """Opens a file or folder as the guest's desktop would. Returns whether its window is there and focused."""
        with self._using() as guest:
            return guest.open_file(path)

    def start_recording(self) -> None:
        """Has the guest film its screen; its server takes 2 s to see that this goes well."""
        with self._using() as guest:
            guest.start_recording()

    def end_recording(self) -> bytes:
        """Stops filming: the film as MP4."""
        return self._open.end_recording()

    def snapshot(self) -> object:
        """Refuses: the environment replays the episode instead."""
        raise UsageError("a guest cannot be saved within an episode")

    def restore(self, token: object) -> None:
        """Refuses, as `snapshot` does."""
        raise UsageError(f"a guest cannot be restored from {token!r}")

    def close(self) -> None:
        """Has the provider stop the machine. One without a provider goes on, with keys and buttons released."""
        if self._machine is not None:
            self._guest = None
            self._machine.stop()
        elif self._guest is not None:
            try:
                self._release()
            finally:
                self._guest = None

    @property
    def _open(self) -> Guest:
        if self._guest is None:
            raise BackendError("the guest is not running: call reset")
        return self._guest

    @contextmanager
    def _using(self) -> Iterator[Guest]:
        """For what may leave the machine in another state."""
        guest = self._open
        if self._machine is not None:
            self._machine.used = True
        yield guest

    def _await(self, guest: Guest) -> None:
        deadline = time.monotonic() + self._boot_s
        while True:
            try:
                guest.screenshot()
                return
            except BackendError as error:
                if time.monotonic() >= deadline:
                    if self._machine is not None:
                        self._machine.used = True
                    message = f"the guest's server did not come within {self._boot_s:g} s: {error}"
                    raise BackendError(message, kind=error.kind) from error
            time.sleep(_BOOT_LOOK_S)

    def _observer(self, kind: str) -> Callable[[], Any]:
        guest = self._open
        if kind not in self._kinds:
            raise UsageError(f"no observation {kind!r}; this guest was made with {', '.join(self._kinds)}")
        match kind:
            case "accessibility_tree":
                return guest.accessibility_tree
            case "terminal":
                return guest.terminal
        return self._pixels

    def _pixels(self) -> npt.NDArray[np.uint8]:
        pixels = self._open.pixels()
        height, width, _ = pixels.shape
        if (width, height) != self._screen:
            raise BackendError(f"the guest's screen became {(width, height)}; the episode began with {self._screen}")
        return pixels

    def _has_window(self, name: str, *, strict: bool, by_class: bool) -> bool:
        told = [window.app_class if by_class else window.title for window in self._open.windows()]
        return any(each == name if strict else name.lower() in each.lower() for each in told)

    def _note(self, action: Action) -> None:
        """Keeps in mind what is held down."""
        match action:
            case Batch(actions):
                for part in actions:
                    self._note(part)
            case KeyDown(key):
                self._held[KeyUp(key)] = None
            case MouseDown(button):
                self._held[MouseUp(button)] = None
            case KeyUp() | MouseUp():
                self._held.pop(action, None)

    def _release(self) -> None:
        if self._held:
            self._open.act(PREFIX + pyautogui_code(Batch(tuple(self._held))))
        self._held.clear()


class _Machine:
    """A machine behind its provider: started when it is first needed, ended with this process at the latest."""

    def __init__(self, provider: Provider, path: str, snapshot_name: str, headless: bool, os_type: str) -> None:
        self._provider = provider
        # A list, because whoever stops the machine at last must know where it is by then.
        self._path = [path]
        self._snapshot_name, self._headless, self._os_type = snapshot_name, headless, os_type
        self._finalizer: Any = None
        self.address: Address | None = None
        self.used = True

    def fresh(self) -> str:
        """The address of the server of a machine in its first state; one that nobody used stays."""
        if self.used or self.address is None:
            self.address = None
            self._path[0] = self._provider.revert_to_snapshot(self._path[0], self._snapshot_name) or self._path[0]
            if self._finalizer is None:
                self._finalizer = weakref.finalize(self, _stop, self._provider, self._path)
            self._provider.start_emulator(self._path[0], self._headless, self._os_type)
            self.address = Address.read(self._provider.get_ip_address(self._path[0]))
            self.used = False
        return self.address.url

    def stop(self) -> None:
        self.address, self.used = None, True
        if self._finalizer is not None:
            finalizer, self._finalizer = self._finalizer, None
            finalizer()


def _stop(provider: Provider, path: list[str]) -> None:
    provider.stop_emulator(path[0])
