from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agentgym.engines import Outcome, SerialEngine, ThreadEngine, leave_if_given_up
from agentgym.errors import BackendError, UsageError
from agentgym.runner import RolloutSpec, rollout
from agentgym.state import RunState
from agentgym.tasks import Task
from agentgym.testing.engines import obey
from tests.engines.episodes import SUM

pytestmark = pytest.mark.episodes


def test_items_wait_side_by_side() -> None:
    together = threading.Barrier(20)
    outcomes = ThreadEngine(workers=20).map(lambda _: together.wait(timeout=20), range(20))
    assert sorted(outcome.unwrap() for outcome in outcomes) == list(range(20))


def test_a_thread_that_hears_that_it_is_given_up_ends() -> None:
    engine = ThreadEngine(workers=1, timeout_s=1)
    hung, good = engine.map(obey, ["hang", "a"])
    assert isinstance(hung.error, BackendError)
    assert good.value == "a"
    assert engine.abandoned == 0


def test_a_thread_that_hears_nothing_is_abandoned_and_counted() -> None:
    release = threading.Event()

    def hang(number: int) -> int:
        if number == 0:
            release.wait()
        return number

    engine = ThreadEngine(workers=1, timeout_s=1)
    late, good = engine.map(hang, range(2))
    assert "in the 1 s allowed" in str(late.error)
    assert good == Outcome(1, value=1)
    assert engine.abandoned == 1
    release.set()
    assert list(engine.map(hang, [1])) == [Outcome(0, value=1)]
    while engine.abandoned:
        time.sleep(0.01)


def test_what_ends_a_thread_is_its_items_fault() -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    (outcome,) = ThreadEngine().map(interrupt, [0])
    assert isinstance(outcome.error, BackendError)
    assert "KeyboardInterrupt" in str(outcome.error)


def test_an_episode_that_is_given_up_ends_at_its_next_step(tmp_path: Path) -> None:
    spec = RolloutSpec(
        agent="tests.engines.episodes:Slow",
        agent_options={"closed": str(tmp_path / "closed")},
        env="agentgym/Tools-v0",
        env_kwargs={"max_steps": 10**9},
        task=SUM,
    )
    engine = ThreadEngine(workers=1, timeout_s=5)
    (outcome,) = engine.map(rollout, [spec])
    assert isinstance(outcome.error, BackendError)
    assert engine.abandoned == 0
    assert (tmp_path / "closed").exists()


def test_an_episode_that_is_left_is_cancelled_wherever_it_was(tmp_path: Path) -> None:
    record = tmp_path / "data"
    slow = RolloutSpec(
        agent="tests.engines.episodes:Slow",
        agent_options={"closed": str(tmp_path / "closed")},
        env="agentgym/Tools-v0",
        env_kwargs={"max_steps": 10**9},
        task=SUM,
        record=str(record),
    )
    specs = [replace(slow, seed=seed) for seed in range(2)]
    # Leaving the loop ends what runs.
    for _ in ThreadEngine(workers=2, timeout_s=5).map(rollout, specs):
        break
    state = RunState.read(record)
    assert [episode.status for episode in state.episodes()] == ["cancelled"] * 2
    assert [run.status for run in state.runs.values()] == ["cancelled"] * 2


def test_nobody_is_given_up_outside_of_the_engine() -> None:
    leave_if_given_up()


_LEFT_BEHIND = """
import threading
import time
from agentgym.engines import ThreadEngine

def hang(_):
    threading.Event().wait()

(outcome,) = ThreadEngine(timeout_s=0.1).map(hang, [0])
print(type(outcome.error).__name__)
"""


@pytest.mark.slow
def test_an_abandoned_thread_does_not_keep_the_interpreter() -> None:
    done = subprocess.run([sys.executable, "-c", _LEFT_BEHIND], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "BackendError\n", "")


_ON_QT = """
from agentgym.engines import ThreadEngine
from agentgym.runner import RolloutSpec, rollout

specs = [RolloutSpec(agent="random", env="agentgym/ClickButton-v0", seed=seed) for seed in range(8)]
outcomes = list(ThreadEngine(workers=4).map(rollout, specs))
print({str(outcome.error).partition(":")[0] for outcome in outcomes})
"""


def test_episodes_that_need_the_main_thread_say_so() -> None:
    done = subprocess.run([sys.executable, "-c", _ON_QT], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "{'Qt runs in the main thread alone'}\n"


@pytest.mark.desktop
def test_desktops_work_side_by_side_in_threads() -> None:
    task = Task(id="engines/look", instruction="Look.", max_steps=2)
    specs = [RolloutSpec(agent="random", env_kwargs={"backend": "x11"}, task=task, seed=seed) for seed in range(3)]
    results = [outcome.unwrap() for outcome in ThreadEngine(workers=3).map(rollout, specs)]
    assert [(result.steps, result.truncated) for result in results] == [(2, True)] * 3


def test_serial_refuses_what_it_cannot_do() -> None:
    with pytest.raises(UsageError, match="cannot end an item after 5 s"):
        SerialEngine(timeout_s=5)
    with pytest.raises(UsageError, match="one item at a time, not 3"):
        SerialEngine(workers=3)
