from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from agentgym.engines import Outcome, ProcessEngine, engines, make_engine
from agentgym.errors import BackendError, TooManyFailures, UnknownNameError, UsageError
from agentgym.testing.engines import check_engine, check_isolation, check_timeouts, obey, process_id

pytestmark = pytest.mark.episodes


@pytest.mark.parametrize("name", ["processes", "serial", "threads"])
def test_an_engine_is_in_the_table(name: str) -> None:
    assert name in engines
    assert hasattr(make_engine(name, workers=1), "map")


def test_an_unknown_engine_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'serial'"):
        make_engine("seriel")


def test_an_unknown_option_is_met_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="'threads' has no option 'worker'; did you mean 'workers'"):
        make_engine("threads", worker=2)


@pytest.mark.parametrize(("name", "workers"), [("serial", 1), ("threads", 4), ("processes", 2)])
def test_an_engine_keeps_what_every_engine_promises(name: str, workers: int) -> None:
    check_engine(engines[name], workers=workers)


def test_processes_are_isolated() -> None:
    check_isolation(ProcessEngine)


@pytest.mark.parametrize(("name", "timeout_s"), [("threads", 2.0), ("processes", 5.0)])
def test_an_item_that_is_out_of_time_is_given_up(name: str, timeout_s: float) -> None:
    check_timeouts(engines[name], timeout_s=timeout_s)


def test_an_item_may_have_a_process_of_its_own() -> None:
    pids = {outcome.unwrap() for outcome in ProcessEngine(items_per_worker=1).map(process_id, range(3))}
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_a_process_is_used_again_but_not_for_ever() -> None:
    pids = [outcome.unwrap() for outcome in ProcessEngine(workers=1, items_per_worker=2).map(process_id, range(5))]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_the_loss_of_a_process_says_how_it_ended() -> None:
    killed, ended = sorted(ProcessEngine().map(obey, ["die", "exit"]), key=lambda outcome: outcome.index)
    assert "SIGKILL" in str(killed.error)
    assert "exit status 3" in str(ended.error)


def test_outcomes_come_as_they_finish() -> None:
    first = next(ProcessEngine(workers=2).map(obey, ["hang", "quick"]))
    assert first == Outcome(1, value="quick")


