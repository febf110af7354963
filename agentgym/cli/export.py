"""``agentgym export``: a recording in the form that another program reads."""

from __future__ import annotations

import contextlib
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from agentgym.cli.options import key_values
from agentgym.cli.output import progress_bar, write_json
from agentgym.errors import UsageError
from agentgym.export import Exporter, ExportWarning, exporters
from agentgym.trajectory import Dataset, Episode

__all__ = ["export"]


def export(
    data: Annotated[Path, typer.Argument(help="The dataset: a folder of recordings.")],
    to: Annotated[str, typer.Option(help="An exporter's name: agentgym list exporters.")],
    out: Annotated[Path, typer.Option(help="The file or folder to write; nothing may be there.")],
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the exporter; may be repeated.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Write a dataset in a foreign form. The dataset stays as it is.

    What each form has no place for, and its options, stand in docs/export.md.

    \b
    Examples:
      agentgym export data/ --to minari --out sets/ --option name=me/notes-v0
      agentgym export data/ --to sb3 --out b.pkl --option observation=screenshot
      agentgym export data/ --to parquet --out notes/ --json
    """
    exporter = exporters[to]
    options = key_values(option or (), flag="--option")
    check_options(to, exporter, options)
    with progress_bar() as progress, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        bar = progress.add_task(to, total=None)
        dataset = _Watched(
            data,
            begin=lambda total: progress.reset(bar, total=total),
            advance=lambda: progress.advance(bar),
        )
        # Libraries tell of their work there, which is no part of what this command says.
        with contextlib.redirect_stdout(sys.stderr):
            exporter(dataset, out, **options)
    remarks = [str(warning.message) for warning in caught if issubclass(warning.category, ExportWarning)]
    for other in caught:
        if not issubclass(other.category, ExportWarning):
            warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
    if json:
        write_json({"to": to, "out": str(out), "episodes": len(dataset), "remarks": remarks})
        return
    for remark in remarks:
        typer.echo(remark, err=True)
    typer.echo(f"{to}: {out}")


def check_options(name: str, exporter: Exporter, options: dict[str, Any]) -> None:
    """Raises a UsageError for the first option that an exporter has not."""
    parameters = inspect.signature(exporter).parameters.values()
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for given in options:
        if given not in known:
            close = get_close_matches(given, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has: {', '.join(known) or 'none'}"
            raise UsageError(f"the exporter {name!r} has no option {given!r}; {hint}")


class _Watched(Dataset):
    """A dataset that tells how far whoever goes through it has come."""

    def __init__(self, path: Path, *, begin: Callable[[int], None], advance: Callable[[], None]) -> None:
        self._begin = begin
        self._advance = advance
        super().__init__(path)

    def __iter__(self) -> Iterator[Episode]:
        self._begin(len(self))
        for episode in super().__iter__():
            yield episode
            self._advance()
