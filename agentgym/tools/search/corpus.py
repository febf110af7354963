"""A corpus: pages in SQLite's full-text index, searched the same way every time."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock
from weakref import finalize

import msgspec

from agentgym.errors import UsageError
from agentgym.tools.search.pages import Hit, Link, Page

__all__ = ["Corpus", "write_corpus"]

_SCHEMA = """
CREATE TABLE page (
    id INTEGER PRIMARY KEY, address TEXT UNIQUE NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, links BLOB NOT NULL,
    revised TEXT
);
CREATE VIRTUAL TABLE found USING fts5 (
    title, text, content='page', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);
"""
_FILL = "INSERT INTO found (found) VALUES ('rebuild')"
# A word in the title counts for four in the text. Pages that fit alike are told apart by their addresses.
_SEARCH = """
SELECT page.title, page.address, snippet(found, 1, '', '', '…', 24), page.revised
FROM found JOIN page ON page.id = found.rowid
WHERE found MATCH ? ORDER BY round(bm25(found, 4.0, 1.0), 9), page.address LIMIT ?
"""
_PAGE = "SELECT address, title, text, links, revised FROM page WHERE address = ?"
# "Corpus" in ASCII: a database that is none of ours is told apart from one that is.
_MARK = 0x436F7270
_TERM = re.compile(r'"([^"]*)"|(\S+)')
_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"(?:\s|\||^#+ |\B#+ |-{3,})+")
_MOST_WORDS = 64


class Corpus:
    """Pages that can be searched. It may be used from several threads.

    Args:
        source: pages, which are kept in memory, or the path of a file that `write_corpus` wrote, which is only read.

    Raises:
        UsageError: if the file is not there, or is none of ours.
    """

    def __init__(self, source: Iterable[Page] | Path) -> None:
        self._lock = Lock()
        if isinstance(source, Path):
            self._database = _opened(source)
        else:
            self._database = sqlite3.connect(":memory:", check_same_thread=False)
            _fill(self._database, source)
        # Those that are made for tasks are dropped, not closed, when there are too many.
        self._closing = finalize(self, self._database.close)

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """The pages that fit best, the best first: those with all of the words, or else with any of them.

        What stands in double quotes must stand so in the page.

        Raises:
            ValueError: if there is no word in the query.
        """
        phrases, words = _read(query)
        # First those that have everything; common words alone must not bring up what has little else.
        ways = [" AND ".join([*phrases, *words])]
        if len(words) > 1:
            ways.append(" AND ".join([*phrases, f"({' OR '.join(words)})"]))
        with self._lock:
            hits: dict[str, Hit] = {}
            for way in ways:
                for row in self._database.execute(_SEARCH, (way, limit)):
                    hits.setdefault(row[1], Hit(row[0], row[1], _MARKUP.sub(" ", row[2]).strip(), row[3]))
        return list(hits.values())[:limit]

    def page(self, address: str) -> Page | None:
        """The page at an address, None if there is none."""
        with self._lock:
            row = self._database.execute(_PAGE, (address,)).fetchone()
        return None if row is None else Page(row[0], row[1], row[2], msgspec.json.decode(row[3], type=_Links), row[4])

    def __len__(self) -> int:
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM page").fetchone()[0])

    def close(self) -> None:
        self._closing()


_Links = tuple[Link, ...]


def write_corpus(pages: Iterable[Page], path: Path) -> int:
    """Writes pages into a file that `Corpus` reads, in place of what is there; how many there are.

    Raises:
        OSError: if it cannot be written there.
        UsageError: if two pages have one address.
    """
    partial = path.with_name(f"{path.name}.partial")
    # Emptied, and found out whether it can be written: SQLite says no more than that it could not.
    partial.write_bytes(b"")
    try:
        with closing(sqlite3.connect(partial)) as database:
            count = _fill(database, pages)
            database.execute("VACUUM")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _fill(database: sqlite3.Connection, pages: Iterable[Page]) -> int:
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA application_id = {_MARK}")
    count = 0
    for page in sorted(pages, key=lambda page: page.address):
        row = (page.address, page.title, page.text, msgspec.json.encode(page.links), page.revised)
        try:
            database.execute("INSERT INTO page (address, title, text, links, revised) VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise UsageError(f"two pages of the corpus have the address {page.address!r}") from error
        count += 1
    database.execute(_FILL)
    database.commit()
    return count


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise UsageError(f"no corpus at {str(path)!r}; `agentgym tools corpus FOLDER --out FILE` makes one")
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    try:
        mark = database.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{str(path)!r} is no corpus: {error}") from error
    if mark != _MARK:
        raise UsageError(f"{str(path)!r} is a database, but no corpus of `agentgym tools corpus`")
    return database


def _read(query: str) -> tuple[list[str], list[str]]:
    """The phrases and the words of a query, quoted so that FTS5 takes none of them for its own language."""
    phrases: list[str] = []
    words: list[str] = []
    for quoted, bare in _TERM.findall(query):
        found = _WORD.findall(quoted or bare)
        if quoted and found:
            phrases.append(f'"{" ".join(found)}"')
        else:
            words += [f'"{word}"' for word in found]
    if not phrases and not words:
        raise ValueError(f"no word to search for in {query!r}")
    return phrases[:_MOST_WORDS], list(dict.fromkeys(words))[:_MOST_WORDS]