def die_while_sending(order: str) -> str:
    """Lets its process send half of the value, and no more."""

    def send_half(connection: Connection, content: bytes) -> None:
        os.write(connection.fileno(), content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    if order == "die":
        Connection._send = send_half  # type: ignore[attr-defined]  # of this worker, which ends with this item
    return order * 1000


def test_a_process_lost_while_it_sends_touches_no_other_item() -> None:
    lost, good = sorted(
        ProcessEngine(workers=1).map(die_while_sending, ["die", "a"]), key=lambda outcome: outcome.index
    )
    assert isinstance(lost.error, BackendError)
    assert "SIGKILL" in str(lost.error)
    assert good.value == "a" * 1000


def hold_open(path: Path | None) -> None:
    """Has something open until it is interrupted, and goes on after that if it is stubborn."""
    if path is None:
        return
    try:
        path.with_suffix(".open").touch()
        select.select([], [], [])
    finally:
        path.with_suffix(".closed").touch()
        if path.name == "stubborn":
            select.select([], [], [])


@pytest.mark.slow
def test_an_item_that_is_late_closes_what_it_has_open(tmp_path: Path) -> None:
    (late,) = ProcessEngine(timeout_s=15).map(hold_open, [tmp_path / "late"])
    assert "in the 15 s allowed" in str(late.error)
    assert (tmp_path / "late.closed").exists()


def test_an_item_that_will_not_end_is_killed_and_then_its_place_is_free(tmp_path: Path) -> None:
    late, good = ProcessEngine(workers=1, timeout_s=15).map(hold_open, [tmp_path / "stubborn", None])
    assert isinstance(late.error, BackendError)
    assert good == Outcome(1)


def test_many_items_that_cannot_be_pickled_are_not_taken_at_once() -> None:
    taken: list[int] = []

    def items() -> Iterator[Callable[[], None]]:
        for number in range(100):
            taken.append(number)
            yield lambda: None

    outcomes = ProcessEngine(max_failures=3).map(str, items())
    assert isinstance(next(outcomes).error, UsageError)
    assert len(taken) == 1
    with pytest.raises(TooManyFailures, match="the last was item 2: UsageError: item 2 cannot be pickled"):
        list(outcomes)
    assert len(taken) == 3


NO_PROCESS_LEFT = """
import resource
from agentgym.engines import ProcessEngine
from agentgym.testing.engines import square

if __name__ == "__main__":
    engine = ProcessEngine(workers=1, retries=1)
    print([outcome.value for outcome in engine.map(square, [2])])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (5, hard))
    (outcome,) = engine.map(square, [2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(outcome.attempts, type(outcome.error).__name__, str(outcome.error).partition(":")[0])
    print([outcome.value for outcome in engine.map(square, [2])])
"""


def test_a_worker_that_cannot_be_started_is_a_machines_fault(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text(NO_PROCESS_LEFT)
    done = subprocess.run([sys.executable, "short.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "[4]\n2 BackendError no process can be started for item 0\n[4]\n"


def after_these_are_open(order: tuple[Path, ...]) -> None:
    if len(order) == 1:
        hold_open(order[0])
    while not all(path.with_suffix(".open").exists() for path in order):
        os.sched_yield()


@pytest.mark.slow
def test_items_that_are_given_up_close_what_they_have_open(tmp_path: Path) -> None:
    a, b = tmp_path / "stubborn", tmp_path / "b"
    outcomes = ProcessEngine(workers=3).map(after_these_are_open, [(a,), (b,), (a, b)])
    assert next(outcomes).index == 2
    del outcomes  # as `break` does
    assert a.with_suffix(".closed").exists()
    assert b.with_suffix(".closed").exists()


def test_an_error_that_cannot_be_pickled_keeps_its_text_and_traceback() -> None:
    (outcome,) = ProcessEngine().map(obey, ["rare fault"])
    assert "RareError: 7: two arguments" in str(outcome.error)
    assert outcome.error is not None
    assert "in obey" in outcome.error.__notes__[0]


def test_an_error_keeps_its_class_and_its_kind() -> None:
    (outcome,) = ProcessEngine().map(obey, ["fault"])
    assert isinstance(outcome.error, BackendError)
    assert outcome.error.kind == "display"


def test_no_worker_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1, got 0"):
        ProcessEngine(workers=0)


PARENT = """
import os, sys
from agentgym.engines import make_engine
from agentgym.testing.engines import obey

def hold(path):
    with open(path, "w") as file:
        file.write(str(os.getpid()))
    try:
        os.rename(path, path + ".ready")
        obey("hang")
    finally:
        open(path + ".closed", "w").close()

if __name__ == "__main__":
    list(make_engine(sys.argv[1], workers=2).map(hold, "ab"))
"""


@contextmanager
def holding(engine: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Sequence[int]]]:
    """A process in a group of its own whose engine has two items that hang, and the processes of the two."""
    (folder / "parent.py").write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, "parent.py", engine], cwd=folder, start_new_session=True, stderr=subprocess.PIPE
    ) as parent:
        yield parent, [int(_content(folder / f"{name}.ready", parent)) for name in "ab"]


def test_killing_the_parent_ends_its_workers(tmp_path: Path) -> None:
    with holding("processes", tmp_path) as (parent, pids):
        ends = [os.pidfd_open(pid) for pid in pids]
        parent.kill()
    for end in ends:
        assert select.select([end], [], [], 2.0)[0], "a worker outlived its parent by two seconds"
        os.close(end)


@pytest.mark.parametrize("engine", ["processes", "threads"])
def test_an_interrupt_ends_cleanly(engine: str, tmp_path: Path) -> None:
    with holding(engine, tmp_path) as (parent, _):
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stderr is not None
        told = parent.stderr.read().decode()
    assert parent.returncode == -signal.SIGINT
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert told.count("Traceback") == 1, "nobody but the parent says anything"
    assert {path.name for path in tmp_path.glob("*.closed")} == {"a.closed", "b.closed"}


def _content(path: Path, parent: subprocess.Popen[bytes]) -> str:
    while not path.exists():
        assert parent.poll() is None
        os.sched_yield()
    return path.read_text()
