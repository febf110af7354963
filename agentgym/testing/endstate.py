"""What an episode of tools left behind, in a form in which two can be compared."""

from __future__ import annotations

import ast
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from agentgym.backends.base import Backend
from agentgym.errors import BackendError
from agentgym.evaluators.repositories import fetch_repository
from agentgym.evaluators.trees import fetch_tree
from agentgym.tasks import Task
from agentgym.tools import ToolContext

__all__ = ["end_state", "home_of"]

_SKIPPED = ["__pycache__", ".git", ".cache", ".bash_history", ".python_history", "*-wal", "*-shm"]
_SQLITE = b"SQLite format 3\0"
_LOGS = ("requests",)
"""Tables in which a service notes what it was asked for."""

_EVIDENCE: Mapping[str, str] = {"answer": "answer", "findings": "findings.json"}
"""By the getter: what it reads of what a context left."""


def home_of(machine: Backend) -> dict[str, Any]:
    """The home: files with their modes, databases as SQL, repositories as what they hold; nothing without a machine.

    A Python file is what it says to Python: without comments, docstrings and layout.
    """
    try:
        entries = fetch_tree(machine, "~", modes=True, skip=_SKIPPED)
    except (BackendError, FileNotFoundError):
        return {}
    home: dict[str, Any] = {name: [mode, _plain(machine, name, text)] for name, (mode, text) in entries.items()}
    for place in _repositories(machine):
        with suppress(FileNotFoundError):
            home[f"{place}/.git"] = fetch_repository(machine, place)
    return home


def end_state(task: Task, machine: Backend, context: ToolContext) -> dict[str, Any]:
    """What can be told apart of two ends: the home, and what was submitted.

    Of what was submitted or saved as findings only what the task's evaluator looks at: on the rest an agent may say
    what it likes. Times of files are no part of it, and neither is what a service noted of how it was asked.
    """
    read = _read_by(task)
    return {**{name: content for name, content in context.evidence().items() if name in read}, **home_of(machine)}


def _read_by(task: Task) -> set[str]:
    checks = () if task.evaluator is None else task.evaluator.checks
    getters = [side for check in checks for side in (check.result, check.expected) if side is not None]
    named = {str(getter.config.get("name")) for getter in getters if getter.type == "evidence"}
    return named | {_EVIDENCE[getter.type] for getter in getters if getter.type in _EVIDENCE}


def _plain(machine: Backend, name: str, text: str) -> Any:
    if text.startswith("sha256:"):
        return _rows(machine, f"~/{name}") or text
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


def _rows(machine: Backend, path: str) -> list[str] | None:
    """A database as SQL; None of any other file."""
    content = machine.read(path)
    if not content.startswith(_SQLITE):
        return None
    with tempfile.TemporaryDirectory(prefix="agentgym-qa-") as folder:
        copy = Path(folder, "database")
        copy.write_bytes(content)
        with suppress(FileNotFoundError):
            copy.with_name("database-wal").write_bytes(machine.read(f"{path}-wal"))
        with closing(sqlite3.connect(copy)) as database, suppress(sqlite3.DatabaseError):
            return [line for line in database.iterdump() if not line.startswith(tuple(_inserts()))]
    return None


def _inserts() -> list[str]:
    return [f'INSERT INTO "{table}"' for table in _LOGS]


def _repositories(machine: Backend) -> list[str]:
    done = machine.run(["sh", "-c", "find ~ -name .git -type d -prune"], timeout_s=20)
    return sorted(line.removesuffix("/.git") for line in done.stdout.decode("utf-8", "replace").splitlines())
