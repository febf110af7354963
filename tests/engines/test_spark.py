from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest

from agentgym.engines.spark import SparkEngine
from agentgym.engines.sparklanes import Broken, Ended, Inbox, Lane, Port
from agentgym.errors import MissingDependencyError
from agentgym.testing.engines import check_engine, check_isolation, check_timeouts, process_id, square
from tests.engines import clusters

pytestmark = [
    pytest.mark.episodes,
    pytest.mark.skipif(
        shutil.which("java") is None and "JAVA_HOME" not in os.environ,
        reason="Java is not installed: scripts/setup tests does that",
    ),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A context that is there while the engines come and go."""
    from pyspark import SparkContext

    handler = signal.getsignal(signal.SIGINT)
    holder = SparkEngine(workers=2)
    list(holder.map(square, [1]))
    assert signal.getsignal(signal.SIGINT) is handler
    yield SparkContext
    assert SparkContext._active_spark_context is not None
    java = SparkContext._gateway.proc
    holder.close()
    # Engines that errors of tests hold by their frames.
    gc.collect()
    assert SparkContext._active_spark_context is None
    assert java.returncode is not None


def test_spark_keeps_what_every_engine_promises(spark: Any) -> None:
    check_engine(SparkEngine)


def test_outcomes_on_spark_that_nobody_asks_for_begin_no_worker(spark: Any) -> None:
    closed, forgotten = (SparkEngine(workers=2).map(square, [1, 2]) for _ in range(2))
    closed.close()  # type: ignore[attr-defined]  # a generator, as of every engine here
    del forgotten
    assert not [one for one in threading.enumerate() if one.name == "agentgym-port"]


def test_workers_of_spark_are_isolated(spark: Any) -> None:
    check_isolation(SparkEngine)


def test_an_item_on_spark_that_is_out_of_time_is_given_up(spark: Any) -> None:
    check_timeouts(SparkEngine, timeout_s=3.0)


def test_an_item_on_spark_that_is_late_closes_what_it_has_open_or_is_killed(spark: Any, tmp_path: Path) -> None:
    clusters.check_that_late_items_close(SparkEngine, tmp_path)


def test_items_on_spark_that_are_given_up_close_what_they_have_open(spark: Any, tmp_path: Path) -> None:
    clusters.check_that_given_up_items_close(SparkEngine, tmp_path)


def test_the_machine_of_a_killed_worker_of_spark_vanishes_and_its_item_is_played_again(
    spark: Any, tmp_path: Path
) -> None:
    clusters.check_killed_worker(SparkEngine, tmp_path)


def test_no_item_on_spark_is_lost_and_none_comes_twice_where_workers_are_killed(spark: Any, tmp_path: Path) -> None:
    clusters.check_that_none_is_lost(SparkEngine, tmp_path, items=300, killed=3)


def test_equal_seeds_give_equal_episodes_on_spark(spark: Any) -> None:
    clusters.check_equal_seeds(SparkEngine())


def large(number: int) -> bytes:
    return bytes([number]) * 2_000_000


def test_large_values_come_back_from_spark(spark: Any) -> None:
    assert {outcome.unwrap() for outcome in SparkEngine().map(large, range(3))} == {large(0), large(1), large(2)}


def test_a_worker_of_spark_is_used_again(spark: Any) -> None:
    pids = {outcome.unwrap() for outcome in SparkEngine(workers=1).map(process_id, range(5))}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_a_caller_without_the_key_is_not_heard(spark: Any) -> None:
    heard: list[int] = []
    port = Port("127.0.0.1", lambda lane, _: heard.append(lane))
    with pytest.raises(AuthenticationError):
        Client(("127.0.0.1", port.number), authkey=b"another")
    port.close()
    assert not heard


def stumble(lane: int) -> None:
    raise LookupError(f"lane {lane} leads nowhere")


def test_where_no_worker_begins_spark_is_not_asked_for_ever(spark: Any) -> None:
    inbox = Inbox()
    lane = Lane(spark._active_spark_context, stumble, 7, inbox)
    lane.begin()
    events = [inbox.take() for _ in range(3)]
    assert events[:2] == [Ended(7), Ended(7)]
    assert isinstance(events[2], Broken)
    assert "lane 7 leads nowhere" in str(events[2].error)
    assert lane.join(10)
    inbox.close()


@pytest.mark.slow
def test_ctrl_c_ends_the_items_and_the_context_that_was_made_for_them(tmp_path: Path) -> None:
    clusters.check_end_by_signal("spark", tmp_path, signal.SIGINT)


@pytest.mark.slow
def test_a_context_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    clusters.check_end_by_signal("spark", tmp_path, signal.SIGKILL)


def test_where_spark_is_missing_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingDependencyError, match=r"agentgym-envs\[spark\]"):
        SparkEngine().map(square, [1])
