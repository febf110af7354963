"""The check of sinks, passed by ours and failed by those that break a promise."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from agentgym.events import Record, Step
from agentgym.sinks import Sink, make_sink
from agentgym.sinks.console import ConsoleLines
from agentgym.sinks.queued import Queued
from agentgym.testing.sinks import check_sink
from tests.redisserver import serving
from tests.sinks.collector import collecting

pytestmark = pytest.mark.episodes


def test_ours_keep_what_sinks_promise(tmp_path: Path) -> None:
    check_sink(lambda _: make_sink(f"jsonl:{tmp_path / 'a.jsonl'}"))
    check_sink(lambda _: make_sink(f"tensorboard:{tmp_path / 'board'}"))
    for level in range(4):
        check_sink(lambda _, level=level: ConsoleLines(level=level, console=Console(file=io.StringIO())))  # type: ignore[misc]
    check_sink(lambda _: Queued(ConsoleLines(level=3, console=Console(file=io.StringIO()))))


@pytest.mark.parametrize("content", ["true", "false"])
def test_spans_keep_what_sinks_promise(content: str) -> None:
    with collecting() as collector:
        check_sink(lambda _: make_sink(f"{collector.sink}?content={content}"))
    assert collector.spans


@pytest.mark.episodes
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed (apt-packages.txt)")
def test_a_redis_stream_keeps_what_sinks_promise(tmp_path: Path) -> None:
    with serving(tmp_path / "redis") as server:
        check_sink(lambda folder: make_sink(server.url(), recording=folder))
        assert server.entries()


class Idle:
    def __call__(self, record: Record) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


class Slow(Idle):
    def __call__(self, record: Record) -> None:
        if isinstance(record.payload, Step):
            time.sleep(3.2)


class Meddles(Idle):
    def __call__(self, record: Record) -> None:
        if isinstance(record.payload, Step):
            record.payload.observation["screenshot"][0] = 255


class WantsABeginning(Idle):
    def __init__(self) -> None:
        self.runs: dict[str, int] = {}

    def __call__(self, record: Record) -> None:
        if record.event_type == "run_started":
            self.runs[record.run_id] = 0
        self.runs[record.run_id] += 1


class Counts(Idle):
    def __init__(self) -> None:
        self.next: dict[str, int] = {}

    def __call__(self, record: Record) -> None:
        if self.next.setdefault(record.run_id, record.idx) != record.idx:
            raise ValueError("a record came twice")
        self.next[record.run_id] = record.idx + 1


class OpensLate(Idle):
    file: io.StringIO

    def __call__(self, record: Record) -> None:
        self.file = io.StringIO()

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Slow, "must not hold an episode up"),
        (Meddles, "must leave a record as it is"),
        (WantsABeginning, "did not see begin"),
        (Counts, "that it had already"),
        (OpensLate, "be closed before it got anything"),
    ],
)
def test_one_that_breaks_a_promise_is_told(make: Callable[[], Sink], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_sink(lambda _: make())


def test_one_that_does_nothing_keeps_its_promises() -> None:
    check_sink(lambda _: Idle())
