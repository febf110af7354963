"""Where on the screen the browser's page shows something, so that a pointer finds it whatever the browser's version."""

from __future__ import annotations

from typing import Any

from agentgym.backends.base import Backend
from agentgym.setup.browser.connection import in_browser, playwright_error

__all__ = ["middle_of"]

_PATIENCE_MS = 2_000.0
_ORIGIN = "[window.screenX + (outerWidth - innerWidth) / 2, window.screenY + outerHeight - innerHeight]"


def middle_of(backend: Backend, selector: str) -> tuple[int, int] | None:
    """The middle of the first element of the page in front; None if it does not show one at rest that takes clicks.

    Args:
        selector: Playwright's, which looks into shadow trees, too.
    """
    return in_browser(backend, lambda browser: _middle(browser.contexts[0].pages, selector), start=False)


def _middle(pages: list[Any], selector: str) -> tuple[int, int] | None:
    try:
        page = next(page for page in pages if page.evaluate("document.visibilityState") == "visible")
        found = page.locator(selector).first
        found.click(trial=True, timeout=_PATIENCE_MS)
        box, (left, top) = found.bounding_box(), page.evaluate(_ORIGIN)
    except (StopIteration, playwright_error()):
        return None
    return round(left + box["x"] + box["width"] / 2), round(top + box["y"] + box["height"] / 2)
