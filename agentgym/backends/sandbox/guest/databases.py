"""SQL on behalf of an agent: statements on a SQLite file of its own."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from .files import Refused, place_of

_MOST_ROWS = 1000


def sql(database: str, statement: str, parameters: list[Any] | None = None) -> dict[str, Any]:
    """Runs one statement and commits.

    Returns:
        ``columns`` and ``rows`` of what it selects, or how many rows it ``changed``.
    """
    place = place_of(database)
    if os.path.isdir(place):
        raise Refused(f"{database} is a folder")
    try:
        connection = sqlite3.connect(place, timeout=2.0, isolation_level=None)
    except sqlite3.Error as error:
        raise Refused(f"{database}: {error}") from error
    try:
        return _ran(connection, statement, parameters or [])
    except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError) as error:
        raise Refused(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _ran(connection: sqlite3.Connection, statement: str, parameters: list[Any]) -> dict[str, Any]:
    connection.set_authorizer(_only_here)
    cursor = connection.execute(statement, parameters)
    if cursor.description is None:
        return {"changed": max(cursor.rowcount, 0)}
    rows = cursor.fetchmany(_MOST_ROWS + 1)
    if len(rows) > _MOST_ROWS:
        raise Refused(f"more than {_MOST_ROWS} rows; use LIMIT or a count")
    return {"columns": [one[0] for one in cursor.description], "rows": [[_plain(cell) for cell in row] for row in rows]}


def _only_here(action: int, *_: Any) -> int:
    # Another file would be outside of what was checked.
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK


def _plain(cell: Any) -> Any:
    return f"x'{cell.hex()}'" if isinstance(cell, bytes) else cell
