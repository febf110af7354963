from __future__ import annotations

import re
import threading
from datetime import UTC, datetime

import pytest

from agentgym.errors import UsageError
from agentgym.events import EVENT_TYPES, Bus, Note, Record, Reset, Step, new_run_id

NOON = datetime(2026, 11, 21, 12, 0, 0, 5000, tzinfo=UTC)


def a_step(number: int = 1) -> Step:
    return Step(step=number, observation=0, action=0, reward=0.0, terminated=False, truncated=False)


def test_records_are_numbered_without_gaps_and_timed() -> None:
    bus = Bus("run", clock=lambda: NOON)
    records = [bus.publish(Note(kind="a")), bus.publish(Note(kind="b"))]
    assert [record.idx for record in records] == [0, 1]
    assert records[0] == Record("2026-11-21T12:00:00.005+00:00", "run", 0, 0, "note", Note(kind="a"))


def test_each_reset_begins_the_next_episode() -> None:
    bus = Bus()
    before = bus.publish(Note(kind="before")).episode
    episodes = [
        bus.publish(event).episode for event in (Reset(observation=1), a_step(), Reset(observation=2), a_step())
    ]
    assert (before, episodes) == (0, [0, 0, 1, 1])


def test_subscribers_get_what_they_asked_for_in_order() -> None:
    bus = Bus()
    everything: list[Record] = []
    steps: list[Record] = []
    bus.subscribe(everything.append)
    bus.subscribe(steps.append, Step, "reset")
    for event in (Note(kind="x"), Reset(observation=0), a_step()):
        bus.publish(event)
    assert [record.event_type for record in everything] == ["note", "reset", "step"]
    assert [record.event_type for record in steps] == ["reset", "step"]


def test_a_type_that_no_event_has_is_not_subscribed_to() -> None:
    bus = Bus()
    with pytest.raises(UsageError, match=r"no event type named 'stp'; did you mean 'step'\?"):
        bus.subscribe(print, "stp")
    with pytest.raises(UsageError, match=r"^int is no event; an event is an instance of one of agentgym.events: "):
        bus.subscribe(print, int)  # type: ignore[arg-type]  # what is refused


def test_what_is_no_event_is_not_published() -> None:
    bus = Bus()
    with pytest.raises(UsageError, match=r"'x' of type str is no event; .* RunStarted, Reset"):
        bus.publish("x")  # type: ignore[arg-type]  # what is refused
    assert bus.is_fresh


def test_an_unsubscribed_function_is_called_no_more() -> None:
    bus = Bus()
    seen: list[Record] = []
    unsubscribe = bus.subscribe(seen.append)
    bus.publish(Note(kind="x"))
    unsubscribe()
    unsubscribe()
    bus.publish(Note(kind="y"))
    assert len(seen) == 1


def test_what_a_subscriber_publishes_comes_after_what_it_was_given_for_all() -> None:
    bus, first, second = Bus(), [], []

    def answer(record: Record) -> None:
        first.append(record.idx)
        if record.idx == 0:
            bus.publish(Note(kind="answer"))

    bus.subscribe(answer)
    bus.subscribe(lambda record: second.append(record.idx))
    bus.publish(Note(kind="question"))
    assert first == second == [0, 1]


def test_a_raising_subscriber_is_named_and_the_others_are_served() -> None:
    bus = Bus()
    seen: list[Record] = []

    def broken(record: Record) -> None:
        raise ValueError("no")

    bus.subscribe(broken)
    bus.subscribe(seen.append)
    with pytest.raises(ValueError, match="no") as caught:
        bus.publish(Note(kind="x"))
    assert "broken" in caught.value.__notes__[0]
    assert "'note'" in caught.value.__notes__[0]
    assert len(seen) == 1


def test_several_raising_subscribers_come_as_a_group() -> None:
    bus = Bus()
    for message in ("one", "two"):
        bus.subscribe(lambda record, message=message: (_ for _ in ()).throw(KeyError(message)))  # type: ignore[misc]  # mypy knows no lambda with a default here
    with pytest.raises(ExceptionGroup, match="several subscribers"):
        bus.publish(Note(kind="x"))


def test_an_interrupted_subscriber_gets_its_record_again_with_the_next() -> None:
    bus, seen, interrupts = Bus(), [], [KeyboardInterrupt]

    def keep(record: Record) -> None:
        if interrupts:
            raise interrupts.pop()
        seen.append(record.idx)

    bus.subscribe(keep)
    with pytest.raises(KeyboardInterrupt):
        bus.publish(Note(kind="x"))
    bus.publish(Note(kind="y"))
    assert seen == [0, 1]


def test_threads_share_one_numbering() -> None:
    bus, seen = Bus(), []
    bus.subscribe(lambda record: seen.append(record.idx))
    threads = [threading.Thread(target=lambda: [bus.publish(Note(kind="x")) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == list(range(200))


def test_a_new_run_counts_from_the_start_and_keeps_its_subscribers() -> None:
    bus = Bus("one")
    seen: list[Record] = []
    bus.subscribe(seen.append)
    bus.publish(Reset(observation=0))
    bus.begin("two")
    bus.publish(Reset(observation=0))
    assert [(record.run_id, record.idx, record.episode) for record in seen] == [("one", 0, 0), ("two", 0, 0)]


def test_every_kind_of_event_has_a_name_of_its_own() -> None:
    assert len(set(EVENT_TYPES.values())) == len(EVENT_TYPES) == 15


def test_run_ids_begin_with_their_time_and_differ() -> None:
    ids = {new_run_id(NOON) for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"20261121T12000000[0-9]{4}-[0-9a-f]{10}", run_id) for run_id in ids)


def test_run_ids_of_one_second_sort_as_they_were_drawn() -> None:
    moments = [NOON.replace(microsecond=number) for number in (5, 5, 900, 5, 6, 901, 0)]
    ids = [new_run_id(moment) for moment in moments] + [new_run_id(NOON) for _ in range(1000)]
    assert ids == sorted(ids)


def test_run_ids_that_threads_draw_at_once_all_differ_in_their_time() -> None:
    drawn: list[str] = []
    threads = [threading.Thread(target=lambda: drawn.extend(new_run_id(NOON) for _ in range(200))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run_id.partition("-")[0] for run_id in drawn}) == 800


def test_an_event_has_an_id_that_stays_the_same_or_the_one_it_was_brought_with() -> None:
    bus = Bus("run")
    assert bus.publish(Note(kind="x")).event_id == "run/0"
    assert bus.publish(Note(kind="x", event_id="msg-7")).event_id == "msg-7"
