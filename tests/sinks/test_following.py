"""A head process that follows workers through a real Redis stream."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgym.errors import DatasetError, StreamError
from agentgym.events import Record, Reset, RunCompleted, Scored, Step
from agentgym.sinks import SinkWarning, attached, follow, following, sync
from agentgym.sinks.followed import FollowedRuns
from agentgym.sinks.following import follow_lines
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, STUMBLES, Adding, Talker, play
from tests.redisserver import RedisServer, serving

pytestmark = [
    pytest.mark.episodes,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed (apt-packages.txt)"),
]

_PATIENCE_S = 60
_IDLE_S = 0.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with serving(tmp_path / "redis") as running:
        yield running


def record(data: Path, server: RedisServer, *, episodes: int = 2, options: str = "stream=s") -> str:
    """A run of several episodes in the stream; its id."""
    recorder = TrajectoryRecorder(Adding(), data, agent="talker")
    run_id = recorder.run_id
    with attached(recorder.bus, [server.url(options)], recording=data):
        for episode in range(episodes):
            list(play(recorder, Talker(recorder.bus, STUMBLES if episode % 2 else SOLVES)))
        recorder.close()
    return run_id


def by_run(records: list[Record]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault(record.run_id, []).append(record.idx)
    return found


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def test_what_is_followed_is_what_was_recorded(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run_id = record(data, server)
    stored = list(Dataset(data).records(run_id))
    followed = list(follow(server.url(), idle_s=_IDLE_S))
    assert len(followed) == len(stored)
    for one, other in zip(followed, stored, strict=True):
        if not isinstance(other.payload, Reset | Step):
            assert one == other
        else:
            assert isinstance(one.payload, Reset | Step)
            assert one.payload.info == other.payload.info
            assert one.payload.observation["tool_result"] == other.payload.observation["tool_result"]
            assert one.payload.observation["screenshot"]["shape"] == [60, 90, 3]
    steps = [one.payload for one in followed if isinstance(one.payload, Step)]
    assert steps[0].action == {"name": "add", "arguments": {"numbers": [2, 3]}, "id": "call_1"}


def test_a_server_that_answers_slowly_is_not_idle(
    server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = record(tmp_path / "data", server)
    fetch = following._Reader.fetch

    def slowly(reader: following._Reader) -> bool:
        time.sleep(0.02)
        return fetch(reader)

    monkeypatch.setattr(following._Reader, "fetch", slowly)
    assert [one.idx for one in follow(server.url(), idle_s=0.01)] == list(range(len(server.idxs(run_id))))


def test_a_group_goes_on_where_it_was_and_another_begins_at_the_start(server: RedisServer, tmp_path: Path) -> None:
    first = record(tmp_path / "data", server)
    count = len(list(follow(server.url(), idle_s=_IDLE_S)))
    second = record(tmp_path / "data", server)
    assert set(by_run(list(follow(server.url(), idle_s=_IDLE_S)))) == {second}
    everything = by_run(list(follow(server.url(), group="other", idle_s=_IDLE_S)))
    assert {run_id: len(idxs) for run_id, idxs in everything.items()} == {first: count, second: count}


def test_records_come_while_the_episode_goes_on(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    stop = threading.Event()
    seen: list[Record] = []
    reader = threading.Thread(target=lambda: seen.extend(follow(server.url(), stop=stop)))
    reader.start()
    with attached(recorder.bus, [server.url()], recording=data):
        for step in play(recorder, Talker(recorder.bus, SOLVES)):
            until(lambda: sum(isinstance(one.payload, Step) for one in list(seen)) == step)  # noqa: B023 - called here
        recorder.close()
    until(lambda: any(isinstance(one.payload, RunCompleted) for one in list(seen)))
    stop.set()
    reader.join()
    assert [r.idx for r in seen] == list(range(len(seen)))


def test_what_a_dead_reader_had_is_taken_over_in_order(server: RedisServer, tmp_path: Path) -> None:
    run_id = record(tmp_path / "data", server, episodes=4)
    dead = follow_lines(server.url(), consumer="dead")
    taken = [next(dead).idx for _ in range(5)]
    # It was given all, acknowledged some of them, and is never heard of again: its client is left as it stands.
    rest = [one.idx for one in follow(server.url(), claim_after_s=0.1, idle_s=1)]
    assert taken == [0, 1, 2, 3, 4]
    assert rest[0] <= 4, "what it was in the middle of is read again"
    assert rest == list(range(rest[0], len(server.idxs(run_id))))
    dead.close()  # type: ignore[attr-defined]  # a generator


def test_a_reader_that_is_done_leaves_and_one_that_was_not_is_remembered(server: RedisServer, tmp_path: Path) -> None:
    record(tmp_path / "data", server)
    list(follow(server.url(), consumer="done", idle_s=_IDLE_S))
    left = follow_lines(server.url(), group="other", consumer="left")
    next(left)
    left.close()  # type: ignore[attr-defined]  # a generator
    with server.client() as client:
        assert client.xinfo_consumers("s", "agentgym") == []
        assert [one["name"] for one in client.xinfo_consumers("s", "other")] == [b"left"]


def test_two_readers_share_what_comes_each_run_in_order(server: RedisServer, tmp_path: Path) -> None:
    came: list[tuple[str, int]] = []
    stop = threading.Event()

    def read() -> None:
        came.extend((one.run_id, one.idx) for one in follow(server.url(), claim_after_s=5, stop=stop))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    runs = [record(tmp_path / "data", server, episodes=10) for _ in range(3)]
    total = sum(len(server.idxs(run_id)) for run_id in runs)
    until(lambda: len(came) >= total)
    stop.set()
    for reader in readers:
        reader.join()
    for run_id in runs:
        assert [idx for run, idx in came if run == run_id] == server.idxs(run_id)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_reader_survives_its_server(tmp_path: Path, keeps: bool) -> None:
    came: list[Record] = []
    stop = threading.Event()
    data = tmp_path / "data"
    with serving(tmp_path / "redis", keeps=keeps) as server:
        reader = threading.Thread(target=lambda: came.extend(follow(server.url(), stop=stop)))
        reader.start()
        recorder = TrajectoryRecorder(Adding(), data)
        run_id = recorder.run_id
        with attached(recorder.bus, [server.url("stream=s&patience_s=20")], recording=data):
            list(play(recorder, Talker(recorder.bus, SOLVES)))
            until(lambda: len(came) > 3)
            server.kill()
            list(play(recorder, Talker(recorder.bus, SOLVES)))
            server.start()
            list(play(recorder, Talker(recorder.bus, SOLVES)))
            server.freeze()
            list(play(recorder, Talker(recorder.bus, SOLVES)))
            server.thaw()
            recorder.close()
        until(lambda: any(isinstance(one.payload, RunCompleted) for one in list(came)))
        stop.set()
        reader.join()
    assert by_run(came) == {run_id: [one.idx for one in Dataset(data).records(run_id)]}


def test_a_reader_that_waits_for_another_survives_a_server_that_lost_both(tmp_path: Path) -> None:
    data, stop = tmp_path / "data", threading.Event()
    recorder = TrajectoryRecorder(Adding(), data)
    run_id = recorder.run_id
    came: list[Record] = []
    with serving(tmp_path / "redis", keeps=False) as server:
        list(play(recorder, Talker(recorder.bus, SOLVES)))
        list(sync(data, server.url()))
        other = follow_lines(server.url(), consumer="other")
        assert next(other).idx == 0, "it was given all there is"
        reader = threading.Thread(target=lambda: came.extend(follow(server.url(), consumer="waits", stop=stop)))
        reader.start()
        list(play(recorder, Talker(recorder.bus, SOLVES)))
        recorder.close()
        list(sync(data, server.url()))
        with server.client() as client:
            until(
                lambda: any(
                    one["name"] == b"waits" and one["pending"] for one in client.xinfo_consumers("s", "agentgym")
                )
            )
        assert came == []
        server.kill()
        server.start()
        list(sync(data, server.url()))
        until(lambda: len(came) == len(server.idxs(run_id)))
        stop.set()
        reader.join()
        other.close()  # type: ignore[attr-defined]  # a generator
    assert [one.idx for one in came] == [one.idx for one in Dataset(data).records(run_id)]


def test_records_that_the_stream_has_dropped_are_told(server: RedisServer, tmp_path: Path) -> None:
    run_id = record(tmp_path / "data", server, episodes=30)
    with server.client() as client:
        client.xtrim("s", maxlen=50, approximate=False)
    left = server.idxs(run_id)
    runs = FollowedRuns(tmp_path / "followed")
    with pytest.warns(SinkWarning, match=rf"records 0 to {left[0] - 1} of run {run_id} are gone"):
        lines = list(follow_lines(server.url(), idle_s=_IDLE_S))
    assert [line.idx for line in lines] == left
    with pytest.warns(SinkWarning, match=rf"run {run_id} is not kept: the stream begins with record {left[0]}"):
        runs.take(lines[0])
    runs.take(lines[1])
    runs.close()


def test_a_key_that_is_no_stream_is_told(server: RedisServer) -> None:
    with server.client() as client:
        client.set("s", "taken")
    with pytest.raises(StreamError, match="WRONGTYPE"):
        list(follow(server.url()))


def test_a_stream_of_something_else_is_told(server: RedisServer) -> None:
    with server.client() as client:
        client.xadd("s", {"temperature": "21"})
    with pytest.raises(DatasetError, match=r"entry \d+-\d+ is no record of agentgym"):
        list(follow(server.url()))


def test_what_is_followed_is_a_dataset(server: RedisServer, tmp_path: Path) -> None:
    run_id = record(tmp_path / "data", server)
    runs = FollowedRuns(tmp_path / "followed")
    for line in follow_lines(server.url(), idle_s=_IDLE_S):
        runs.take(line)
    runs.close()
    one, other = Dataset(tmp_path / "followed"), Dataset(tmp_path / "data")
    assert [len(episode) for episode in one] == [len(episode) for episode in other] == [3, 2]
    assert [episode.score for episode in one] == [1.0, 0.0]
    assert [list(episode.rewards) for episode in one] == [list(episode.rewards) for episode in other]
    assert list(one[0].actions) == list(other[0].actions)
    assert one[0].task == other[0].task
    assert [record.idx for record in one.records(run_id)] == [record.idx for record in other.records(run_id)]


def test_a_follower_that_was_killed_goes_on_in_its_files(server: RedisServer, tmp_path: Path) -> None:
    run_id = record(tmp_path / "data", server, episodes=4)
    count, into = len(server.idxs(run_id)), tmp_path / "followed"
    first = FollowedRuns(into)
    for line in follow_lines(server.url(), consumer="dead"):
        first.take(line)
        if line.idx == 7:
            break
    first.close()
    with (into / f"{run_id}.jsonl").open("ab") as file:
        file.write(b'{"ts_utc": "torn')
    second = FollowedRuns(into)
    for line in follow_lines(server.url(), claim_after_s=0.1, idle_s=1):
        second.take(line)
    second.close()
    assert [one.idx for one in Dataset(into).records(run_id)] == list(range(count))


def test_a_folder_that_workers_record_into_is_refused(server: RedisServer, tmp_path: Path) -> None:
    data = tmp_path / "data"
    recorder = TrajectoryRecorder(Adding(), data)
    recorder.reset(seed=0)
    list(sync(data, server.url()))
    line = next(follow_lines(server.url()))
    with pytest.raises(DatasetError, match="written by somebody else; follow into a folder of its own"):
        FollowedRuns(data).take(line)
    recorder.close()
    assert Dataset(data).torn == ()


def test_workers_that_are_killed_in_the_middle_are_followed_to_the_end(server: RedisServer, tmp_path: Path) -> None:
    data, into = tmp_path / "data", tmp_path / "followed"
    program = f"""
