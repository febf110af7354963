"""What engines of clusters are put through alike; functions that travel by name, and checks of what came of them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import psutil
from gymnasium import spaces

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.engines import Engine, Outcome, SerialEngine
from agentgym.errors import BackendError
from agentgym.results import plan
from agentgym.runner import EpisodeResult, RolloutSpec, rollout

COINS = "tests/Coins-v0"
_PATIENCE_S = 60.0


class Coins(gym.Env[Any, Any]):
    """Ten coins, each guessed before it is tossed."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self.left = 10
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        tossed = int(self.np_random.integers(2))
        self.left -= 1
        return tossed, float(action == tossed), self.left == 0, False, {}


if COINS not in gym.registry:
    gym.register(COINS, f"{__name__}:Coins")


def check_equal_seeds(engine: Engine) -> None:
    """Episodes in a sandbox, and of an environment that only this module knows, end as they do in this process."""
    specs = [
        *plan("research", RolloutSpec(agent="oracle", seed=3)),
        *(RolloutSpec(agent="random", env=f"{__name__}:{COINS}", seed=seed) for seed in range(8)),
    ]
    there = _results(engine.map(rollout, specs))
    assert there == _results(SerialEngine().map(rollout, specs))
    assert {result.score for result in there[:5]} == {1.0}
    assert len({result.total_return for result in there[5:]}) > 1


def _results(outcomes: Iterator[Outcome[EpisodeResult]]) -> list[EpisodeResult]:
    """In order, but for what tells two runs apart."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.index)
    return [replace(outcome.unwrap(), steps_s=0.0, run_id="") for outcome in ordered]


def check_killed_worker(make: Callable[..., Engine], folder: Path) -> None:
    """A worker is killed in the midst of an episode: its machine vanishes, and its item is played again."""
    outcomes = make(workers=2, retries=1).map(play_or_kill, [(folder, "play"), (folder, "kill")])
    played, killed = sorted(outcomes, key=lambda outcome: outcome.index)
    assert (played.value, played.attempts) == ("again", 2)
    assert "item 0 was lost" in played.faults[0]
    assert (killed.value, killed.attempts) == ("kill", 1)
    machine = [int(pid) for pid in (folder / "machine").read_text().split()]
    assert len(machine) > 1
    wait_until(lambda: not any(map(runs, machine)), "the machine of a killed worker must vanish", 30.0)


def play_or_kill(order: tuple[Path, str]) -> str:
    folder, part = order
    noted = folder / "machine"
    if part == "kill":
        wait_until(noted.exists, "the other item must begin")
        os.kill(int((folder / "worker").read_text()), signal.SIGKILL)
        return part
    if noted.exists():
        return "again"
    with _sandbox() as machine:
        machine.bash("sleep 1000 &", timeout_s=20, max_output=100)
        (folder / "worker").write_text(str(os.getpid()))
        _write(noted, " ".join(str(child.pid) for child in psutil.Process().children(recursive=True)))
        return hold_open(folder / "held")


@contextmanager
def _sandbox() -> Iterator[SandboxBackend]:
    machine = SandboxBackend()
    try:
        machine.reset(seed=0)
        yield machine
    finally:
        machine.close()


def check_that_none_is_lost(make: Callable[..., Engine], folder: Path, *, items: int, killed: int) -> None:
    """So many of the items kill their workers, once."""
    orders = [(folder, number, number % (items // killed) == 0) for number in range(items)]
    outcomes = sorted(make(workers=2, retries=3).map(live_or_die, orders), key=lambda outcome: outcome.index)
    assert [outcome.index for outcome in outcomes] == list(range(items))
    assert [outcome.unwrap() for outcome in outcomes] == list(range(items))
    assert all(outcome.attempts >= 2 for outcome in outcomes if orders[outcome.index][2])


def live_or_die(order: tuple[Path, int, bool]) -> int:
    folder, number, dies = order
    if dies and not (died := folder / str(number)).exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def check_that_late_items_close(make: Callable[..., Engine], folder: Path) -> None:
    """One ends as it is told, one must be killed; both are out of time, of which they have enough to begin."""
    # Both workers have loaded this module then.
    list(make(workers=2).map(meet, [(folder, "a", "b"), (folder, "b", "a")]))
    late, stubborn = sorted(
        make(workers=2, timeout_s=5.0).map(hold_open, [folder / "late", folder / "stubborn"]),
        key=lambda outcome: outcome.index,
    )
    assert isinstance(late.error, BackendError)
    assert late.error.kind == "timeout"
    assert isinstance(stubborn.error, BackendError)
    assert (folder / "late.closed").exists()


def meet(order: tuple[Path, str, str]) -> None:
    folder, mine, other = order
    (folder / mine).touch()
    wait_until((folder / other).exists, "two items must run at a time")


def check_that_given_up_items_close(make: Callable[..., Engine], folder: Path) -> None:
    outcomes = make(workers=2).map(hold_open_or_wait, [(folder, "hold"), (folder, "wait")])
    assert next(outcomes).value == "wait"
    outcomes.close()  # type: ignore[attr-defined]  # engines map with generators, which can be closed
    assert (folder / "held.closed").exists()


def hold_open_or_wait(order: tuple[Path, str]) -> str:
    folder, part = order
    if part == "hold":
        return hold_open(folder / "held")
    wait_until((folder / "held.open").exists, "the other item must begin")
    return part


def hold_open(path: Path) -> str:
    """Has something open until it is interrupted, and goes on after that if it is stubborn."""
    try:
        path.with_suffix(".open").touch()
        select.select([], [], [])
    finally:
        path.with_suffix(".closed").touch()
        while path.name == "stubborn":
            select.select([], [], [])
    return "never"


SCRIPT = """
import sys
from pathlib import Path
from agentgym.cli.options import modules_from_here
from agentgym.engines import make_engine

