"""Records in a real Redis stream, whatever happens to the server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from agentgym.errors import StreamError, UsageError
from agentgym.events import ModelRequest, Note
from agentgym.sinks import SinkWarning, attached, make_sink, sync
from agentgym.sinks.redisplace import ANSWER_S, place_of
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SECRET, SOLVES, STUMBLES, Adding, Talker, play
from tests.redisserver import RedisServer, serving

pytestmark = [
    pytest.mark.episodes,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed (apt-packages.txt)"),
]

_PATIENCE_S = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with serving(tmp_path / "redis") as running:
        yield running


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def written(data: Path, run_id: str) -> int:
    return (data / f"{run_id}.jsonl").read_text().count("\n")


def data_of(recorder: TrajectoryRecorder) -> str:
    return str(recorder._saved_kwargs["path"])


def solve(recorder: TrajectoryRecorder, sink: str) -> None:
    """An episode, and the end of the run, with a sink."""
    with attached(recorder.bus, [sink], recording=data_of(recorder)):
        list(play(recorder, Talker(recorder.bus, SOLVES)))
        recorder.close()


def test_the_stream_has_each_record_once_in_order(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data, agent="talker", about={"session_id": "night-1"})
    run_id = recorder.run_id
    with attached(recorder.bus, [server.url()], recording=data):
        for plan in (SOLVES, STUMBLES):
            for _ in play(recorder, Talker(recorder.bus, plan, fails_once=True)):
                pass
        recorder.close()
    entries = server.entries()
    stored = [json.loads(line) for line in (data / f"{run_id}.jsonl").read_text().splitlines()]
    assert [int(entry["idx"]) for entry in entries] == [line["idx"] for line in stored]
    assert list(entries[0]) == ["session", "run", "task", "episode", "agent", "idx", "type", "data"]
    assert {(entry["session"], entry["run"], entry["agent"]) for entry in entries} == {("night-1", run_id, "talker")}
    for entry, line in zip(entries, stored, strict=True):
        assert (entry["type"], int(entry["episode"])) == (line["event_type"], line["episode"])
        sent = json.loads(entry["data"])
        assert {**sent, "payload": None} == {**line, "payload": None}
    assert [entry["task"] for entry in entries[:2]] == ["", "sums/three"]
    assert {entry["task"] for entry in entries[1:]} == {"sums/three"}
    assert SECRET not in "".join(entry["data"] for entry in entries)


def test_what_lies_in_the_frames_stands_in_the_entry_or_its_digest_does(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    picture = f"data:image/png;base64,{'A' * 5000}"
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": picture}}, "long " * 3000]}]
    with attached(recorder.bus, [server.url()], recording=data):
        recorder.reset(seed=0)
        recorder.bus.publish(ModelRequest(call_id="1", messages=messages))
        recorder.bus.publish(Note(kind="few", value=np.arange(300.0)))
        recorder.bus.publish(Note(kind="bytes", value=b"\xff" * 5000))
        recorder.close()
    by_type = {
        entry["type"]: json.loads(entry["data"])["payload"] for entry in server.entries() if entry["type"] != "note"
    }
    shown = by_type["reset"]["observation"]["screenshot"]
    assert (shown["shape"], shown["dtype"], len(shown["sha256"])) == ([60, 90, 3], "|u1", 64)
    parts = by_type["model_request"]["messages"][0]["content"]
    assert parts[0]["image_url"]["url"]["$preview"] == "data:image/png;base64,"
    assert parts[0]["image_url"]["url"]["length"] == len(picture)
    assert parts[1] == "long " * 3000
    few, content = (json.loads(entry["data"])["payload"] for entry in server.entries() if entry["type"] == "note")
    assert few["value"]["shape"] == [300]
    assert "$bytes" in content["value"]


def test_a_server_that_is_away_at_first_gets_all_when_it_comes(tmp_path: Path) -> None:
    server, data = RedisServer(tmp_path / "redis"), tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    run_id = recorder.run_id
    try:
        with attached(recorder.bus, [server.url()], recording=data):
            assert list(play(recorder, Talker(recorder.bus, SOLVES))) == [1, 2, 3]
            server.start()
            recorder.close()
            until(lambda: len(server.idxs(run_id)) == written(data, run_id))
        assert server.idxs(run_id) == list(range(written(data, run_id)))
    finally:
        server.stop()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_server_that_is_killed_and_restarted_has_each_record_once(tmp_path: Path, keeps: bool) -> None:
    data = tmp_path / "data"
    with serving(tmp_path / "redis", keeps=keeps) as server:
        recorder = TrajectoryRecorder(Adding(), data)
        run_id = recorder.run_id
        with attached(recorder.bus, [server.url("stream=s&patience_s=20")], recording=data):
            for plan in (SOLVES, STUMBLES, SOLVES):
                for step in play(recorder, Talker(recorder.bus, plan)):
                    if step == 1:
                        until(lambda: server.idxs(run_id))
                        server.kill()
                    if step == 2:
                        server.start()
            recorder.close()
        assert server.idxs(run_id) == list(range(written(data, run_id)))


def test_a_frozen_server_holds_nobody_up_and_gets_all(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    run_id = recorder.run_id
    with attached(recorder.bus, [server.url("stream=s&patience_s=20")], recording=data):
        recorder.reset(seed=0)
        until(lambda: server.idxs(run_id))
        server.freeze()
        began = time.monotonic()
        for _ in range(20):
            list(play(recorder, Talker(recorder.bus, SOLVES)))
        took = time.monotonic() - began
        server.thaw()
        recorder.close()
    assert took < 10 * ANSWER_S, "sixty steps, none of which waited for an answer"
    assert server.idxs(run_id) == list(range(written(data, run_id)))


def test_a_server_that_stays_away_is_told_with_what_sends_the_rest(tmp_path: Path) -> None:
    data, server = tmp_path / "data", RedisServer(tmp_path / "redis")
    recorder = TrajectoryRecorder(Adding(), data)
    run_id = recorder.run_id
    with pytest.warns(SinkWarning, match=rf"records of run {run_id} are not in .* yet .*agentgym sync") as told:
        solve(recorder, server.url())
    assert len(told) == 1
    assert Dataset(data)[0].score == 1.0
    try:
        server.start()
        (synced,) = sync(data, server.url())
        assert (synced.run_id, synced.records) == (run_id, written(data, run_id))
        (again,) = sync(data, server.url())
        assert again.records == 0
        assert server.idxs(run_id) == list(range(written(data, run_id)))
    finally:
        server.stop()


def test_a_killed_process_is_caught_up_with(server: RedisServer, tmp_path: Path) -> None:
    program = f"""
