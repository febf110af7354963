"""Searching and reading pages: a corpus, which is the same every time, or a live search."""

from agentgym.tools.search.corpus import Corpus, write_corpus
from agentgym.tools.search.html import from_html
from agentgym.tools.search.pages import Hit, Link, Page, from_markdown, from_text
from agentgym.tools.search.provider import SearchProvider, corpus_at, pages_of, provider_of, search_providers
from agentgym.tools.search.reading import read_folder
from agentgym.tools.search.searxng import Searxng
from agentgym.tools.search.tools import open_page, search_tools, web_search

__all__ = [
    "Corpus",
    "Hit",
    "Link",
    "Page",
    "SearchProvider",
    "Searxng",
    "corpus_at",
    "from_html",
    "from_markdown",
    "from_text",
    "open_page",
    "pages_of",
    "provider_of",
    "read_folder",
    "search_providers",
    "search_tools",
    "web_search",
    "write_corpus",
]
