"""``agentgym fetch``: the files that tasks need, ahead of their episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Annotated

import msgspec
import typer

from agentgym.cli.interrupting import interruptible
from agentgym.cli.output import progress_bar, write_json
from agentgym.cli.targets import check_folder
from agentgym.errors import BackendError, UsageError
from agentgym.evaluators.addresses import addresses_of
from agentgym.families import load_tasks
from agentgym.kept import put_whole
from agentgym.setup.downloads import fetch as fetched
from agentgym.setup.downloads import have
from agentgym.setup.downloads.mirrors import own_place

__all__ = ["fetch"]

_MEGABYTE = 1_000_000


class _File(msgspec.Struct, frozen=True):
    """What came of an address: its size, whether it was at hand before, or why there is none."""

    url: str
    size: int = 0
    at_hand: bool = False
    error: str | None = None


def fetch(
    source: Annotated[str, typer.Argument(metavar="TASKS", help="A suite, suite/task, or a file or folder of tasks.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Also lay the files into this folder, for AGENTGYM_MIRROR.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Files at a time.")] = 8,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Fetch the files that tasks need, so that their episodes need no network.

    What is in the cache, or in the folder that AGENTGYM_MIRROR names, is not asked for again; what was cut the last
    time goes on there. Exits with 1 if a file is not to be had.

    \b
    Examples:
      agentgym fetch osworld/
      agentgym fetch osworld/ --into mirror/
      AGENTGYM_MIRROR=mirror/ AGENTGYM_OFFLINE=1 agentgym run osworld/
    """
    if into is not None:
        check_folder(into)
    urls = list(dict.fromkeys(url for task in load_tasks(source) for url in addresses_of(task)))
    with interruptible(), progress_bar() as bar:
        shown = bar.add_task("files", total=len(urls))
        files = []
        for file in _fetched(urls, into, jobs):
            files.append(file)
            bar.advance(shown)
    failed = sorted((file for file in files if file.error is not None), key=lambda file: urls.index(file.url))
    if json:
        write_json({**_counts(files), "errors": {file.url: file.error for file in failed}})
    else:
        _write(_counts(files), failed)
    if failed:
        raise typer.Exit(1)


def _fetched(urls: Sequence[str], into: Path | None, jobs: int) -> Iterator[_File]:
    """What comes of each address, as it comes."""
    waiting: SimpleQueue[str] = SimpleQueue()
    done: SimpleQueue[_File | Exception] = SimpleQueue()
    for url in urls:
        waiting.put(url)
    for _ in range(min(jobs, len(urls))):
        # Whoever interrupts need not wait for them: what they have of a file is gone on with the next time.
        Thread(target=_work, args=(waiting, done, into), daemon=True).start()
    for _ in urls:
        file = done.get()
        if isinstance(file, Exception):
            raise file
        yield file


def _work(waiting: SimpleQueue[str], done: SimpleQueue[_File | Exception], into: Path | None) -> None:
    with suppress(Empty):
        while True:
            url = waiting.get_nowait()
            try:
                done.put(_one(url, into))
            except Exception as error:  # noqa: BLE001 - raised where results are read
                done.put(error)


def _one(url: str, into: Path | None) -> _File:
    try:
        at_hand = have(url)
        content = fetched(url)
        if into is not None:
            _lay(url, content, into)
    except UsageError:
        # A mirror that is not there is nothing about this file.
        raise
    except (BackendError, OSError, ValueError) as error:
        return _File(url, error=str(error))
    return _File(url, len(content), at_hand)


def _lay(url: str, content: bytes, into: Path) -> None:
    name = own_place(url)
    if name is None:
        raise ValueError(f"{url} has no path under which a mirror could have it")
    place = into / name
    if not place.is_file() or place.read_bytes() != content:
        put_whole(place, content)


def _counts(files: Sequence[_File]) -> dict[str, int]:
    there = [file for file in files if file.error is None]
    new = [file for file in there if not file.at_hand]
    return {
        "files": len(files),
        "bytes": sum(file.size for file in there),
        "fetched": len(new),
        "fetched_bytes": sum(file.size for file in new),
        "at_hand": len(there) - len(new),
        "failed": len(files) - len(there),
    }


def _write(counts: Mapping[str, int], failed: Sequence[_File]) -> None:
    for file in failed:
        typer.echo(f"failed: {file.error}", err=True)
    had = counts["bytes"] - counts["fetched_bytes"]
    typer.echo(
        f"{counts['files']} files: {counts['fetched']} fetched ({_megabytes(counts['fetched_bytes'])}), "
        f"{counts['at_hand']} already there ({_megabytes(had)}), {counts['failed']} failed"
    )


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB"
