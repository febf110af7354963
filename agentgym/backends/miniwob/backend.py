"""A private desktop whose one window is a browser, for pages that are left and come again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.backends.base import BackendOptions, Completed, Observed
from agentgym.backends.miniwob.browser import COMMAND, Browser, Input, PageLeft, Standing
from agentgym.backends.miniwob.devtools import DevTools
from agentgym.backends.miniwob.pages import NATIVE, PROGRAM, Opening, pages_folder
from agentgym.backends.sandbox.application import STATE_FILE
from agentgym.backends.sandbox.machine import SandboxName
from agentgym.backends.x11.backend import X11Backend
from agentgym.backends.x11.input import Sent
from agentgym.errors import BackendError, UsageError

__all__ = ["MiniwobBackend", "make_miniwob"]

_WINDOW = (500, 320)
"""What MiniWoB++ opens, and the least here: pages lay out what hangs over the task by the size of the window."""

_REFRESH_HZ = 240
_SHOWN = "/run/agentgym-miniwob"
_SOON_S = 0.05
_MARKED_S = 0.5
_REST_PATIENCE_S = 5.0
_ANSWER_PATIENCE_S = 10.0
_PAGES_IN_A_ROW = 5
_LOOK_EVERY_S = 0.0002
_MARKER = 8


class MiniwobBackend(X11Backend):
    """A desktop on which `PROGRAM` opens one of MiniWoB++'s pages, in a window that is larger than what is observed.

    The browser stays over resets; each episode has its page in a new frame. What else is launched, run or written is an
    x11 desktop's, and the reset after it starts the browser again.

    ``settle`` waits until the page has seen what was done, has nothing to do within 0.4 s, and is painted.

    Args:
        screen: (width, height) in pixels, from the top left of the page; a task needs 160 by 210.
        sandbox: as `X11Backend` has it.
        network: as `X11Backend` has it.
        accessibility: as `X11Backend` has it.

    Raises:
        MissingDependencyError: if MiniWoB++ is not installed.
    """

    def __init__(
        self,
        *,
        screen: tuple[int, int] = NATIVE,
        sandbox: SandboxName = "bwrap",
        network: bool = False,
        accessibility: bool = False,
    ) -> None:
        folder = pages_folder()
        self._observed = screen
        # The marker lies below what is observed.
        window = max(_WINDOW[0], screen[0]), max(_WINDOW[1], screen[1] + _MARKER)
        self._marker = window[0] - _MARKER // 2, window[1] - _MARKER // 2
        self._folder = folder / "miniwob"
        self._address = f"file://{folder if sandbox == 'none' else _SHOWN}/miniwob"
        super().__init__(
            screen=window,
            sandbox=sandbox,
            network=network,
            accessibility=accessibility,
            shown={str(folder): _SHOWN},
            refresh_hz=_REFRESH_HZ,
        )
        self._browser: Browser | None = None
        self._instruction = ""
        self._standing: Standing | None = None
        # At the last rest: what the page had seen, and what had been sent.
        self._seen, self._sent = Input(), Sent()
        self._touched = False

    @property
    def screen(self) -> tuple[int, int]:
        """(width, height) in pixels: of what is observed, not of the window."""
        return self._observed

    def reset(self, *, seed: int) -> None:
        """Gives a desktop without a page; nothing of it depends on ``seed``."""
        if self._browser is not None and not self._touched:
            try:
                self._browser.check()
                self.release_input()
            except BackendError:
                # Whatever the old desktop is suffering from, a new one does not.
                self.close()
            else:
                self._standing = None
                return
        self._end_browser()
        super().reset(seed=seed)
        self._touched = False

    def settle(self, timeout_s: float) -> bool:
        """Waits until the page rests; False if ``timeout_s`` passed first."""
        if self._browser is None:
            return super().settle(timeout_s)
        colour = self._browser.ask(self._wanted())
        self._standing = self._told(self._browser, timeout_s)
        self._seen, self._sent = self._standing.seen, self.sent
        self._await_marker(colour)
        return self._standing.still

    def observe(self, kinds: Sequence[str]) -> Observed:
        """As `X11Backend` has it."""
        seen = super().observe(kinds)
        if "screenshot" in seen:
            width, height = self._observed
            seen["screenshot"] = np.ascontiguousarray(seen["screenshot"][:height, :width])
        return seen

    def capture_into(self, frame: npt.NDArray[np.uint8]) -> None:
        """Writes the screenshot into uint8 (height, width, 3), which may be part of more."""
        np.copyto(frame, self.observe(["screenshot"])["screenshot"])

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Opens a page and begins an episode in it, or starts another command."""
        if argv[0] != PROGRAM:
            self._touched = True
            super().launch(argv, env=env, cwd=cwd)
            return
        page, opening = _page_of(argv)
        if self._browser is None:
            devtools = DevTools(self.converse(COMMAND))
            try:
                self._browser = Browser(devtools)
            except BackendError:
                devtools.close()
                raise
        content = partial((self._folder / f"{page}.html").read_text, encoding="utf-8")
        self._instruction = self._browser.open(f"{self._address}/{page}.html", content, opening)
        self._standing, self._seen, self._sent = None, Input(), self.sent

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command inside the sandbox to its end."""
        self._touched = True
        return super().run(argv, timeout_s=timeout_s, env=env, cwd=cwd, stdin=stdin)

    def write(self, path: str, content: bytes) -> None:
        """Puts a file into the desktop."""
        self._touched = True
        super().write(path, content)

    def read(self, path: str) -> bytes:
        """The content of a file; at `STATE_FILE`, how the page stood when it last rested."""
        if path != STATE_FILE or self._browser is None:
            return super().read(path)
        return msgspec.json.encode(_state(self._standing, self._instruction))

    def close(self) -> None:
        """Ends the desktop and everything in it."""
        self._end_browser()
        super().close()

    def _end_browser(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def _wanted(self) -> Input:
        """What the page will have seen when it has seen all that was sent since it rested."""
        before, now, seen = self._sent, self.sent, self._seen
        moved = now.moves > before.moves
        return Input(
            mousedown=seen.mousedown + now.presses - before.presses,
            mouseup=seen.mouseup + now.releases - before.releases,
            keyup=seen.keyup + now.key_releases - before.key_releases,
            # Turns that come together are one event.
            wheel=seen.wheel + (now.wheel_turns > before.wheel_turns),
            x=now.place[0] if moved else None,
            y=now.place[1] if moved else None,
        )

    def _told(self, browser: Browser, timeout_s: float) -> Standing:
        deadline = time.monotonic() + timeout_s
        for _ in range(_PAGES_IN_A_ROW):
            try:
                return self._told_by_one(browser, deadline)
            except PageLeft:
                browser.ask(Input())
        raise BackendError("the browser goes from page to page", kind="application")

    def _told_by_one(self, browser: Browser, deadline: float) -> Standing:
        standing = browser.told(_SOON_S)
        while standing is None and (left := _left(deadline)):
            # A menu of the browser's own takes what is meant for it: on a desktop at rest nothing is on its way.
            if super().settle(min(left, _SOON_S)):
                browser.expect_no_more()
            standing = browser.told(min(left, _SOON_S))
        if standing is None:
            browser.hurry()
            standing = browser.told(_ANSWER_PATIENCE_S)
        if standing is None:
            raise BackendError(f"the page did not answer within {_ANSWER_PATIENCE_S:g} s", kind="application")
        return standing

    def _await_marker(self, colour: tuple[int, int, int]) -> None:
        deadline = time.monotonic() + _MARKED_S
        while self.colour(*self._marker) != colour:
            if time.monotonic() > deadline:
                # Something lies over it, or a loaded machine paints late: that shows as work.
                super().settle(_REST_PATIENCE_S)
                return
            time.sleep(_LOOK_EVERY_S)


def make_miniwob(options: BackendOptions) -> MiniwobBackend:
    """The miniwob backend as environments make it."""
    return MiniwobBackend(
        screen=options.screen,
        sandbox=options.sandbox,
        network=options.network,
        accessibility=options.accessibility,
    )


def _page_of(argv: Sequence[str]) -> tuple[str, Opening]:
    try:
        _, page, parameters = argv
        return page, msgspec.json.decode(parameters, type=Opening)
    except (ValueError, msgspec.MsgspecError) as error:
        raise UsageError(f"{PROGRAM} is called with a page and {{seed, mode}} as JSON, not {list(argv)}") from error


def _state(standing: Standing | None, instruction: str) -> dict[str, object]:
    left = standing is not None and not standing.begun
    over = standing is not None and (standing.over or left)
    raw = standing.raw if standing is not None and over and not left else 0.0
    score = min(1.0, max(0.0, raw))
    reason = "the page was left" if left else standing.reason if standing is not None else None
    return {
        "instruction": instruction,
        "over": over,
        "progress": score,
        "score": score,
        "raw_reward": raw,
        "reason": reason,
    }


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
