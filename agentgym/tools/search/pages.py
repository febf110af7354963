"""A page: a text without markup, and where its links lead."""

from __future__ import annotations

import re
from urllib.parse import urldefrag, urljoin

import msgspec

__all__ = ["Hit", "Link", "Page", "from_markdown", "from_text", "led_to", "revised_in"]

_REVISED = re.compile(r"^last revised: *(\d{4}-\d{2}-\d{2})\b", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
# An image shows its words and leads nowhere.
_MARKED = re.compile(r"(!?)\[([^\[\]]*)\]\(<?([^()\s>]+)>?(?: +\"[^\"]*\")?\)|<(https?://[^\s>]+)>")


class Link(msgspec.Struct, frozen=True, array_like=True):
    """A link: the text that stands before ``end`` leads to ``address``."""

    end: int
    address: str


class Page(msgspec.Struct, frozen=True):
    """A page. ``revised`` is a date in ISO's form, None where the page does not say."""

    address: str
    title: str
    text: str
    links: tuple[Link, ...] = ()
    revised: str | None = None


class Hit(msgspec.Struct, frozen=True):
    """A page that was found."""

    title: str
    address: str
    snippet: str
    revised: str | None = None


def from_text(address: str, text: str, title: str | None = None) -> Page:
    """A page of plain text; its title is its first line."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), address)
    return Page(address, title or first, text.strip(), revised=revised_in(text))


def from_markdown(address: str, text: str, title: str | None = None) -> Page:
    """A page of Markdown. Links inside the same page are none; tables and lists stay as they are."""
    heading = _HEADING.search(text)
    parts: list[str] = []
    links: list[Link] = []
    done = length = 0
    source = text.strip()
    for found in _MARKED.finditer(source):
        image, words, target, bare = found.groups()
        parts.append(source[done : found.start()] + (words if bare is None else bare))
        length += len(parts[-1])
        done = found.end()
        leads_to = led_to(address, bare or target)
        if not image and leads_to is not None:
            links.append(Link(length, leads_to))
    plain = "".join([*parts, source[done:]])
    named = title or (_MARKED.sub(r"\2", heading[1]) if heading else address)
    return Page(address, named, plain, tuple(links), revised_in(plain))


def led_to(address: str, target: str) -> str | None:
    """Where a link on the page at ``address`` leads; None if it is to the page itself, or to nothing that is a page."""
    try:
        found = urldefrag(urljoin(address, target)).url
    except ValueError:
        # Such as an IPv6 address without its bracket: what a page says need not be an address.
        return None
    if found == address or found.partition(":")[0] in {"mailto", "javascript", "tel", "data"}:
        return None
    return found


def revised_in(text: str) -> str | None:
    """The date that a line ``Last revised: 2025-03-14`` gives."""
    found = _REVISED.search(text)
    return found[1] if found else None
