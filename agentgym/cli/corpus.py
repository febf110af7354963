"""``agentgym tools corpus``: pages of one's own for ``web_search`` and ``open_page``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentgym.errors import UsageError

__all__ = ["corpus"]


def corpus(
    source: Annotated[str, typer.Argument(help="A folder of .md, .html, .txt and .jsonl files; or world, world:7.")],
    out: Annotated[Path, typer.Option(help="The file to write; an earlier corpus there is replaced.")],
) -> None:
    """Make a corpus that web_search and open_page read: a task file names it as "corpus".

    \b
    Examples:
      agentgym tools corpus docs/ --out docs.corpus
      agentgym tools corpus world:7 --out country.corpus
      agentgym tools corpus pages.d/ --out pages.corpus && agentgym run my-tasks.jsonl --agent mine:Agent
    """
    from agentgym.tools.search import Corpus, pages_of, write_corpus

    if out.exists():
        try:
            Corpus(out).close()
        except UsageError as error:
            raise UsageError(f"--out {str(out)!r} is there already and would be lost: {error}") from error
    try:
        count = write_corpus(pages_of(source), out)
    except OSError as error:
        raise UsageError(f"cannot write {str(out)!r}: {error}") from error
    typer.echo(f"{count} pages in {out}")
