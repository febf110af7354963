"""What the command writes: tables and JSON on the standard output, progress on the standard error."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

__all__ = ["figure", "many", "output_console", "progress_bar", "warnings_as_lines", "write_json", "write_table"]

_PIPE_WIDTH = 160


def write_json(value: Any) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """A table of texts as they are, of which none is markup; a long word is folded, so that nothing of it is lost."""
    shown_title = None if title is None else Text(title, style="table.title")
    heads = (Column(Text(column), overflow="fold") for column in columns)
    table = Table(*heads, title=shown_title, title_justify="left")
    for row in rows:
        table.add_row(*map(Text, row))
    output_console().print(table)


def output_console() -> Console:
    """As wide as the terminal; elsewhere as the variable COLUMNS says, or wide enough for most tables."""
    console = Console()
    has_width = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    return console if has_width else Console(width=_PIPE_WIDTH)


def progress_bar(*, shown: bool = True) -> Progress:
    """A bar that vanishes when it is done; nothing where the standard error is no terminal, or it is not ``shown``."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal))


def figure(number: float | None, *, digits: int = 2) -> str:
    """A number for a table; a dash where there is none."""
    return "–" if number is None else f"{number:.{digits}f}"


def many(number: int, noun: str) -> str:
    """``"1 task"``, ``"2 tasks"``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


@contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Writes each warning as a line on the standard error, without the place in our code that gave it."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_args, **_more: typer.echo(f"agentgym: {message}", err=True)
        yield
