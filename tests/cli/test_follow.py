"""Following a stream and giving it what it lacks, from the command line."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgym.trajectory import Dataset
from tests.export.traces import record_talks
from tests.redisserver import RedisServer, serving

pytestmark = [
    pytest.mark.episodes,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed (apt-packages.txt)"),
]

COMMAND = [sys.executable, "-m", "agentgym"]
_PATIENCE_S = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with serving(tmp_path / "redis") as running:
        yield running


def said(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def test_a_recording_goes_through_the_stream_into_another_folder(server: RedisServer, tmp_path: Path) -> None:
    source = record_talks(tmp_path / "data")
    sent = said("sync", str(tmp_path / "data"), "--sink", server.url(), "--json")
    count = sum(one["records"] for one in json.loads(sent.stdout))
    assert count == len(server.entries())
    assert "0 records of 2 runs sent" in said("sync", str(tmp_path / "data"), "--sink", server.url()).stdout
    into, lines = tmp_path / "followed", tmp_path / "lines.jsonl"
    done = said("follow", server.url(), "--into", str(into), "--console", "--sink", f"jsonl:{lines}", "--idle", "0.5")
    assert done.stdout == f"{count} records of 2 runs: {into}\n"
    assert "score   1.00  return 1.00" in done.stderr
    assert lines.read_text().count("\n") == count
    assert [episode.score for episode in Dataset(into)] == [episode.score for episode in source]
    status = said("status", str(into))
    assert status.returncode == 0, status.stderr
    assert "sums/three" in status.stdout


def test_workers_of_a_run_send_what_they_record(server: RedisServer, tmp_path: Path) -> None:
    data, into = tmp_path / "data", tmp_path / "followed"
    sinks = [
        word for sink in (server.url(), f"tensorboard:{tmp_path / 'board'}", "console:-q") for word in ("--sink", sink)
    ]
    done = said(
        "run", "shell/find-files", "--agent", "oracle", "--episodes", "2", "--workers", "2", "--out", str(data), *sinks
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("score   1.00  return 1.00") == 2
    assert said("follow", server.url(), "--into", str(into), "--idle", "0.5").returncode == 0
    one, other = Dataset(into), Dataset(data)
    assert one.runs == other.runs
    assert [list(map(repr, episode.actions)) for episode in one] == [
        list(map(repr, episode.actions)) for episode in other
    ]
    sessions = {entry["session"] for entry in server.entries()}
    assert len(sessions) == 1
    assert sessions != {""}


def test_a_sink_that_fails_costs_itself_alone(server: RedisServer, tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    said("sync", str(tmp_path / "data"), "--sink", server.url())
    into = tmp_path / "followed"
    done = said("follow", server.url(), "--into", str(into), "--sink", f"jsonl:{tmp_path / 'data'}", "--idle", "0.5")
    assert done.returncode == 0
    assert done.stdout == f"{len(server.entries())} records of 2 runs: {into}\n"
    assert "got no more after record 0" in done.stderr
    assert done.stderr.count("IsADirectoryError") == 1


def test_ctrl_c_ends_it_and_it_goes_on_where_it_was(server: RedisServer, tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    said("sync", str(tmp_path / "data"), "--sink", server.url())
    into = tmp_path / "followed"
    follower = subprocess.Popen(
        [*COMMAND, "follow", server.url(), "--into", str(into)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    count = len(server.entries())
    until(lambda: sum(path.read_text().count("\n") for path in into.glob("*.jsonl")) == count)
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate()
    assert (follower.returncode, out, err) == (0, f"{count} records of 2 runs: {into}\n", "")
    again = said("follow", server.url(), "--into", str(into), "--idle", "0.5")
    assert again.stdout.startswith("0 records of 0 runs")


def test_what_it_is_for_must_be_said() -> None:
    done = said("follow", "redis://127.0.0.1:1/0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--into FOLDER, --console or --sink TEXT" in done.stderr


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    done = said("sync", str(tmp_path / "data"), "--sink", RedisServer(tmp_path / "redis").url())
    assert done.returncode == 2
    assert done.stderr.startswith("agentgym: redis://127.0.0.1:")
    assert "refused" in done.stderr


def test_a_stream_that_was_read_into_another_folder_says_so(server: RedisServer, tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    said("sync", str(tmp_path / "data"), "--sink", server.url())
    first = said("follow", server.url(), "--into", str(tmp_path / "first"), "--idle", "0.5")
    assert first.stderr == ""
    again = said("follow", server.url(), "--into", str(tmp_path / "first"), "--idle", "0.5")
    assert (again.stdout, again.stderr) == (f"0 records of 0 runs: {tmp_path / 'first'}\n", "")
    second = said("follow", server.url(), "--into", str(tmp_path / "second"), "--idle", "0.5")
    assert "the group 'agentgym' has read of 2 runs before" in second.stderr
    assert "--group NAME, with a new name, begins anew" in second.stderr
    anew = said("follow", server.url(), "--into", str(tmp_path / "second"), "--idle", "0.5", "--group", "other")
    assert (anew.stdout, anew.stderr) == (first.stdout.replace("first", "second"), "")


def test_a_server_that_is_away_is_said_to_be_waited_for(server: RedisServer, tmp_path: Path) -> None:
    server.kill()
    done = said("follow", server.url(), "--into", str(tmp_path / "all"), "--idle", "2")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"agentgym: waiting for {server.url()}: ")
    assert "refused" in done.stderr
