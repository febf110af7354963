"""HTML as the text that a reader sees, a line for each block, and where its links lead."""

from __future__ import annotations

import re

from lxml import etree, html

from agentgym.tools.search.pages import Link, Page, led_to, revised_in

__all__ = ["from_html"]

_UNSEEN = frozenset({"head", "noscript", "script", "style", "template", "svg"})
_PARTS = frozenset({"address", "article", "aside", "body", "div", "footer", "form", "header", "main", "nav", "section"})
_TEXTS = frozenset({"blockquote", "br", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre"})
_LISTS = frozenset({"dd", "dl", "dt", "li", "ol", "table", "tbody", "thead", "tr", "ul"})
_BLOCKS = _PARTS | _TEXTS | _LISTS
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"\s+")


def from_html(address: str, source: bytes | str) -> Page:
    """A page of HTML; its title is its ``title``, or else its first heading."""
    # As text of a known encoding, or bytes that say theirs; a declaration in text would be a second one.
    parser = html.HTMLParser(encoding="utf-8" if isinstance(source, str) else None, huge_tree=True)
    content = source.encode("utf-8", "replace") if isinstance(source, str) else source
    try:
        root = html.document_fromstring(content, parser=parser)
    except etree.ParserError:
        # Nothing, or nothing but comments.
        return Page(address, address, "")
    flow = _Flow(address)
    flow.read(root)
    text, links = flow.written()
    title = next((found for tag in ("title", "h1") for one in root.iter(tag) if (found := _words(one))), address)
    return Page(address, title, text, links, revised_in(text))


def _words(element: html.HtmlElement) -> str:
    return _SPACE.sub(" ", element.text_content()).strip()


class _Flow:
    """Text as it is put together: one space between words, at most one empty line between blocks."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._parts: list[str] = []
        self._length = 0
        self._links: list[Link] = []
        # What stands between the last words and the next ones, if any come.
        self._gap = ""

    def read(self, element: html.HtmlElement) -> None:
        """Reads an element, without recursion: foreign pages are nested as deep as they like."""
        left: list[tuple[html.HtmlElement, bool]] = [(element, False)]
        while left:
            one, seen = left.pop()
            if seen:
                self._leave(one)
                self._say(one.tail)
            elif not isinstance(one.tag, str) or one.tag in _UNSEEN:
                self._say(one.tail)
            else:
                self._enter(one)
                left.append((one, True))
                left += [(child, False) for child in reversed(one)]

    def written(self) -> tuple[str, tuple[Link, ...]]:
        return "".join(self._parts), tuple(self._links)

    def _enter(self, element: html.HtmlElement) -> None:
        if element.tag in _BLOCKS:
            self._gap = "\n"
        if element.tag in _CELLS and element.getprevious() is not None:
            self._gap = " | "
        if element.tag == "li":
            self._say("- ")
        self._say(element.text)

    def _leave(self, element: html.HtmlElement) -> None:
        if element.tag in _BLOCKS:
            self._gap = "\n"
        target = element.get("href") if element.tag == "a" else None
        leads_to = led_to(self._address, target.strip()) if target else None
        if leads_to is not None:
            self._links.append(Link(self._length, leads_to))

    def _say(self, text: str | None) -> None:
        if not text:
            return
        words = _SPACE.sub(" ", text)
        if words.startswith(" ") and not self._gap:
            self._gap = " "
        if words.strip():
            piece = (self._gap if self._parts else "") + words.strip()
            self._parts.append(piece)
            self._length += len(piece)
            self._gap = " " if words.endswith(" ") else ""
