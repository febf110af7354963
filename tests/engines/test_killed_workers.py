"""What a worker that is killed in the middle of an episode leaves behind: nothing."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentgym.engines import ProcessEngine
from agentgym.errors import BackendError
from agentgym.runner import RolloutSpec, rollout
from agentgym.tasks import Task

pytestmark = pytest.mark.episodes

_HOLDER = "tests.engines.episodes:Holder"


def kill_in_the_middle(spec: RolloutSpec, begun: Path) -> str:
    """Kills the worker of an episode that has a machine, beside one that has none, and says how the first ended."""
    orders: list[RolloutSpec | str] = [spec, str(begun)]
    outcomes = ProcessEngine(workers=2).map(act_or_kill, orders)
    first, second = sorted(outcomes, key=lambda outcome: outcome.index)
    family = {int(pid) for pid in second.unwrap().split()}
    assert len(family) > 2, "the machine must have been running"
    wait_until(lambda: not any(map(runs, family)), 30.0)
    assert isinstance(first.error, BackendError)
    return str(first.error)


def act_or_kill(order: RolloutSpec | str) -> str:
    """Plays the episode; or waits until the other worker is in the middle of it, and kills that: gives its family."""
    if isinstance(order, RolloutSpec):
        return str(rollout(order).score)
    wait_until(Path(order).exists, 60.0)
    worker = int(Path(order).read_text())
    family = descendants(worker)
    os.kill(worker, signal.SIGKILL)
    return " ".join(map(str, family))


def do_or_die(order: tuple[str, int]) -> int:
    """Kills its worker at every hundredth item, the first time; says in a file which item it did."""
    folder, number = order
    if number % 100 == 50 and not Path(folder, f"died-{number}").exists():
        Path(folder, f"died-{number}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with Path(folder, "done").open("a") as done:
        done.write(f"{number}\n")
    return number


def test_nothing_is_lost_or_done_twice_where_workers_are_killed(tmp_path: Path) -> None:
    orders = ((str(tmp_path), number) for number in range(1000))
    outcomes = list(ProcessEngine(workers=2, retries=1).map(do_or_die, orders))
    assert sorted(outcome.index for outcome in outcomes) == list(range(1000))
    assert all(outcome.value == outcome.index for outcome in outcomes)
    assert sorted(map(int, (tmp_path / "done").read_text().split())) == list(range(1000))
    again = [outcome for outcome in outcomes if outcome.attempts == 2]
    assert sorted(outcome.index for outcome in again) == list(range(50, 1000, 100))
    assert all("SIGKILL" in outcome.faults[0] for outcome in again)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        select.select([], [], [], 0.005)


def children(pid: int) -> set[int]:
    return {
        int(child) for thread in Path(f"/proc/{pid}/task").glob("*/children") for child in thread.read_text().split()
    }


def descendants(pid: int) -> set[int]:
    return {one for child in children(pid) for one in {child} | descendants(child)}


def runs(pid: int) -> bool:
    """A process that has ended but that nobody has collected yet is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.episodes
def test_the_sandbox_of_a_killed_worker_vanishes(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    action = {"name": "bash", "arguments": {"command": "setsid sleep 1000 & sleep 1000 & echo started"}}
    spec = RolloutSpec(
        agent=_HOLDER,
        agent_options={"begun": str(begun), "action": action},
        env="agentgym/Tools-v0",
        task=Task(id="engines/hold", instruction="Wait.", tools=("bash",), max_steps=5),
    )
    assert "SIGKILL" in kill_in_the_middle(spec, begun)


@pytest.mark.desktop
def test_the_desktop_of_a_killed_worker_vanishes(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    spec = RolloutSpec(
        agent=_HOLDER,
        agent_options={"begun": str(begun), "action": "pyautogui.press('a')"},
        env_kwargs={"backend": "x11"},
        task=Task(id="engines/hold", instruction="Wait.", max_steps=5),
    )
    assert "SIGKILL" in kill_in_the_middle(spec, begun)
