from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgym.engines import Engine, Outcome, ProcessEngine, SerialEngine, engines
from agentgym.errors import BackendError, UnknownNameError, UsageError

ENGINES: dict[str, Callable[[], Engine]] = {"serial": SerialEngine, "processes": ProcessEngine}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]()


def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number * number


def outlive(name: str) -> str:
    """Blocks, dies or returns, as it is told."""
    match name:
        case "hang":
            select.select([], [], [])
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
    return name


class Unpicklable(Exception):
    def __init__(self, number: int, *, reason: str) -> None:
        super().__init__(f"{number}: {reason}")


def raise_unpicklable(number: int) -> None:
    raise Unpicklable(number, reason="two arguments")


def machine_fault(_: int) -> None:
    raise BackendError("the X server died", kind="display")


def return_unpicklable(_: int) -> Callable[[], None]:
    return lambda: None


def pid(_: int) -> int:
    return os.getpid()


def test_both_engines_are_in_the_table() -> None:
    assert {"serial", "processes"} <= set(engines)
    assert isinstance(engines["processes"](workers=3), ProcessEngine)


def test_an_unknown_engine_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'serial'"):
        engines["seriel"]


def test_every_item_has_one_outcome(engine: Engine) -> None:
    outcomes = sorted(engine.map(square, range(5)), key=lambda outcome: outcome.index)
    assert [outcome.unwrap() for outcome in outcomes] == [0, 1, 4, 9, 16]


def test_no_items_have_no_outcomes(engine: Engine) -> None:
    assert list(engine.map(square, [])) == []


def test_an_error_is_the_outcome_of_its_item_alone(engine: Engine) -> None:
    outcomes = {outcome.index: outcome for outcome in engine.map(square, [1, -2, 3])}
    assert [outcomes[0].value, outcomes[2].value] == [1, 9]
    with pytest.raises(ValueError, match="-2 is negative"):
        outcomes[1].unwrap()


def test_items_are_taken_as_they_are_needed(engine: Engine) -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    for _ in engine.map(square, numbers()):
        break
    assert len(taken) <= 2


def test_each_item_has_a_process_of_its_own() -> None:
    pids = {outcome.unwrap() for outcome in ProcessEngine().map(pid, range(3))}
    assert len(pids) == 3
    assert os.getpid() not in pids


def test_a_worker_that_dies_loses_only_its_own_item() -> None:
    outcomes = {outcome.index: outcome for outcome in ProcessEngine().map(outlive, ["a", "die", "exit", "b"])}
    assert [outcomes[0].value, outcomes[3].value] == ["a", "b"]
    assert isinstance(outcomes[1].error, BackendError)
    assert "SIGKILL" in str(outcomes[1].error)
    assert "exit status 3" in str(outcomes[2].error)


def test_a_hung_worker_is_killed_and_the_others_go_on() -> None:
    outcomes = list(ProcessEngine(timeout_s=1.5).map(outlive, ["hang", "a", "b"]))
    assert [outcome.index for outcome in outcomes] == [1, 2, 0]
    assert "killed" in str(outcomes[2].error)


def test_outcomes_come_as_they_finish() -> None:
    first = next(ProcessEngine(workers=2).map(outlive, ["hang", "quick"]))
    assert first == Outcome(1, value="quick")


def test_an_error_that_cannot_be_pickled_keeps_its_text_and_traceback() -> None:
    (outcome,) = ProcessEngine().map(raise_unpicklable, [7])
    assert "Unpicklable: 7: two arguments" in str(outcome.error)
    assert outcome.error is not None
    assert "raise_unpicklable" in outcome.error.__notes__[0]


def test_an_error_keeps_its_class_and_its_kind() -> None:
    (outcome,) = ProcessEngine().map(machine_fault, [7])
    assert isinstance(outcome.error, BackendError)
    assert outcome.error.kind == "display"


def test_a_value_that_cannot_be_pickled_is_the_items_error() -> None:
    (outcome,) = ProcessEngine().map(return_unpicklable, [0])
    assert outcome.error is not None


def test_no_worker_at_all_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 1, got 0"):
        ProcessEngine(workers=0)


PARENT = """
import os, select
from agentgym.engines import ProcessEngine

def hold(path):
    open(path, "w").write(str(os.getpid()))
    os.rename(path, path + ".ready")
    select.select([], [], [])

if __name__ == "__main__":
    list(ProcessEngine().map(hold, ["a", "b"]))
"""


def test_killing_the_parent_ends_its_workers(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    with subprocess.Popen([sys.executable, "parent.py"], cwd=tmp_path) as parent:
        pids = [int(_content(tmp_path / f"{name}.ready", parent)) for name in "ab"]
        ends = [os.pidfd_open(pid) for pid in pids]
        parent.kill()
    for end in ends:
        assert select.select([end], [], [], 2.0)[0], "a worker outlived its parent by two seconds"
        os.close(end)


def _content(path: Path, parent: subprocess.Popen[bytes]) -> str:
    while not path.exists():
        assert parent.poll() is None
        os.sched_yield()
    return path.read_text()
