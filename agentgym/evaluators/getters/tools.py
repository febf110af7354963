"""Getters of what tools left behind: the answer, findings, calls, rows of a database."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.files import read_file
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters, reads_kept

__all__ = ["answer", "evidence", "findings", "sqlite_rows", "tool_calls"]

_QUERY_PATIENCE_S = 10.0
# What an agent left may be made to fill our memory or to keep us busy: a view gives as much as it likes.
_MOST_BYTES = 32 << 20
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 18,
    sqlite3.SQLITE_LIMIT_COLUMN: 128,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
}
# The clock is looked at this often. A single step takes up to a third of a second: a search in the longest text.
_STEPS_A_LOOK = 50
_MODES = 18
"""Where the file's header says how it is read and written."""
_JOURNAL_MARK = bytes.fromhex("d9d505f920a163d7")


class Left(msgspec.Struct):
    """What was left.

    Args:
        name: under which a tool or a service leaves it.
    """

    name: str


class Query(msgspec.Struct):
    """A question to a database.

    Args:
        path: where its file is.
        query: in SQL; nothing can be changed by it.
    """

    path: str
    query: str


@getters.register("answer")
def answer(_backend: Backend, config: dict[str, Any]) -> str:
    """The text that the agent submitted.

    Raises:
        FileNotFoundError: if it submitted none.
    """
    return _left(config, "answer").decode("utf-8", "surrogatepass")


@getters.register("findings")
def findings(_backend: Backend, config: dict[str, Any]) -> list[Any]:
    """What the agent saved as its findings, in their order; none if it saved none."""
    kept: Mapping[str, bytes] = config["kept"]
    return msgspec.json.decode(kept.get("findings.json", b"[]"), type=list[Any])


@getters.register("tool_calls")
def tool_calls(_backend: Backend, config: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of tools, ``{"name", "arguments", "ok"}``, in their order.

    Raises:
        FileNotFoundError: if the environment has no tools.
    """
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in _left(config, "calls.jsonl").splitlines()]


@getters.register("evidence")
def evidence(_backend: Backend, config: dict[str, Any]) -> Any:
    """What a tool or a service left under the name ``name``, which is JSON.

    Raises:
        FileNotFoundError: if nothing was.
    """
    return msgspec.json.decode(_left(config, config["name"]))


@getters.register("sqlite_rows")
def sqlite_rows(backend: Backend, config: dict[str, Any]) -> list[list[Any]]:
    """What ``query`` gives of the SQLite database at ``path``, a list for each row.

    The database is read from a copy, with what its write-ahead log holds, and without what a broken-off change has
    left in it. A value may have up to 256 KB.

    Raises:
        FileNotFoundError: if there is no such file, it is no database, the query cannot be made of what is in it, or
            gives more than 32 MB.
        ValueError: if the query is no SQL or would change something, which is a fault of the task.
    """
    path, query = config["path"], config["query"]
    _check_syntax(query)
    content, beside = read_file(backend, path), _beside(backend, path)
    try:
        return _rows_with(beside, content, query) if beside else _rows_of(content, query)
    except sqlite3.DatabaseError as error:
        # Its words may be the agent's, as the name of a table is.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY:
            raise ValueError(f"the query {query!r} would change the database") from error
        raise FileNotFoundError(f"no rows of {query!r} in {path!r}: {error}") from error


def _left(config: dict[str, Any], name: str) -> bytes:
    kept: Mapping[str, bytes] = config["kept"]
    if name not in kept:
        raise FileNotFoundError(f"nothing was left as {name!r}; there is {', '.join(kept) or 'nothing'}")
    return kept[name]


def _rows_of(content: bytes, query: str) -> list[list[Any]]:
    with closing(sqlite3.connect(":memory:")) as database:
        # An empty file is an empty database, which `deserialize` does not know.
        if content:
            # In memory there is no write-ahead log, not even the empty one that the header may ask for.
            modes = content[_MODES : _MODES + 2].replace(b"\2", b"\1")
            database.deserialize(content[:_MODES] + modes + content[_MODES + 2 :])
        database.execute("PRAGMA query_only = ON")
        return _rows(database, query)


def _beside(backend: Backend, path: str) -> Mapping[str, bytes]:
    """By the ends of their names, the files beside a database without which it is not whole; most have none."""
    found: dict[str, bytes] = {}
    for end in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            found[end] = read_file(backend, f"{path}{end}")
    # One that ends so names a further file, of any place on this machine, which SQLite would delete.
    return {end: content for end, content in found.items() if content and not content.endswith(_JOURNAL_MARK)}


def _rows_with(beside: Mapping[str, bytes], content: bytes, query: str) -> list[list[Any]]:
    with tempfile.TemporaryDirectory(prefix="agentgym-rows-") as folder:
        copy = Path(folder, "database")
        copy.write_bytes(content)
        for end, kept in beside.items():
            copy.with_name(f"database{end}").write_bytes(kept)
        # To be written, too, because what was broken off is taken back in the file.
        with closing(sqlite3.connect(f"file:{copy}?mode=rw", uri=True)) as database:
            database.execute("PRAGMA query_only = ON")
            return _rows(database, query)


def _rows(database: sqlite3.Connection, query: str) -> list[list[Any]]:
    until = time.monotonic() + _QUERY_PATIENCE_S
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS_A_LOOK)
    for limit, most in _LIMITS.items():
        database.setlimit(limit, most)
    database.execute("PRAGMA trusted_schema = OFF")
    found, size = [], 0
    for row in database.execute(query):
        size += sys.getsizeof(row) + sum(map(sys.getsizeof, row))
        if size > _MOST_BYTES:
            raise sqlite3.DataError(f"there is more than {_MOST_BYTES >> 20} MB")
        found.append(list(row))
    return found


def _check_syntax(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as empty:
        try:
            empty.execute(f"EXPLAIN {query}")
        except sqlite3.Error as error:
            if "syntax error" in str(error) or "incomplete input" in str(error) or "unrecognized token" in str(error):
                raise ValueError(f"the query {query!r} is no SQL: {error}") from error


for _name in ("answer", "evidence", "findings", "tool_calls"):
    reads_kept.register(_name, True)
getter_forms.register("answer", Nothing)
getter_forms.register("evidence", Left)
getter_forms.register("findings", Nothing)
getter_forms.register("sqlite_rows", Query)
getter_forms.register("tool_calls", Nothing)
