"""HTML elements, in which all text is escaped that is not `Html` already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

__all__ = ["Html", "card", "element", "table"]

_VOID = frozenset({"img", "input", "rect", "line"})
_LINE = "1px solid rgba(128,128,128,.35)"
_CARD = f"border:{_LINE};border-radius:6px;padding:10px 14px;margin:4px 0;max-width:900px;box-sizing:border-box"
_CELL = "text-align:left;padding:2px 14px 2px 0;vertical-align:top;background:none;border:none"


class Html(str):
    """HTML, in which what came from outside is escaped already."""

    __slots__ = ()


def element(name: str, *inside: str | Html, **attributes: object) -> Html:
    """One element: ``element("b", text)``.

    Args:
        inside: what stands in it; only `Html` is taken as it is.
        attributes: by name, ``class_`` for ``class``; True gives one without value, False and None none.
    """
    said = "".join(_attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    if name in _VOID:
        # Those of SVG would otherwise hold what follows them.
        return Html(f"<{name}{said}/>")
    return Html(f"<{name}{said}>{''.join(map(_text, inside))}</{name}>")


def table(head: Iterable[str], rows: Iterable[Iterable[str | Html]]) -> Html:
    """A table that takes its colours from the page."""
    top = [element("th", cell, style=f"{_CELL};font-weight:600") for cell in head]
    lines = [
        element("tr", *(element("td", cell, style=_CELL) for cell in row), style="background:none") for row in rows
    ]
    first = [element("tr", *top)] if top else []
    return element("table", *first, *lines, style="border-collapse:collapse;border:none;margin:2px 0;font-size:13px")


def card(title: str, facts: Mapping[str, str | Html], *below: Html) -> Html:
    """A frame with a title, facts by name, and what stands below them."""
    faint = "opacity:.65"
    rows = [(element("span", name, style=faint), value) for name, value in facts.items()]
    heading = element("div", title, style="font-weight:600;margin-bottom:4px;font-size:14px")
    return element("div", heading, table((), rows), *below, class_="agentgym", style=_CARD)


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _text(inside: str | Html) -> str:
    return inside if isinstance(inside, Html) else escape(inside)
