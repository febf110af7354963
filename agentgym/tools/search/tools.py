"""The tools ``web_search`` and ``open_page``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from pydantic import Field

from agentgym.errors import BackendError, ToolError, UsageError
from agentgym.tools.context import ToolContext
from agentgym.tools.decorator import tool
from agentgym.tools.search.pages import Hit, Page
from agentgym.tools.search.provider import SearchProvider, provider_of
from agentgym.tools.tool import Tool

__all__ = ["Visits", "open_page", "search_tools", "web_search"]

_STATE = "web"
_NUMBER = re.compile(r"\[?(\d{1,4})\]?")


@dataclass
class Visits:
    """Where an episode has been: part of what it is judged by, as ``pages.json``.

    Args:
        opened: the addresses of the pages that were opened, each once.
        links: where the numbered links of the last of them lead.
    """

    opened: list[str] = field(default_factory=list)
    links: tuple[str, ...] = ()

    def evidence(self) -> Mapping[str, bytes]:
        """The addresses that were opened, sorted: which was first says nothing."""
        return {"pages.json": msgspec.json.encode(sorted(self.opened))}


def search_tools(provider: SearchProvider | None = None) -> list[Tool]:
    """``web_search`` and ``open_page``.

    Args:
        provider: who searches; None for the one that the task names, which is the shipped corpus if it names none. If
            there is none of that name, a call is a `BackendError`.
    """

    def asked(context: ToolContext) -> SearchProvider:
        if provider is not None:
            return provider
        try:
            return provider_of(context.task)
        except UsageError as error:
            # No fault of the agent's, which is not to be scored for it.
            raise BackendError(f"there is nothing to search in the task {context.task.id!r}: {error}") from error

    @tool
    def web_search(
        query: Annotated[str, Field(min_length=1, max_length=500)],
        context: ToolContext,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> str:
        """Searches the web and lists the pages that fit best: title, address, date, and a piece of the text.

        Args:
            query: words to look for; "words in double quotes" must stand so in the page.
            limit: the most pages to list.
        """
        searches = asked(context)
        try:
            hits = searches.search(query, limit)
        except ValueError as error:
            raise ToolError(str(error)) from error
        return _listed(hits) if hits else f"Nothing was found for {query!r}. Other or fewer words may find more."

    @tool
    def open_page(
        address: Annotated[str, Field(min_length=1, max_length=2_000)],
        context: ToolContext,
        offset: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=100, le=20_000)] = 6_000,
    ) -> str:
        """Shows the text of a page, with its links numbered.

        Args:
            address: of the page; or the number of a link on the page that was opened last, such as "3".
            offset: the character to begin with, to read on in a long page.
            limit: the most characters to show.
        """
        visits: Visits = context.state.setdefault(_STATE, Visits())
        target = _meant(address.strip(), visits)
        page = asked(context).page(target)
        if page is None:
            raise ToolError(f"there is no page at {target!r}; web_search finds addresses")
        if offset and offset >= len(page.text):
            raise ToolError(f"offset is {offset}, but the page has {len(page.text)} characters")
        visits.links = tuple(dict.fromkeys(link.address for link in page.links))
        visits.opened += [] if page.address in visits.opened else [page.address]
        return _shown(page, visits.links, offset, limit)

    return [web_search, open_page]


web_search, open_page = search_tools()


def _meant(address: str, visits: Visits) -> str:
    number = _NUMBER.fullmatch(address)
    if number is None:
        return address
    if not 1 <= int(number[1]) <= len(visits.links):
        raise ToolError(f"no link {number[1]}; the page that was opened last has {len(visits.links)}")
    return visits.links[int(number[1]) - 1]


def _listed(hits: Sequence[Hit]) -> str:
    return "\n".join(
        f"{rank}. {hit.title}\n   {hit.address}{f' (revised {hit.revised})' if hit.revised else ''}\n   {hit.snippet}"
        for rank, hit in enumerate(hits, 1)
    )


def _shown(page: Page, links: Sequence[str], offset: int, limit: int) -> str:
    end = min(offset + limit, len(page.text))
    revised = f", revised {page.revised}" if page.revised else ""
    parts: list[str] = []
    seen: dict[int, str] = {}
    done = offset
    for link in page.links:
        if offset < link.end <= end:
            number = links.index(link.address) + 1
            parts.append(f"{page.text[done : link.end]} [{number}]")
            seen[number] = link.address
            done = link.end
    parts.append(page.text[done:end])
    listed = "".join(f"\n[{number}] {address}" for number, address in sorted(seen.items()))
    more = f"\nThe page goes on: offset={end} shows more." if end < len(page.text) else ""
    return (
        f"{page.title}\n{page.address}{revised}, characters {offset} to {end} of {len(page.text)}\n\n{''.join(parts)}\n"
        f"{f'{chr(10)}Links:{listed}' if listed else ''}{more}"
    )
