"""What every search promises, as a check for one of one's own."""

from __future__ import annotations

from agentgym.tools.search import Page, SearchProvider

__all__ = ["check_search_provider"]

_FEW = 3


def check_search_provider(provider: SearchProvider, *, query: str, nowhere: str) -> None:
    """Searches, and opens what is found.

    Args:
        query: finds something, of which the first page can be opened.
        nowhere: an address without a page.

    Raises:
        AssertionError: says which promise is broken.
    """
    hits = provider.search(query, _FEW)
    assert hits, f"{query!r} must find something"
    assert len(hits) <= _FEW, f"at most {_FEW} pages were asked for; got {len(hits)}"
    addresses = [hit.address for hit in hits]
    assert len(set(addresses)) == len(hits), f"a page must not be listed twice; got {addresses}"
    assert all(hit.address and hit.title for hit in hits), f"each page must have a title and an address; got {hits}"
    assert len(provider.search(query, 1)) == 1, "one page was asked for"
    _check_page(provider.page(hits[0].address), hits[0].address)
    assert provider.page(nowhere) is None, f"the page at {nowhere!r}, where there is none, must be None"
    try:
        provider.search(" ", _FEW)
    except ValueError:
        return
    raise AssertionError("a query without a word must be a ValueError")


def _check_page(page: Page | None, address: str) -> None:
    assert page is not None, f"what was found must be there: {address}"
    assert page.text, f"the page {address} must have a text"
    ends = [link.end for link in page.links]
    assert ends == sorted(ends), f"links must be in their order in the text; got {ends}"
    assert all(0 <= end <= len(page.text) for end in ends), f"links must end within the text; got {ends}"