from agentgym.sinks import attached
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, Adding, Talker, play
recorder = TrajectoryRecorder(Adding(), {str(tmp_path / "data")!r})
with attached(recorder.bus, [{server.url()!r}], recording={str(tmp_path / "data")!r}):
    while True:
        for _ in play(recorder, Talker(recorder.bus, SOLVES)):
            print(recorder.run_id, flush=True)
"""
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    run_id = [worker.stdout.readline() for _ in range(30)][-1].strip()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    (synced,) = sync(tmp_path / "data", server.url())
    assert server.idxs(run_id) == list(range(written(tmp_path / "data", run_id)))
    assert synced.records <= written(tmp_path / "data", run_id)


def test_two_that_send_the_same_run_send_each_record_once(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    run_id, over = recorder.run_id, threading.Event()
    recorder.reset(seed=0)

    def send_again() -> None:
        while not over.is_set():
            list(sync(data, server.url()))

    others = [threading.Thread(target=send_again) for _ in range(2)]
    with attached(recorder.bus, [server.url("stream=s&patience_s=20")], recording=data):
        for thread in others:
            thread.start()
        for _ in range(20):
            list(play(recorder, Talker(recorder.bus, SOLVES)))
        over.set()
        for thread in others:
            thread.join()
        recorder.close()
    assert server.idxs(run_id) == list(range(written(data, run_id)))


def test_a_packed_run_is_sent(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data, pack=True)
    run_id = recorder.run_id
    list(play(recorder, Talker(recorder.bus, SOLVES)))
    recorder.close()
    (synced,) = sync(data, server.url())
    assert server.idxs(run_id) == list(range(synced.records))
    assert synced.records == sum(1 for _ in Dataset(data).records(run_id))


def test_a_run_that_is_packed_while_it_is_sent_is_sent(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for _ in range(20):
        recorder = TrajectoryRecorder(Adding(), data, pack=True)
        with attached(recorder.bus, [server.url("stream=s&patience_s=20")], recording=data):
            list(play(recorder, Talker(recorder.bus, SOLVES)))
            recorder.close()
    dataset = Dataset(data)
    assert len(dataset.runs) == 20
    for run_id in dataset.runs:
        assert server.idxs(run_id) == [record.idx for record in dataset.records(run_id)]


def test_the_stream_keeps_about_as_many_as_it_is_told(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    for _ in range(40):
        list(play(recorder, Talker(recorder.bus, SOLVES)))
    recorder.close()
    (synced,) = sync(data, server.url("stream=s&maxlen=100"))
    # Redis trims whole nodes of a hundred.
    assert synced.records > 400
    assert 100 <= len(server.entries()) <= 200


def test_a_key_that_is_no_stream_costs_the_sink_alone(server: RedisServer, tmp_path: Path) -> None:
    with server.client() as client:
        client.set("s", "taken")
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
    with pytest.warns(SinkWarning, match="WRONGTYPE"):
        solve(recorder, server.url())
    assert Dataset(tmp_path / "data")[0].score == 1.0
    with pytest.raises(StreamError, match="WRONGTYPE"):
        list(sync(tmp_path / "data", server.url()))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_sends_its_own_run(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    with attached(recorder.bus, [server.url()], recording=data) as (sink,):
        recorder.reset(seed=0)
        child = os.fork()
        if child == 0:
            try:
                list(play(recorder, Talker(recorder.bus, SOLVES)))
                recorder.close()
                sink.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        recorder.close()
    for run_id in Dataset(data).runs:
        assert server.idxs(run_id) == list(range(written(data, run_id)))
    assert len(Dataset(data).runs) == 2


def test_it_needs_a_recording() -> None:
    with pytest.raises(UsageError, match="sends what is recorded, and this run is not: record it"):
        make_sink("redis://127.0.0.1:1/0")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redis://127.0.0.1:1/0?strem=s", "no option 'strem'; did you mean 'stream'"),
        ("redis://127.0.0.1:1/0?maxlen=0", "maxlen is at least 1"),
        ("redis://127.0.0.1:1/0?maxlen=many", "Expected `int"),
        ("redis:127.0.0.1", "expected redis://HOST:PORT/DB"),
        ("console", "expected redis://HOST:PORT/DB"),
    ],
)
def test_a_mistaken_address_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        place_of(text)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
    address = "redis://:swordfish@127.0.0.1:1/0?patience_s=0.1"
    with pytest.warns(SinkWarning) as told:
        solve(recorder, address)
    assert "swordfish" not in "".join(str(one.message) for one in told)