import sys
from agentgym.sinks import attached
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, Adding, Talker, play
recorder = TrajectoryRecorder(Adding(), {str(data)!r})
with attached(recorder.bus, [{server.url()!r}], recording={str(data)!r}):
    for episode in range(int(sys.argv[1])):
        for _ in play(recorder, Talker(recorder.bus, SOLVES)):
            print(recorder.run_id, flush=True)
    recorder.close()
"""
    stop = threading.Event()
    runs = FollowedRuns(into)

    def head() -> None:
        for line in follow_lines(server.url(), stop=stop):
            runs.take(line)

    thread = threading.Thread(target=head)
    thread.start()
    ends, dies = (
        subprocess.Popen([sys.executable, "-c", program, count], stdout=subprocess.PIPE, text=True)
        for count in ("20", "100000")
    )
    assert ends.stdout is not None
    assert dies.stdout is not None
    for _ in range(40):
        dies.stdout.readline()
    dies.send_signal(signal.SIGKILL)
    ends.communicate()
    dies.communicate()
    list(sync(data, server.url()))
    source = Dataset(data)
    assert len(source.runs) == 2

    def is_whole() -> bool:
        followed = Dataset(into) if (into / "dataset.json").exists() else None
        return followed is not None and [len(list(followed.records(run))) for run in followed.runs] == [
            len(list(source.records(run))) for run in source.runs
        ]

    until(is_whole)
    stop.set()
    thread.join()
    runs.close()
    scores = [
        one.payload for run in source.runs for one in Dataset(into).records(run) if isinstance(one.payload, Scored)
    ]
    assert len(scores) >= 20
