"""The browser that shows a page, and what the page tells beside the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import msgspec

from agentgym.backends.miniwob.devtools import DevTools
from agentgym.backends.miniwob.pages import Opening
from agentgym.backends.x11.environment import COMMANDS
from agentgym.errors import BackendError

__all__ = ["COMMAND", "Browser", "Input", "PageLeft", "Standing"]

COMMAND = (
    *("/bin/sh", "-c", 'exec "$@" 3<&0 4>&0 </dev/null', "chromium", *COMMANDS["browser"]),
    # Nothing around the page, nothing kept of what was typed into another one.
    *("--kiosk", "--incognito"),
    # Pages do not come back.
    "--disable-back-forward-cache",
    # Pictures are in the frame of what they belong to, not in a later one.
    "--disable-checker-imaging",
    # On what standard input was, as descriptors 3 and 4: no port that a page could reach.
    "--remote-debugging-pipe",
    "about:blank",
)
"""How the browser is started; its standard input is a socket, for `DevTools`."""

_START_PATIENCE_S = 30.0
_CHECK_PATIENCE_S = 2.0
_LOOK_EVERY_S = 0.005
_LAST_MARK = 0xFFFFFF
_MOVED_AWAY = ("navigated or closed", "context was destroyed", "Cannot find context", "Promise was collected")


class Input(msgspec.Struct, frozen=True):
    """How many events of each kind a page has seen, and where the pointer was; None if it did not see it."""

    mousedown: int = 0
    mouseup: int = 0
    keyup: int = 0
    wheel: int = 0
    x: float | None = None
    y: float | None = None


class Standing(msgspec.Struct, frozen=True):
    """How an episode of a page stands.

    Attributes:
        begun: false for a page that came instead of the one in which the episode began.
        raw: what the page pays, without what it takes off for the time.
        still: whether it had come to rest.
    """

    begun: bool
    over: bool
    raw: float
    reason: str | None
    seen: Input
    still: bool


class Browser:
    """A browser with one page.

    Args:
        devtools: of a browser that has just been started by `COMMAND`; this object owns it.

    Raises:
        BackendError: if no page comes.
    """

    def __init__(self, devtools: DevTools) -> None:
        self._devtools = devtools
        self._mark = 0
        self._request = 0
        devtools.session = devtools.call("Target.attachToTarget", targetId=self._first_page(), flatten=True)[
            "sessionId"
        ]
        devtools.call("Page.enable")
        self._script = files("agentgym.backends.miniwob").joinpath("page.js").read_text(encoding="utf-8")
        self._shown: str | None = None

    def check(self) -> None:
        """Returns if the page answers.

        Raises:
            BackendError: if it does not.
        """
        self._devtools.call("Runtime.evaluate", expression="0", patience_s=_CHECK_PATIENCE_S)

    def open(self, address: str, content: Callable[[], str], opening: Opening) -> str:
        """Begins an episode of a page, and gives its instruction.

        Args:
            address: what the page's links and files are relative to.
            content: gives its HTML; called if another page was shown last.
            opening: with what it begins.

        Raises:
            BackendError: if the page cannot be shown.
        """
        begin = f"agentgym.open({opening.seed}, {_json(opening.mode)})"
        # It may have been loaded by itself since anybody looked: by a key that came last.
        if address == self._shown and self._value_of("Boolean(window.agentgym)"):
            return str(self._value_of(begin))
        self._shown = None
        self._hold(address, content())
        self._shown = address
        return str(self._value_of(begin))

    def ask(self, wanted: Input) -> tuple[int, int, int]:
        """Asks the page to tell how it stands when it has seen all this and rests.

        Returns:
            The colour that the marker will have then, red, green, blue.
        """
        self._mark = self._mark % _LAST_MARK + 1
        place = None if wanted.x is None else [wanted.x, wanted.y]
        counts = {name: getattr(wanted, name) for name in ("mousedown", "mouseup", "keyup", "wheel")}
        after = f"agentgym.after({_json(counts)}, {_json(place)}, {self._mark})"
        # Not so if it was loaded by itself, as a key may have it.
        self._request = self._evaluate(f"window.agentgym ? {after} : {_json(_LOST)}")
        return self._mark >> 16, self._mark >> 8 & 0xFF, self._mark & 0xFF

    def told(self, patience_s: float) -> Standing | None:
        """What the page told when it was asked; None if it has not within this time.

        Raises:
            PageLeft: if another page has come.
            BackendError: if the browser is gone.
        """
        try:
            answer = self._devtools.answer(self._request, patience_s)
        except BackendError as error:
            if any(words in str(error) for words in _MOVED_AWAY):
                self._shown = None
                raise PageLeft from error
            raise
        if answer is None:
            return None
        standing = msgspec.convert(_value(answer), Standing)
        if not standing.begun:
            self._shown = None
        return standing

    def expect_no_more(self) -> None:
        """Tells the page that no more input will come."""
        self._evaluate("agentgym.noMore()")

    def hurry(self) -> None:
        """Tells the page to answer though it still moves."""
        self._evaluate("agentgym.giveUp()")

    def close(self) -> None:
        self._devtools.close()

    def _hold(self, address: str, content: str) -> None:
        """Goes to an address, for the address alone: what is found there does not run."""
        self._devtools.call("Emulation.setScriptExecutionDisabled", value=True)
        self._devtools.forget_events()
        answer = self._devtools.call("Page.navigate", url=address)
        if "errorText" in answer:
            raise BackendError(f"the browser cannot show {address}: {answer['errorText']}", kind="application")
        self._devtools.await_event("Page.loadEventFired")
        self._devtools.call("Emulation.setScriptExecutionDisabled", value=False)
        # Of a browser that has just been started, the address bar has the keyboard though it does not show.
        self._devtools.call("Page.bringToFront")
        self._value_of(self._script)
        self._value_of(f"agentgym.keep({_json(content)})")

    def _value_of(self, expression: str) -> Any:
        call = self._devtools.call
        return _value(call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True))

    def _evaluate(self, expression: str) -> int:
        return self._devtools.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)

    def _first_page(self) -> str:
        deadline = time.monotonic() + _START_PATIENCE_S
        while time.monotonic() < deadline:
            for target in self._devtools.call("Target.getTargets", patience_s=_START_PATIENCE_S)["targetInfos"]:
                if target["type"] == "page":
                    return str(target["targetId"])
            time.sleep(_LOOK_EVERY_S)
        raise BackendError(f"the browser showed no page within {_START_PATIENCE_S:g} s", kind="application")


class PageLeft(Exception):
    """Another page has come while one was waited for."""


_LOST = Standing(begun=False, over=False, raw=0.0, reason=None, seen=Input(), still=True)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _value(answer: Mapping[str, Any]) -> Any:
    if "exceptionDetails" in answer:
        details = answer["exceptionDetails"]
        said = details.get("exception", {}).get("description", details.get("text", ""))
        raise BackendError(f"the page failed: {said.splitlines()[0] if said else 'without a word'}", kind="application")
    return answer["result"].get("value")
