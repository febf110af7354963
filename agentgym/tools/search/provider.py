"""Who searches: the corpus that a task names, or a live search that it configures."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from agentgym.errors import UsageError
from agentgym.registry import Registry
from agentgym.tasks import Task
from agentgym.tools.search.corpus import Corpus
from agentgym.tools.search.pages import Hit, Page, from_markdown
from agentgym.tools.search.reading import read_folder

__all__ = ["ProviderMaker", "SearchProvider", "corpus_at", "pages_of", "provider_of", "search_providers"]

_WORLD = re.compile(r"world(?::(\d{1,18}))?")
_CORPORA_KEPT = 16


class SearchProvider(Protocol):
    """Searches, and shows pages."""

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """The pages that fit, the best first, ``limit`` at most.

        Raises:
            ValueError: if nothing can be searched for with this query.
            BackendError: if the search did not answer.
        """

    def page(self, address: str) -> Page | None:
        """The page at an address, None if there is none.

        Raises:
            ToolError: if it could not be fetched.
        """


ProviderMaker: TypeAlias = Callable[[Mapping[str, Any]], SearchProvider]

search_providers: Registry[ProviderMaker] = Registry("search provider")
"""What makes a provider of its part of a task's ``metadata["search"]``, by the name under ``provider`` there."""
search_providers.register("corpus", lambda config: corpus_at(config.get("corpus", "world")))
search_providers.register_lazily("searxng", "agentgym.tools.search.searxng:searxng")


def provider_of(task: Task) -> SearchProvider:
    """Who searches in a task.

    ``metadata["search"]`` is ``{"provider": name, …}``; or ``metadata["corpus"]`` names a corpus; without either it is
    the made-up country that is shipped.

    Raises:
        UsageError: if there is no such provider or corpus.
    """
    config = task.metadata.get("search")
    if config is None:
        return corpus_at(task.metadata.get("corpus", "world"))
    if not isinstance(config, Mapping) or not isinstance(config.get("provider"), str):
        raise UsageError(f"metadata.search is {config!r}; it must be like {{'provider': 'searxng', 'address': '…'}}")
    return search_providers[config["provider"]](config)


def corpus_at(source: str | Path) -> Corpus:
    """The corpus of a name: ``"world"``, ``"world:7"`` (another country), a file of `write_corpus`, or a folder.

    It is made once a process; a file or folder that has changed since is read again.

    Raises:
        UsageError: if there is none.
    """
    if not isinstance(source, str | Path):
        raise UsageError(f"a corpus is 'world', 'world:7' or a path, not {source!r}")
    return _made(str(source), os.getpid(), _changed(Path(source)))


def pages_of(source: str | Path) -> Iterator[Page]:
    """The pages of ``"world"``, ``"world:7"`` or a folder.

    Raises:
        UsageError: if there is no such folder, or a file in it cannot be read.
    """
    world = _WORLD.fullmatch(str(source))
    if world is None:
        return read_folder(Path(source))
    return _of_world(int(world[1] or 0))


@lru_cache(maxsize=_CORPORA_KEPT)
def _made(source: str, _process: int, _changed_at: object) -> Corpus:
    """A corpus. A database's connection must not be used in a process that was forked off."""
    path = Path(source)
    if _WORLD.fullmatch(source) or path.is_dir():
        return Corpus(pages_of(source))
    return Corpus(path)


def _of_world(seed: int) -> Iterator[Page]:
    from agentgym.tools.world import make_world, pages

    return (from_markdown(address, text) for address, text in pages(make_world(seed)))


def _changed(path: Path) -> object:
    if path.is_dir():
        return tuple(sorted((str(one), one.stat().st_mtime_ns) for one in path.rglob("*") if one.is_file()))
    return path.stat().st_mtime_ns if path.is_file() else None
