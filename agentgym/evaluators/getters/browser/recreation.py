"""The getter that looks up, at recreation.gov, what a task's agent is to find there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.pages import OPEN_MS, close_tab, opened_page, settle
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters
from agentgym.setup.browser import playwright_error

__all__: list[str] = []

_SITES = ("https://www.recreation.gov/", "http://www.recreation.gov/", "https://recreation.gov/")
_SEARCH, _SOUGHT = "input#hero-search-input", "Diamond"
_SEARCH_BUTTON = "button.nav-search-button"
_FIRST_FOUND = ".search-result-highlight--success"
_NEXT = (
    "button.next-available",
    "button[class*='next-available']",
    "button[class*='next']",
    ".next-available",
    "[data-testid*='next']",
)
_NEXT_MS = 30_000.0
_ERROR_MS = 5_000.0
_FAILED = "__EVALUATION_FAILED__"
"""What tells `check_direct_json_object` that there is nothing to compare with."""


class Place(msgspec.Struct):
    """An element of the page of a camp ground.

    Args:
        selector: how it is found.
        class: its class.
        order: its place among those of that class; the first by default.
    """

    selector: Literal["class"]
    class_: str = msgspec.field(name="class")
    order: str | int = 0


@getters.register("gotoRecreationPage_and_get_html_content")
def goto_recreation_page_and_get_html_content(backend: Backend, config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an element of a class says on recreation.gov's page of the next days free at Diamond, as ``{"expected": {class: text}}``.

    Where it cannot be had, the text is ``__EVALUATION_FAILED__``, with which nothing is equal. Needs the live site.
    """  # noqa: E501 - the first sentence stands in a table
    try:
        return {"expected": opened_page(backend, lambda page: _looked_up(page, config))}
    except (ConnectionError, playwright_error()) as error:
        return {"expected": {"error": _FAILED, "error_message": str(error)}}


def _looked_up(page: Any, config: dict[str, Any]) -> dict[str, Any]:
    _go(page)
    page.fill(_SEARCH, _SOUGHT, timeout=OPEN_MS)
    page.click(_SEARCH_BUTTON, timeout=OPEN_MS)
    with page.expect_popup(timeout=OPEN_MS) as popup:
        page.click(_FIRST_FOUND, timeout=OPEN_MS)
    ground = popup.value
    try:
        settle(ground)
        _go_on(ground)
        return {config["class"]: _text(ground, config["class"], int(config.get("order", 0)))}
    finally:
        close_tab(ground)


def _go(page: Any) -> None:
    *others, last = _SITES
    for site in others:
        try:
            page.goto(site, wait_until="load", timeout=OPEN_MS)
        except playwright_error():
            # That it could not is shown by a page, too, which would come in between.
            with suppress(playwright_error()):
                page.wait_for_url("chrome-error:**", timeout=_ERROR_MS)
            continue
        return
    page.goto(last, wait_until="load", timeout=OPEN_MS)


def _go_on(ground: Any) -> None:
    """Presses what leads to the next days that are free; there is nothing to press where these are shown."""
    try:
        ground.locator(", ".join(_NEXT)).filter(visible=True).first.wait_for(timeout=_NEXT_MS)
    except playwright_error():
        return
    button = next(one for one in map(ground.locator, _NEXT) if one.filter(visible=True).count())
    button.filter(visible=True).first.click(timeout=_NEXT_MS)
    settle(ground)


def _text(ground: Any, name: str, place: int) -> str:
    elements = ground.query_selector_all(f".{name}")
    if not -len(elements) <= place < len(elements):
        return _FAILED
    return (elements[place].text_content() or "").strip()


getter_forms.register("gotoRecreationPage_and_get_html_content", Place)
