"""What an episode of tools left behind, in a form in which two can be compared."""

from __future__ import annotations

import ast
import re
import sqlite3
import tempfile
from collections.abc import Collection, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from agentgym.backends.base import Backend
from agentgym.errors import BackendError
from agentgym.evaluators.getters.repositories import fetch_repository
from agentgym.evaluators.getters.trees import fetch_tree
from agentgym.tasks import Task
from agentgym.tools import ToolContext

__all__ = ["end_state", "home_of"]

_SKIPPED = ["__pycache__", ".git", ".cache", ".bash_history", ".python_history", "*-wal", "*-shm"]
_SQLITE = b"SQLite format 3\0"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")

_EVIDENCE: Mapping[str, str] = {"answer": "answer", "findings": "findings.json"}
"""By the getter: what it reads of what a context left."""


def home_of(machine: Backend, traces: Collection[str] = ()) -> dict[str, Any]:
    """The home: files with their modes, databases as rows, repositories as what they hold; nothing without a machine.

    A Python file is what it says to Python: without comments, docstrings and layout.

    Args:
        traces: tables, and columns such as ``"refunds.reason"``, that are left out.
    """
    try:
        entries = fetch_tree(machine, "~", modes=True, skip=_SKIPPED)
    except (BackendError, FileNotFoundError):
        return {}
    home: dict[str, Any] = {name: [mode, _plain(machine, name, text, traces)] for name, (mode, text) in entries.items()}
    for place in _repositories(machine):
        with suppress(FileNotFoundError):
            home[f"{place}/.git"] = fetch_repository(machine, place)
    return home


def end_state(task: Task, machine: Backend, context: ToolContext, traces: Collection[str] = ()) -> dict[str, Any]:
    """What can be told apart of two ends: the home, and what was submitted.

    Of what was submitted or saved as findings only what the task's evaluator looks at: on the rest an agent may say
    what it likes. When something was done is no part of it: no times of files, and none that rows note.

    Args:
        traces: what else is no part of it, as a `agentgym.families.Suite` names it.
    """
    read = _read_by(task) - set(traces)
    said = {name: content for name, content in context.evidence().items() if name in read}
    return {**said, **home_of(machine, traces)}


def _read_by(task: Task) -> set[str]:
    checks = () if task.evaluator is None else task.evaluator.checks
    getters = [side for check in checks for side in (check.result, check.expected) if side is not None]
    named = {str(getter.config.get("name")) for getter in getters if getter.type == "evidence"}
    return named | {_EVIDENCE[getter.type] for getter in getters if getter.type in _EVIDENCE}


def _plain(machine: Backend, name: str, text: str, traces: Collection[str]) -> Any:
    if text.startswith("sha256:"):
        return _rows(machine, f"~/{name}", traces) or text
    return _syntax(text) if name.endswith(".py") else text


def _syntax(source: str) -> str:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            body = [one for one in node.body if not _is_text(one)]
            node.body = body or [ast.Pass()]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _rows(machine: Backend, path: str, traces: Collection[str]) -> dict[str, Any] | None:
    """The tables of a database with their schemas and rows; None of any other file."""
    content = machine.read(path)
    if not content.startswith(_SQLITE):
        return None
    with tempfile.TemporaryDirectory(prefix="agentgym-qa-") as folder:
        copy = Path(folder, "database")
        copy.write_bytes(content)
        with suppress(FileNotFoundError):
            copy.with_name("database-wal").write_bytes(machine.read(f"{path}-wal"))
        with closing(sqlite3.connect(copy)) as database, suppress(sqlite3.DatabaseError):
            database.row_factory = sqlite3.Row
            known = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
            return {
                name: [schema, _rows_of(database, name, traces) if kind == "table" else []]
                for kind, name, schema in known
                if name not in traces
            }
    return None


def _rows_of(database: sqlite3.Connection, table: str, traces: Collection[str]) -> list[str]:
    rows = database.execute('SELECT * FROM "{}"'.format(table.replace('"', '""')))
    return sorted(
        repr({key: _timeless(row[key]) for key in row.keys() if f"{table}.{key}" not in traces})  # noqa: SIM118
        for row in rows
    )


def _timeless(value: Any) -> Any:
    return "a time" if isinstance(value, str) and _TIME.match(value) else value


def _repositories(machine: Backend) -> list[str]:
    done = machine.run(["sh", "-c", "find ~ -name .git -type d -prune"], timeout_s=20)
    return sorted(line.removesuffix("/.git") for line in done.stdout.decode("utf-8", "replace").splitlines())
