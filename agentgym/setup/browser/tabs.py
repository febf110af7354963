"""Steps that open and close the browser's tabs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

from agentgym.backends.base import Backend
from agentgym.extras import needed
from agentgym.setup.browser.addresses import same_address
from agentgym.setup.browser.connection import in_browser

__all__ = ["PageWarning", "chrome_close_tabs", "chrome_open_tabs"]

_LOAD_PATIENCE_MS = 60_000.0
_THERE_PATIENCE_S = 5.0
_LOOK_MS = 20.0
_BLANK = ("about:blank", "chrome://newtab", "chrome://new-tab-page")


class PageWarning(UserWarning):
    """A page that a task opens did not load; its tab shows why."""


def chrome_open_tabs(backend: Backend, urls_to_open: Sequence[str], must_load: bool = False) -> None:
    """Opens tabs in the browser, waits until each has loaded, and closes the one that it began with.

    The browser is started if it does not run. A page that does not load leaves its tab with what the browser says of
    it, as in OSWorld, and is told by a `PageWarning`; one that takes more than 60 s is left loading.

    Args:
        urls_to_open: addresses, in the order of the tabs; the last is in front.
        must_load: ours: whether a page that does not load is an error.
    """
    failed = in_browser(backend, lambda browser: _open(browser, urls_to_open))
    if not failed:
        return
    message = f"{len(failed)} of {len(urls_to_open)} pages did not load: {'; '.join(failed)}"
    if must_load:
        raise ConnectionError(message)
    warnings.warn(message, PageWarning, stacklevel=2)


def chrome_close_tabs(backend: Backend, urls_to_close: Sequence[str]) -> None:
    """Closes a tab for each address; that there is none is no error, as in OSWorld. Waits 5 s for them at most.

    Args:
        urls_to_close: addresses; ``www.``, the domain's suffix and a lone ``/`` do not count.
    """
    in_browser(backend, lambda browser: _close(browser, urls_to_close))


def _open(browser: Any, addresses: Sequence[str]) -> list[str]:
    """What went wrong with which address."""
    context = browser.contexts[0]
    # A blank one if there is one: of several, Playwright tells in no order; OSWorld's tasks begin with one.
    first = min(context.pages, key=lambda page: not page.url.startswith(_BLANK))
    failed = [f"{address!r}: {fault}" for address in addresses if (fault := _opened(context.new_page(), address))]
    if addresses:
        first.close()
    return failed


def _opened(page: Any, address: str) -> str:
    """Why an address could not be opened; nothing if it could."""
    playwright = needed("playwright.sync_api", extra="browser")
    try:
        page.goto(address, timeout=_LOAD_PATIENCE_MS)
    except playwright.TimeoutError:
        # There, if it has an address by now: some pages never end to load.
        return "" if page.url != "about:blank" else f"no answer within {_LOAD_PATIENCE_MS / 1000:.0f} s"
    except playwright.Error as error:
        reason = str(error.message).partition("\n")[0].removeprefix("Page.goto: ").partition(" at ")[0]
        # What is saved as a file is no page.
        return "" if reason in ("net::ERR_ABORTED", "Download is starting") else reason
    return ""


def _close(browser: Any, addresses: Sequence[str]) -> None:
    context = browser.contexts[0]
    deadline = time.monotonic() + _THERE_PATIENCE_S
    closed: list[Any] = []
    for address in addresses:
        page = _awaited(context, address, closed, deadline)
        if page is not None:
            closed.append(page)
            page.close()


def _awaited(context: Any, address: str, closed: Sequence[Any], deadline: float) -> Any | None:
    """The first page with an address; a browser that was started a moment ago may not have it yet."""
    while True:
        pages = [page for page in context.pages if page not in closed]
        for page in pages:
            if same_address(page.url, address):
                return page
        if not pages or time.monotonic() > deadline:
            return None
        pages[0].wait_for_timeout(_LOOK_MS)
