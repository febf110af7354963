"""The getter of the address in the browser's address bar, which the accessibility tree shows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml import etree

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getter_needs, getters
from agentgym.setup.browser.windows import browser_windows

__all__ = ["Prefixed", "active_address"]

_BROWSERS = frozenset({"Google Chrome", "Chromium"})
_BAR = "Address and search bar"
_ACTIVE = "{https://accessibility.ubuntu.example.org/ns/state}active"
_PATIENCE_S = 10.0
_LOOK_S = 0.05

# The bar leaves out `https://`, `http://` and `www.` until one clicks into it, and nothing else.
_WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|about:|data:|view-source:")


class Prefixed(msgspec.Struct):
    """The address of the tab in front.

    Args:
        goto_prefix: what the address bar does not show of it, and is put before.
    """

    goto_prefix: str = "https://"


@getters.register("active_url_from_accessTree")
def active_address(backend: Backend, config: dict[str, Any]) -> str | None:
    """The address of the tab in front, as the address bar has it, ``goto_prefix`` before it; None if there is none.

    An address that the bar shows with what stands before ``://`` is taken as it is.
    """
    text = _shown(backend)
    if not text:
        return None
    return text if _WHOLE.match(text) else f"{config.get('goto_prefix', 'https://')}{text}"


def _shown(backend: Backend) -> str | None:
    """The text of the address bar; None if there is none."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        found = _bar(backend)
        # A browser that was just started has a window before it tells what is in it.
        if found is not None or time.monotonic() > until or not browser_windows(backend):
            return found
        time.sleep(_LOOK_S)


def _bar(backend: Backend) -> str | None:
    tree = backend.observe(["accessibility_tree"])["accessibility_tree"]
    if not tree:
        return None
    try:
        bars = list(_bars(etree.fromstring(str(tree).encode())))
    except etree.XMLSyntaxError:
        return None
    in_front = [text for text, active in bars if active]
    return next(iter(in_front or [text for text, _ in bars]), None)


def _bars(tree: etree._Element) -> Iterator[tuple[str, bool]]:
    """What each window's bar says, and whether it is the window in front."""
    for application in tree.iter("application"):
        if application.get("name") in _BROWSERS:
            for entry in application.iter("entry"):
                if entry.get("name") == _BAR:
                    frame = next(entry.iterancestors("frame"), None)
                    yield entry.text or "", frame is not None and frame.get(_ACTIVE) == "true"


getter_forms.register("active_url_from_accessTree", Prefixed)
getter_needs.register("active_url_from_accessTree", ("accessibility_tree",))
