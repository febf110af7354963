"""The browser of a machine, looked into and steered from this process through its remote-debugging port."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from agentgym.backends.base import Backend, ReachesPorts
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.extras import needed
from agentgym.setup.browser.profile import profile_folder
from agentgym.setup.browser.threads import with_playwright

__all__ = ["DEBUGGING_PORT", "FORWARDED_PORT", "by_browser", "in_browser", "playwright_error"]

DEBUGGING_PORT = 1337
"""The browser's own, on the machine's loopback, in all of OSWorld's tasks."""

FORWARDED_PORT = 9222
"""What ``socat`` carries to it in them, which is let out of a virtual machine."""

_GOOGLES, _CHROMIUM = "google-chrome", "chromium"
"""The browser's names, of which the first that a machine has is meant."""

_PATIENCE_S = 60.0
_STARTING_S = 15.0
_ANSWER_S = 5.0
_LOOK_S = 0.05
_CONNECT_MS = 30_000.0
_TRIES = 2
_PORTS = 1 << 16
_ARTIFACTS = "/tmp/agentgym-artifacts"
"""Where the browser puts what is downloaded while it is looked into; in the machine. Playwright's own folder would stay
behind on this one when it cannot connect, or is killed."""

# The brackets keep the pattern from fitting its own command line.
_IS_STARTED = 'grep -qsa -e "[-]-remote-debugging-port=" /proc/[0-9]*/cmdline'

T = TypeVar("T")


def in_browser(backend: Backend, look: Callable[[Any], T], *, start: bool = True) -> T:
    """What a function returns or raises that is called with the machine's browser.

    It is called in a thread of its own with a ``playwright.sync_api.Browser``, whose first context has the pages that
    are open, and must return plain data: nothing of Playwright's works after it, or in another thread. The browser
    goes on as it is.

    Args:
        look: what to do with it; may be called while an event loop runs here, as in a notebook.
        start: whether a browser is started where none with a remote-debugging port runs, as OSWorld does.

    Raises:
        ConnectionError: if none answers, or a page's own dialogue is open in it.
        UsageError: if this kind of machine lets no port out.
        MissingDependencyError: if Playwright is not installed here, or no browser there.
    """
    if not isinstance(backend, ReachesPorts):
        raise UsageError(f"{type(backend).__name__} lets no browser's port out; use backend='x11' or 'guest'")
    needed("playwright.sync_api", extra="browser")
    endpoint = _endpoint(backend, backend, start=start)
    return with_playwright(lambda playwright: _looked(playwright, endpoint, look))


def by_browser(run: Callable[[str], T]) -> T:
    """What a function gives that is called with the name of the first browser that the machine has.

    Args:
        run: raises FileNotFoundError where there is none of that name.

    Raises:
        MissingDependencyError: if the machine has none.
    """
    for name in (_GOOGLES, _CHROMIUM):
        with suppress(FileNotFoundError):
            return run(name)
    raise MissingDependencyError(f"the machine has neither {_GOOGLES} nor {_CHROMIUM}: sudo apt-get install chromium")


def playwright_error() -> type[Exception]:
    """What is raised by whatever goes wrong with a page."""
    error: type[Exception] = needed("playwright.sync_api", extra="browser").Error
    return error


def _looked(playwright: Any, endpoint: str, look: Callable[[Any], T]) -> T:
    # Connected for this look alone: Playwright answers dialogues and takes downloads as long as it is connected.
    try:
        browser = _connected(playwright, endpoint)
    except playwright_error() as error:
        raise ConnectionError(
            "the browser cannot be looked into; a page of it may show a dialogue, which stops all else in it: "
            f"{str(error).partition(chr(10))[0]}"
        ) from error
    try:
        return look(browser)
    finally:
        # Disconnects, no more: it was not Playwright that started it.
        browser.close()


def _connected(playwright: Any, endpoint: str) -> Any:
    connect = partial(
        playwright.chromium.connect_over_cdp, endpoint, timeout=_CONNECT_MS / _TRIES, artifacts_dir=_ARTIFACTS
    )
    for _ in range(_TRIES - 1):
        # A browser that is starting may leave unanswered what it is asked, and answers when it is asked anew.
        with suppress(needed("playwright.sync_api", extra="browser").TimeoutError):
            return connect()
    return connect()


def _endpoint(backend: Backend, ports: ReachesPorts, *, start: bool) -> str:
    """Where the browser's protocol is spoken, once it is; a browser is started if need be, and once at most."""
    begun, profile = time.monotonic(), profile_folder(backend)
    while True:
        for port in (*_chosen(backend, profile), FORWARDED_PORT, DEBUGGING_PORT):
            found = _told(ports, port)
            if found is not None:
                return found
        waited_s, runs = time.monotonic() - begun, _is_started(backend)
        # One that was started a moment ago answers later: a second start would give it a second window.
        if start and (waited_s > _STARTING_S or not runs):
            _start(backend, ports)
            start = False
        elif waited_s > _PATIENCE_S or not runs:
            raise ConnectionError(
                f"no browser answers on port {DEBUGGING_PORT} or {FORWARDED_PORT} of the machine in {waited_s:.0f} s; "
                f"{'one' if runs else 'none'} runs that was started with --remote-debugging-port"
            )
        # A machine that broke says so here.
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)


def _chosen(backend: Backend, profile: str) -> Sequence[int]:
    """The port that the browser took of those that were free, if it was left to it."""
    try:
        port = backend.read(f"{profile}/DevToolsActivePort").decode("ascii", "replace").partition("\n")[0]
    except FileNotFoundError:
        return ()
    return (int(port),) if port.isdigit() and int(port) < _PORTS else ()


def _is_started(backend: Backend) -> bool:
    """Whether a process was told to let itself be debugged, even if it does not answer yet."""
    return backend.run(["sh", "-c", _IS_STARTED]).returncode == 0


def _told(ports: ReachesPorts, port: int) -> str | None:
    """The WebSocket address that a browser tells on that port; None if none does, or if it has no page yet."""
    try:
        host, outer = ports.address_of(port)
        # It answers no one who calls it by another name than that of its machine, or by a number.
        host = socket.gethostbyname(host)
        told = _asked(host, outer, "/json/version")["webSocketDebuggerUrl"]
        pages = [target for target in _asked(host, outer, "/json/list") if target["type"] == "page"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        # Nothing listens there yet, or what listens is no browser.
        return None
    return f"ws://{host}:{outer}{urlsplit(told).path}" if pages else None


def _asked(host: str, port: int, path: str) -> Any:
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _start(backend: Backend, ports: ReachesPorts) -> None:
    _launch(backend)
    try:
        ports.address_of(DEBUGGING_PORT)
    except ConnectionRefusedError:
        backend.launch(["socat", f"tcp-listen:{FORWARDED_PORT},fork", f"tcp:localhost:{DEBUGGING_PORT}"])


def _launch(backend: Backend) -> None:
    port = f"--remote-debugging-port={DEBUGGING_PORT}"
    # By its own name Chromium keeps its profile elsewhere than where tasks look for Google's.
    places: Mapping[str, Sequence[str]] = {_GOOGLES: [], _CHROMIUM: [f"--user-data-dir={profile_folder(backend)}"]}
    by_browser(lambda name: backend.launch([name, port, *places[name]]))
