"""``agentgym follow``: the records that workers send to a stream, kept, shown or handed on, as they come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from agentgym.cli.output import many, warnings_as_lines
from agentgym.errors import UsageError
from agentgym.sinks import make_sink
from agentgym.sinks.attaching import Guarded
from agentgym.sinks.base import read_order
from agentgym.sinks.followed import FollowedRuns
from agentgym.sinks.following import GROUP, follow_lines, read_line
from agentgym.trajectory.layout import dataset_file

__all__ = ["follow"]


def follow(
    url: Annotated[str, typer.Argument(help="The stream: redis://HOST:PORT/DB?stream=NAME.")],
    into: Annotated[
        Path | None, typer.Option(help="Keep what comes as a dataset in this folder, without pictures.")
    ] = None,
    console: Annotated[bool, typer.Option("--console", help="Show what comes on the standard error.")] = False,
    sink: Annotated[
        list[str] | None, typer.Option(help="Hand what comes to a sink: tensorboard:DIR, jsonl:PATH; may be repeated.")
    ] = None,
    group: Annotated[str, typer.Option(help="Whose progress the server remembers.")] = GROUP,
    consumer: Annotated[
        str | None, typer.Option(help="The name of this reader in the group; drawn if not given.")
    ] = None,
    claim_after: Annotated[
        float, typer.Option(help="Take over what another reader has left for so many seconds.")
    ] = 10.0,
    idle: Annotated[float | None, typer.Option(help="End when nothing came for so many seconds.")] = None,
) -> None:
    """Follow workers on other machines through a Redis stream, until Ctrl-C.

    A group goes on where it was; another group begins at the stream's beginning. The folder of --into is read while it
    grows, as any dataset: agentgym status data/.

    \b
    Examples:
      agentgym follow redis://head:6379/0?stream=night --into data/
      agentgym follow redis://head:6379/0 --console --group watching
      agentgym follow redis://head:6379/0 --sink tensorboard:board --idle 60
    """
    texts = [*(["console"] if console else []), *(sink or [])]
    if into is None and not texts:
        raise UsageError("follow needs to know what to do with what comes: --into FOLDER, --console or --sink TEXT")
    with ExitStack() as stack:
        stop = stack.enter_context(_until_interrupted())
        stack.enter_context(warnings_as_lines())
        kept = None if into is None else FollowedRuns(into)
        if kept is not None:
            stack.callback(kept.close)
        sinks = [Guarded(make_sink(text, live=False), None, text) for text in texts]
        for one in sinks:
            stack.callback(one.close)
        count, runs = 0, set[str]()
        begins = into is None or not dataset_file(into).exists()
        lines = follow_lines(
            url,
            group=group,
            consumer=consumer,
            claim_after_s=claim_after,
            idle_s=idle,
            stop=stop,
            on_wait=lambda why: typer.echo(f"agentgym: waiting for {read_order(url).shown}: {why}", err=True),
            on_resume=_tell_resumed(group) if begins else None,
        )
        for line in lines:
            if kept is not None:
                kept.take(line)
            if sinks:
                record = read_line(line)
                for one in sinks:
                    one(record)
            count += 1
            runs.add(line.run_id)
    typer.echo(f"{many(count, 'record')} of {many(len(runs), 'run')}{'' if into is None else f': {into}'}")


def _tell_resumed(group: str) -> Callable[[int], None]:
    """Says that what the group has read does not come again, to who may expect it."""

    def tell(runs: int) -> None:
        typer.echo(
            f"agentgym: the group {group!r} has read of {many(runs, 'run')} before, and goes on where "
            "it was; --group NAME, with a new name, begins anew",
            err=True,
        )

    return tell


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that the record at hand is dealt with and acknowledged."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
