"""SQLite databases that tasks are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentgym.suites.toolmaking import getter, rule
from agentgym.tasks import Check, SetupStep

__all__ = ["lay_database", "quoted", "rows_are", "table_sql"]

_FILL = "import os, sqlite3, sys; os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True); "
_FILL += "base = sqlite3.connect(sys.argv[1]); base.executescript(sys.argv[2]); base.commit(); base.close()"


def lay_database(path: str, script: str) -> SetupStep:
    """Makes a database of an SQL script."""
    command = ["python3", "-I", "-S", "-c", _FILL, path, script]
    return SetupStep("execute", {"command": command, "check": True})


def table_sql(name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> str:
    """The script of a table with its rows."""
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    values = ",\n".join(f"({', '.join(map(quoted, row))})" for row in rows)
    return f"CREATE TABLE {name} ({declared});\n" + (f"INSERT INTO {name} VALUES\n{values};\n" if rows else "")


def quoted(value: Any) -> str:
    """A value as SQL has it."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def rows_are(path: str, query: str, rows: Sequence[Sequence[Any]]) -> Check:
    """Whether a query gives these rows in this order."""
    return Check("exact_match", getter("sqlite_rows", path=path, query=query), rule([list(row) for row in rows]))
