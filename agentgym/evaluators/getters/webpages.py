"""Getters of what pages of the web say now, read for the judging and not by the agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from agentgym.backends.base import Backend
from agentgym.errors import MissingDependencyError
from agentgym.evaluators.getters.browser.pages import opened_page
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import Fetched, getters
from agentgym.setup.browser import playwright_error

__all__: list[str] = []

_PAGE_MS = 60_000.0
_ELEMENT_MS = 10_000.0
_PRINT_PATIENCE_S = 90.0
_TRIES = 3
_NO_BROWSER = 127

# A profile of its own: the agent's browser, which may be running, stays as it is.
_PRINT = """
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for browser in google-chrome chromium; do
    command -v "$browser" >/dev/null || continue
    TMPDIR=$folder "$browser" --headless=new --user-data-dir="$folder/profile" --no-first-run --disable-gpu \
        --no-pdf-header-footer --print-to-pdf="$folder/page.pdf" --timeout=60000 "$1" >"$folder/said" 2>&1
    test -s "$folder/page.pdf" && cat "$folder/page.pdf" && exit
    tail -c 300 "$folder/said" >&2
    exit 1
done
exit 127
"""
"""Prints the page at ``$1`` to the standard output."""


class Info(TypedDict):
    """What is read of a page: the text or an attribute of an element, perhaps after clicks that lead to it."""

    action: NotRequired[Literal["inner_text", "attribute", "click_and_inner_text", "click_and_attribute"]]
    selector: str | list[str]
    attribute: NotRequired[str]


class Site(msgspec.Struct):
    """A page, and what is read of it.

    Args:
        url: its address.
        infos: each the ``selector`` of an element, and the ``action``: its ``inner_text``, or its ``attribute``; with
            ``click_and_`` before, the selectors of what is clicked first, and of the element at the end.
        backups: what is given if any of it cannot be read.
    """

    url: str
    infos: list[Info]
    backups: Any = None


class Printed(msgspec.Struct):
    """A page that is printed.

    Args:
        path: its address.
        dest: the name under which the metric sees the PDF file.
    """

    path: str
    dest: str


@getters.register("info_from_website")
def info_from_website(backend: Backend, config: dict[str, Any]) -> Any:
    """A list of what elements of a page say, read in a tab of the machine's browser and closed, or ``backups``.

    Raises:
        UsageError: if this kind of machine lets no browser's port out.
        MissingDependencyError: if Playwright is not installed.
    """
    try:
        infos = opened_page(backend, lambda page: _read_all(page, config))
    except ConnectionError:
        infos = None
    return config.get("backups") if infos is None else infos


@getters.register("pdf_from_url")
def pdf_from_url(backend: Backend, config: dict[str, Any]) -> Fetched:
    """A page as PDF, printed by a browser of the machine that nobody sees.

    Raises:
        OSError: if it cannot be printed, for which OSWorld gives an empty file and scores.
        MissingDependencyError: if the machine has no browser.
    """
    said = ""
    for _ in range(_TRIES):
        done = backend.run(["sh", "-c", _PRINT, "sh", config["path"]], timeout_s=_PRINT_PATIENCE_S)
        if done.returncode == _NO_BROWSER:
            raise MissingDependencyError("the machine has no browser to print with: sudo apt-get install chromium")
        if not done.returncode:
            return Fetched(config["dest"], done.stdout)
        said = done.stderr.decode("utf-8", "replace").strip()
    raise OSError(f"cannot print {config['path']}: {said}")


def _read_all(page: Any, config: dict[str, Any]) -> list[str | None] | None:
    """What the page says; None if it cannot be read."""
    page.set_default_timeout(_ELEMENT_MS)
    try:
        page.goto(config["url"], timeout=_PAGE_MS)
        return [_read(page, config["url"], info) for info in config["infos"]]
    except playwright_error():
        return None


def _read(page: Any, url: str, info: Info) -> str | None:
    if page.url != url:
        page.goto(url, timeout=_PAGE_MS)
    *before, last = _selectors(info)
    for selector in before:
        page.wait_for_selector(selector, state="attached").click()
        page.wait_for_load_state("load")
    element = page.wait_for_selector(last, state="attached")
    said = element.get_attribute(info["attribute"]) if _is_attribute(info) else element.inner_text()
    return None if said is None else str(said)


def _selectors(info: Info) -> Sequence[str]:
    return [info["selector"]] if isinstance(info["selector"], str) else info["selector"]


def _is_attribute(info: Info) -> bool:
    return info.get("action", "inner_text").endswith("attribute")


getter_forms.register("info_from_website", Site)
getter_forms.register("pdf_from_url", Printed)
