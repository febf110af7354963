"""A process and its pipe: what it says first is no result, whenever that comes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest

from agentgym.engines import worker as worker_module
from agentgym.engines.carrying import packed, unpacked
from agentgym.engines.worker import Worker

pytestmark = pytest.mark.episodes


def read_line(fifo: str) -> str:
    """Gives the line that somebody writes, when somebody does."""
    with open(fifo) as lines:
        return lines.readline()


def test_word_that_a_process_has_begun_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def late_wait(handles: Sequence[int | Connection], timeout: float | None = None) -> Sequence[object]:
        """Looks when the process has begun, although that was not to be heard a moment before."""
        monkeypatch.setattr(worker_module, "wait", wait)
        assert wait(handles, 60.0), "the process must begin"
        return wait(handles, timeout)

    monkeypatch.setattr(worker_module, "wait", late_wait)
    worker = Worker(packed(read_line, "the function"))
    try:
        assert worker.give(7, packed(str(fifo), "item 7"))
        assert not worker.has_news()
        # Opened for both, so that nobody is waited for who died.
        with open(os.open(fifo, os.O_RDWR), "w", buffering=1) as line:
            line.write("written\n")
            deadline = time.monotonic() + 60.0
            while not worker.has_news():
                assert time.monotonic() < deadline
                wait(worker.handles(), 1.0)
        pickled = worker.take()
        assert pickled is not None
        assert unpacked(7, pickled).unwrap() == "written\n"
    finally:
        worker.drop()
