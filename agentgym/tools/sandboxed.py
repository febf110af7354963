"""Tools that act in the episode's machine: a shell, an interpreter, files, databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from agentgym.errors import ToolError
from agentgym.tools.context import ToolContext
from agentgym.tools.decorator import tool
from agentgym.tools.workspace import Reply

__all__ = ["bash", "edit", "grep", "list_files", "python", "read", "sql", "write"]

_MOST_OUTPUT = 16_000
_FILE_PATIENCE_S = 10.0

Patience = Annotated[float, Field(gt=0, le=300)]
Count = Annotated[int, Field(ge=0)]


@tool
def bash(command: str, context: ToolContext, timeout_s: Patience = 30.0) -> str:
    """Runs a command in a bash that keeps its folder, variables and functions until the end of the episode.

    Gives what it writes to either output. A command whose exit status is not 0 has failed. What it leaves running in
    the background is ended with it.

    Args:
        command: one or more lines of bash.
        timeout_s: seconds after which it is stopped.
    """
    return _said(context.workspace.bash(command, timeout_s=timeout_s, max_output=_MOST_OUTPUT))


@tool
def python(code: str, context: ToolContext, timeout_s: Patience = 30.0) -> str:
    """Runs Python in an interpreter that keeps its variables until the end of the episode.

    Gives what it prints, and the value of the last line if that is an expression. Only the standard library is there.

    Args:
        code: one or more lines of Python.
        timeout_s: seconds after which it is interrupted.
    """
    return _said(context.workspace.python(code, timeout_s=timeout_s, max_output=_MOST_OUTPUT))


@tool
def read(path: str, context: ToolContext, offset: Count = 0, limit: Annotated[int, Field(ge=1)] | None = None) -> str:
    """Reads a text file, or some of its lines.

    Args:
        path: from the home, or absolute.
        offset: lines before the first.
        limit: how many lines; all if it is left out.
    """
    return _done(context, "read", {"path": path, "offset": offset, "limit": limit})


@tool
def write(path: str, content: str, context: ToolContext) -> str:
    """Writes a text file, with the folders that lead to it; what was in it is gone.

    Args:
        path: from the home, or absolute.
        content: all that is to be in it.
    """
    return _done(context, "write", {"path": path, "content": content})


@tool
def edit(path: str, old: str, new: str, context: ToolContext, every: bool = False) -> str:
    """Replaces a piece of a text file by another.

    Args:
        path: from the home, or absolute.
        old: the piece as it stands there, once unless every is true.
        new: what takes its place.
        every: whether all places are replaced.
    """
    return _done(context, "edit", {"path": path, "old": old, "new": new, "every": every})


@tool(name="list")
def list_files(context: ToolContext, path: str = ".", depth: Annotated[int, Field(ge=1, le=8)] = 1) -> str:
    """Lists a folder: files with their sizes in bytes, folders with a slash, links with what they lead to.

    Args:
        path: from the home, or absolute.
        depth: how many levels of folders.
    """
    return _done(context, "list", {"path": path, "depth": depth})


@tool
def grep(pattern: str, context: ToolContext, path: str = ".", glob: str = "*", ignore_case: bool = False) -> str:
    """Finds the lines of files that match a regular expression (Python's), as path:number:line.

    Args:
        pattern: what is looked for.
        path: a file, or a folder with all that is in it.
        glob: which names of files, such as *.py.
        ignore_case: whether large and small letters are the same.
    """
    arguments = {"pattern": pattern, "path": path, "glob": glob, "ignore_case": ignore_case}
    return _done(context, "grep", arguments)


@tool
def sql(
    database: str,
    statement: str,
    context: ToolContext,
    parameters: list[str | int | float | bool | None] | None = None,
) -> Any:
    """Runs one SQL statement on a SQLite file and commits; gives columns and rows, or how many rows changed.

    Args:
        database: the file, from the home, or absolute; made if it is not there.
        statement: one statement.
        parameters: values for the question marks in it.
    """
    arguments = {"database": database, "statement": statement, "parameters": parameters}
    reply = context.workspace.do("sql", arguments, timeout_s=_FILE_PATIENCE_S, max_output=_MOST_OUTPUT)
    _said(reply)
    return reply.value


def _done(context: ToolContext, function: str, arguments: Mapping[str, Any]) -> str:
    reply = context.workspace.do(function, arguments, timeout_s=_FILE_PATIENCE_S, max_output=_MOST_OUTPUT)
    return _said(reply)


def _said(reply: Reply) -> str:
    if not reply.ok:
        raise ToolError(reply.output)
    return reply.output
