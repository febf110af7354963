"""A live search: any server with SearXNG's JSON API, https://docs.searxng.org/dev/search_api.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from agentgym.errors import BackendError, ToolError, UsageError
from agentgym.tools.search.html import from_html
from agentgym.tools.search.pages import Hit, Page, from_markdown, from_text
from agentgym.tools.search.web import Got, get

__all__ = ["Searxng", "searxng"]


class _Result(msgspec.Struct, frozen=True):
    url: str
    title: str | None = None
    content: str | None = None
    publishedDate: str | None = None  # noqa: N815 - its name in the API


class _Answer(msgspec.Struct, frozen=True):
    results: tuple[_Result, ...]


class Searxng(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks a server for results, and fetches pages from where they are.

    What it finds differs from day to day: an episode with it cannot be played again.

    Args:
        address: of the search, such as ``"https://search.example.org/search"``; JSON must be among its formats.
        parameters: sent with each search, such as ``{"language": "en"}``.
        allow: hosts whose pages may be opened though they are in a private network, or on this machine. Others may not,
            so that an agent cannot reach through this process what it should not.
        timeout_s: for a search or a page, redirects and all.
    """

    address: str
    parameters: dict[str, str] = {}
    allow: tuple[str, ...] = ()
    timeout_s: float = 20.0

    def __post_init__(self) -> None:
        if urlsplit(self.address).scheme not in {"http", "https"}:
            raise ValueError(f"address is {self.address!r}; it must begin with http:// or https://")
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s is {self.timeout_s}; it must be over 0")

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """The first results.

        Raises:
            BackendError: if the server does not answer with results, which is no fault of the agent's.
        """
        if not query.strip():
            raise ValueError("no word to search for")
        asked = urlencode({**self.parameters, "q": query, "format": "json"})
        host = urlsplit(self.address).hostname or ""
        joint = "&" if "?" in self.address else "?"
        try:
            got = get(f"{self.address}{joint}{asked}", allow=(host,), timeout_s=self.timeout_s)
            answer = msgspec.json.decode(got.body, type=_Answer)
        except ToolError as error:
            raise BackendError(f"the search does not answer: {error}", kind="network") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            says = f"{self.address} does not answer with results in JSON: {error}"
            raise BackendError(says, kind="network") from error
        return [
            Hit(one.title or one.url, one.url, one.content or "", (one.publishedDate or "")[:10] or None)
            for one in answer.results[:limit]
        ]

    def page(self, address: str) -> Page | None:
        """The page, as it is now; None where the server says that there is none."""
        got = get(address, allow=self.allow, timeout_s=self.timeout_s)
        return None if got.status in {404, 410} else _read(got)


def searxng(config: Mapping[str, Any]) -> Searxng:
    """The search that a task configures.

    Raises:
        UsageError: if the configuration is mistaken; it says where.
    """
    try:
        return msgspec.convert({key: config[key] for key in config if key != "provider"}, Searxng)
    except msgspec.ValidationError as error:
        raise UsageError(f"metadata.search: {error}") from error


def _read(got: Got) -> Page:
    if got.kind in {"text/html", "application/xhtml+xml"}:
        return from_html(got.address, got.body if got.charset is None else got.text())
    if got.kind == "text/markdown":
        return from_markdown(got.address, got.text())
    if got.kind.startswith("text/") or got.kind in {"application/json", "application/xml"}:
        return from_text(got.address, got.text(), got.address)
    raise ToolError(f"{got.address} is {got.kind}, which cannot be shown as text")
