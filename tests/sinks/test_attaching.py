"""Sinks that are named, attached, and fail."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from agentgym.errors import UsageError
from agentgym.events import Bus, Note, Phase, Record, Step
from agentgym.sinks import SinkOrder, SinkWarning, attached, make_sink, sinks
from agentgym.sinks.attaching import Guarded
from agentgym.sinks.queued import Queued
from agentgym.trajectory import Dataset
from agentgym.trajectory.redaction import taking_out
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, Adding, Talker, play


class Kept:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.closed = 0

    def __call__(self, record: Record) -> None:
        self.records.append(record)

    def close(self) -> None:
        self.closed += 1


class Breaks(Kept):
    """Fails at the third record."""

    def __call__(self, record: Record) -> None:
        super().__call__(record)
        if len(self.records) == 3:
            raise OSError("no room, key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789")


def test_a_name_that_is_none_is_told_with_the_next() -> None:
    with pytest.raises(UsageError, match="no sink named 'consol'; did you mean 'console'"):
        make_sink("consol")


def test_an_option_that_is_none_is_told_with_the_next(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no option 'fsink'; did you mean 'fsync'"):
        make_sink(f"jsonl:{tmp_path}/a.jsonl?fsink=1")
    with pytest.raises(UsageError, match="Expected `bool`"):
        make_sink(f"jsonl:{tmp_path}/a.jsonl?fsync=often")


def test_every_sink_is_found_by_its_name() -> None:
    assert {"console", "jsonl"} <= set(sinks)


def test_none_is_attached_if_one_is_mistaken(tmp_path: Path) -> None:
    bus = Bus()
    with pytest.raises(UsageError), attached(bus, [f"jsonl:{tmp_path}/a.jsonl", "console:-w"]):
        pass
    bus.publish(Phase(name="setup", status="began"))
    assert not list(tmp_path.iterdir())


def test_a_sink_gets_nothing_after_the_block(tmp_path: Path) -> None:
    bus, path = Bus(), tmp_path / "a.jsonl"
    with attached(bus, [f"jsonl:{path}"]):
        bus.publish(Phase(name="setup", status="began"))
    bus.publish(Phase(name="setup", status="ended"))
    assert path.read_text().count("\n") == 1


def test_one_that_fails_costs_itself_alone_and_is_noted_once(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
    broken, whole = Breaks(), Kept()
    recorder.bus.subscribe(Guarded(broken, recorder.bus, "breaks:here"))
    recorder.bus.subscribe(whole)
    with pytest.warns(SinkWarning, match="'breaks:here' got no more after record 2 .*OSError: no room") as warned:
        steps = list(play(recorder, Talker(recorder.bus, SOLVES)))
    recorder.close()
    assert (len(warned), steps, len(broken.records)) == (1, [1, 2, 3], 3)
    dataset = Dataset(tmp_path / "data")
    (run,) = dataset.runs
    written = list(dataset.records(run))
    assert [record.idx for record in written] == [record.idx for record in whole.records] == list(range(len(written)))
    (note,) = [record.payload for record in written if isinstance(record.payload, Note)]
    assert note.value == {"sink": "breaks:here", "error": "OSError"}
    assert note.text is not None
    assert "sk-proj" not in note.text
    assert dataset[0].score == 1.0


def test_a_sink_that_cannot_be_closed_is_told() -> None:
    class Stuck(Kept):
        def close(self) -> None:
            raise OSError("busy")

    with pytest.warns(SinkWarning, match="'stuck' could not be closed: OSError: busy"):
        Guarded(Stuck(), Bus(), "stuck").close()


def test_a_queue_gives_all_in_order_before_it_is_closed() -> None:
    kept, bus = Kept(), Bus()
    queued = Queued(kept)
    bus.subscribe(queued)
    published = [bus.publish(Phase(name="setup", status=str(number))) for number in range(300)]
    queued.close()
    assert (kept.records, kept.closed, queued.dropped) == (published, 1, 0)


def test_a_queue_drops_what_a_slow_sink_does_not_take_and_never_waits() -> None:
    go_on = threading.Event()

    class Slow(Kept):
        def __call__(self, record: Record) -> None:
            go_on.wait()
            super().__call__(record)

    kept, bus = Slow(), Bus()
    queued = Queued(kept, most=10)
    bus.subscribe(queued)
    began = time.monotonic()
    for number in range(100):
        bus.publish(Phase(name="setup", status=str(number)))
    assert time.monotonic() - began < 5
    go_on.set()
    with pytest.warns(SinkWarning, match="records came faster than a sink took them"):
        queued.close()
    assert len(kept.records) + queued.dropped == 100
    assert 10 <= len(kept.records) <= 11
    assert [record.idx for record in kept.records] == list(range(len(kept.records)))


def test_a_queue_that_is_not_emptied_is_not_waited_for() -> None:
    go_on = threading.Event()

    class Stuck(Kept):
        def __call__(self, record: Record) -> None:
            go_on.wait()

    queued = Queued(Stuck(), most=2, patience_s=0.05)
    bus = Bus()
    bus.subscribe(queued)
    for _ in range(5):
        bus.publish(Phase(name="setup", status="began"))
    with pytest.raises(TimeoutError, match=r"were not taken within 0\.05 s"):
        queued.close()
    go_on.set()


def test_what_a_sink_in_a_thread_raises_is_raised_by_the_next_call() -> None:
    broken, bus = Breaks(), Bus()
    queued = Queued(broken)
    records = [bus.publish(Phase(name="setup", status=str(number))) for number in range(4)]
    for record in records[:3]:
        queued(record)
    with pytest.raises(OSError, match="no room"):
        queued.close()
    with pytest.raises(OSError, match="no room"):
        queued(records[3])


def test_a_queue_holds_no_observation() -> None:
    kept, bus = Kept(), Bus()
    queued = Queued(kept)
    bus.subscribe(queued)
    bus.publish(Step(step=1, observation=bytes(1 << 20), action=0, reward=1.0, terminated=False, truncated=False))
    queued.close()
    (record,) = kept.records
    assert isinstance(record.payload, Step)
    assert (record.payload.observation, record.payload.reward) == (None, 1.0)


def test_what_the_caller_knows_to_be_secret_goes_to_no_sink(tmp_path: Path) -> None:
    bus, path = Bus(), tmp_path / "a.jsonl"
    with attached(bus, [f"jsonl:{path}"], secrets=taking_out(["my own words"])):
        bus.publish(Note(kind="tag", text="with my own words and sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"))
    assert "with [redacted] and [redacted]" in path.read_text()


def test_an_order_shows_no_secret() -> None:
    assert "swordfish" not in SinkOrder("redis://:swordfish@somewhere:6379/0").shown
