"""Getters of what the browser's tabs show, and of what an address shows when the browser opens it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import unquote

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.addressbar import Prefixed, active_address
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getter_needs, getters
from agentgym.extras import needed
from agentgym.setup.browser import in_browser, playwright_error

__all__ = ["OPEN_MS", "close_tab", "in_active_tab", "look_at", "opened_page", "settle"]

OPEN_MS = 60_000.0
"""How long a page may take to open, as in OSWorld."""

_LOAD_MS = 30_000.0
_QUIET_MS = 5_000.0
_CLOSE_MS = 5_000.0

# With what is in the shadow of elements, where the browser's own pages have nearly everything.
_ALL_HTML = """() => {
    const roots = [];
    const collect = (root) => {
        for (const element of root.querySelectorAll('*')) {
            if (element.shadowRoot) { roots.push(element.shadowRoot); collect(element.shadowRoot); }
        }
    };
    collect(document);
    return document.documentElement.getHTML({shadowRoots: roots});
}"""

_T = TypeVar("_T")


class Page(msgspec.Struct):
    """A page.

    Args:
        url: its address.
    """

    url: str


@getters.register("open_tabs_info")
def open_tabs_info(backend: Backend, _config: dict[str, Any]) -> list[dict[str, str]]:
    """The ``title`` and ``url`` of each tab, none if no browser can be reached."""
    try:
        return in_browser(backend, lambda browser: [_tab(page) for page in _pages(browser)])
    except ConnectionError:
        return []


@getters.register("active_tab_info")
def active_tab_info(backend: Backend, config: dict[str, Any]) -> dict[str, str] | None:
    """The ``title``, ``url`` and ``content``, its HTML, of the tab in front; None if there is none to be reached."""
    address = active_address(backend, config)
    return None if address is None else in_active_tab(backend, address, _info, otherwise=None)


@getters.register("page_info")
def page_info(backend: Backend, config: dict[str, Any]) -> dict[str, str]:
    """The ``title``, ``url`` and ``content``, its HTML, of the page at ``url``, as the agent's browser is shown it.

    If it cannot be opened, the title is ``Connection failed`` and the content empty.
    """
    failed = {"title": "Connection failed", "url": config["url"], "content": ""}
    return look_at(backend, config["url"], _info, otherwise=failed)


@getters.register("number_of_search_results")
def number_of_search_results(backend: Backend, _config: dict[str, Any]) -> int:
    """The number of elements of the class ``search-result`` on the page of Google's results for ``query``."""
    address = "https://google.com/search?q=query"
    return look_at(backend, address, lambda page: len(page.query_selector_all(".search-result")), otherwise=0)


@getters.register("chrome_saved_address")
def chrome_saved_address(backend: Backend, _config: dict[str, Any]) -> str:
    """The HTML of the settings page of addresses for forms, with what its elements hold; empty if it cannot be had."""
    return look_at(backend, "chrome://settings/addresses", lambda page: page.evaluate(_ALL_HTML), otherwise="")


def look_at(backend: Backend, address: str, look: Callable[[Any], _T], *, otherwise: _T, start: bool = True) -> _T:
    """What a function returns that is called with the page at an address, opened beside those that are open.

    Args:
        look: called with a ``playwright.sync_api.Page`` that has loaded; must return plain data.
        otherwise: what to return if the browser cannot be reached, or the page cannot be opened or looked at.
        start: whether a browser is started where none runs.
    """

    def opened(page: Any) -> _T:
        page.goto(address, wait_until="load", timeout=OPEN_MS)
        settle(page)
        return look(page)

    try:
        return opened_page(backend, opened, start=start)
    except (ConnectionError, playwright_error()):
        return otherwise


def opened_page(backend: Backend, look: Callable[[Any], _T], *, start: bool = True) -> _T:
    """What a function returns that is called with a new page, which has the agent's cookies and is closed afterwards.

    It is in a tab that does not come to the front.

    Args:
        look: called with a ``playwright.sync_api.Page``; must return plain data.
        start: whether a browser is started where none runs.

    Raises:
        ConnectionError: if no browser can be reached.
    """

    def opened(browser: Any) -> _T:
        context, session = browser.contexts[0], browser.new_browser_cdp_session()
        with context.expect_page() as coming:
            session.send("Target.createTarget", {"url": "about:blank", "background": True})
        page = coming.value
        try:
            return look(page)
        finally:
            close_tab(page)

    return in_browser(backend, opened, start=start)


def in_active_tab(backend: Backend, address: str, look: Callable[[Any], _T], *, otherwise: _T) -> _T:
    """What a function returns that is called with the page of the tab in front, as it is there.

    Args:
        address: what the address bar says.
        look: called with a ``playwright.sync_api.Page`` that has loaded; must return plain data.
        otherwise: what to return if no tab has that address, or it cannot be reached or looked at.
    """

    def found(browser: Any) -> _T:
        page = _page_at(browser, address)
        if page is None:
            return otherwise
        try:
            settle(page)
            return look(page)
        except playwright_error():
            return otherwise

    try:
        return in_browser(backend, found, start=False)
    except ConnectionError:
        # The agent may have started it anew without its port.
        return otherwise


def close_tab(page: Any) -> None:
    """Closes a tab, and waits until it is closed.

    Playwright's own way waits for ever where a page has just been said to be unreachable (1.65).
    """
    tab = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
    page.context.browser.new_browser_cdp_session().send("Target.closeTarget", {"targetId": tab})
    if not page.is_closed():
        # It may be by now.
        with suppress(playwright_error()):
            page.wait_for_event("close", timeout=_CLOSE_MS)


def settle(page: Any) -> bool:
    """Waits until a page has loaded and asks for nothing more; False if it did not load in time."""
    late = needed("playwright.sync_api", extra="browser").TimeoutError
    try:
        page.wait_for_load_state("load", timeout=_LOAD_MS)
    except late:
        return False
    if page.url.startswith("chrome:"):
        # The browser's own pages ask it and no network, and count as never quiet.
        return True
    # One that keeps asking its server is never quiet.
    with suppress(late):
        page.wait_for_load_state("networkidle", timeout=_QUIET_MS)
    return True


def _pages(browser: Any) -> list[Any]:
    return [page for context in browser.contexts for page in context.pages]


def _page_at(browser: Any, address: str) -> Any:
    """The page with an address; rather one that has it to the letter."""
    pages = _pages(browser)
    wanted = unquote(address).rstrip("/")
    exact = [page for page in pages if unquote(page.url).rstrip("/") == wanted]
    near = [page for page in pages if _unshown(page.url) == _unshown(address)]
    return next(iter(exact + near), None)


def _unshown(address: str) -> str:
    """An address without what the address bar may leave out, to be compared with another."""
    plain = unquote(address)
    for start in ("https://", "http://", "www."):
        plain = plain.removeprefix(start)
    return plain.rstrip("/")


def _tab(page: Any) -> dict[str, str]:
    try:
        title = page.title() if settle(page) else "Load timeout"
    except playwright_error():
        title = "Error encountered"
    return {"title": title, "url": page.url}


def _info(page: Any) -> dict[str, str]:
    return {"title": page.title(), "url": page.url, "content": page.content()}


getter_forms.register("active_tab_info", Prefixed)
getter_forms.register("chrome_saved_address", Nothing)
getter_forms.register("number_of_search_results", Nothing)
getter_forms.register("open_tabs_info", Nothing)
getter_forms.register("page_info", Page)
getter_needs.register("active_tab_info", ("accessibility_tree",))
