"""Addresses of the web, as OSWorld compares them."""

from __future__ import annotations

import functools
import re
from typing import Any
from urllib.parse import ParseResult, urlparse, urlunparse

from agentgym.extras import needed

__all__ = ["host_of", "same_address", "without_query"]

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+\-.]*://")


def same_address(one: str | None, other: str | None) -> bool:
    """Whether two addresses are the same but for what may differ between countries and browsers.

    ``www.`` alone before the domain, the domain's suffix (``.com``, ``.co.uk``), its port and a lone ``/`` as path
    do not count; an address without a scheme is one of ``http://``. One that is none is the same as no other.

    Raises:
        MissingDependencyError: if tldextract is not installed.
    """
    if one is None or other is None:
        return one is other
    plain = _plain(one)
    return plain is not None and plain == _plain(other)


def without_query(address: str) -> str | None:
    """The address without what follows its ``?``; None if it is none."""
    try:
        return urlunparse(urlparse(address)._replace(query=""))
    except ValueError:
        return None


def host_of(address: str) -> tuple[str, str] | None:
    """The subdomain, and the domain without its suffix; None if it is no address."""
    parsed = _parsed(address)
    return None if parsed is None else _host(parsed)


def _plain(address: str) -> str | None:
    parsed = _parsed(address)
    if parsed is None:
        return None
    subdomain, domain = _host(parsed)
    host = domain if subdomain in ("", "www") else f"{subdomain}.{domain}"
    path = "" if parsed.path == "/" else parsed.path
    return urlunparse(parsed._replace(scheme=parsed.scheme.lower(), netloc=host, path=path))


def _host(parsed: ParseResult) -> tuple[str, str]:
    found = _extract()(parsed.netloc.lower())
    return found.subdomain, found.domain


def _parsed(address: str) -> ParseResult | None:
    try:
        return urlparse(address if _SCHEME.match(address) else f"http://{address}")
    except ValueError:
        return None


@functools.cache
def _extract() -> Any:
    # With the list of suffixes that comes with it: it would fetch a newer one.
    return needed("tldextract", extra="browser").TLDExtract(cache_dir=None, suffix_list_urls=())