if __name__ == "__main__":
    with modules_from_here():
        import holding
        engine = make_engine(sys.argv[1], workers=2)
        print([outcome.unwrap() for outcome in engine.map(holding.hold, ["a", "b"])])
"""

HOLDING = """
import select
from pathlib import Path

def hold(name):
    try:
        Path(name).with_suffix(".open").touch()
        select.select([], [], [])
    finally:
        Path(name).with_suffix(".closed").touch()
"""


def check_end_by_signal(name: str, folder: Path, number: signal.Signals, *, leaves: tuple[str, ...] = ()) -> None:
    """A script with a module beside it runs two items on a cluster of its own, and ends in their midst.

    Args:
        leaves: the titles of processes that take their time.
    """
    (folder / "script.py").write_text(SCRIPT)
    (folder / "holding.py").write_text(HOLDING)
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "HOME": str(folder), "TMPDIR": str(folder)}
    script = subprocess.Popen(
        [sys.executable, "-W", "error", "script.py", name],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        opened = [folder / "a.open", folder / "b.open"]
        wait_until(lambda: all(path.exists() for path in opened) or script.poll() is not None, "items must begin", 60.0)
        children = psutil.Process(script.pid).children(recursive=True)
        family = [child.pid for child in children if _title(child) not in leaves]
        # As a terminal does: to all processes of the script.
        os.killpg(script.pid, number) if number == signal.SIGINT else script.send_signal(number)
    finally:
        said, complained = _end_of(script)
    assert said == ""
    assert len(family) > 2
    wait_until(lambda: not any(map(runs, family)), f"{name} must end with what started it: {complained}", 20.0)
    if number == signal.SIGINT:
        assert "KeyboardInterrupt" in complained
        assert "unclosed" not in complained
        assert (folder / "a.closed").exists()
        assert (folder / "b.closed").exists()


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def _end_of(script: subprocess.Popen[str]) -> tuple[str, str]:
    """What it said and complained."""
    try:
        return script.communicate(timeout=60)
    finally:
        script.kill()


def runs(pid: int) -> bool:
    """A process that has ended but that nobody has collected yet is gone."""
    try:
        return bool(psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False


def wait_until(happened: Callable[[], bool], promise: str, patience_s: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, promise
        select.select([], [], [], 0.01)


def _write(path: Path, text: str) -> None:
    """At once."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.rename(path)
