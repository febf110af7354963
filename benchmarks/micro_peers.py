"""The peers of the small tasks, each in a process of its own: clicks on a page of MiniWoB++ through a browser.

    python benchmarks/micro_peers.py [--seconds S] [--rounds N]

Prints one line of JSON for each peer and round. The first call makes an environment for their packages in the
temporary folder; the browser and its driver are Debian's.

`peer` is what other benchmarks import: it stays open between rounds, so that they can take turns with it. This file is
also what runs in the peers' environment, so that it imports nothing but Python's own, and `apart`, at the top.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from apart import answer_lines, python_with, speaking_with

__all__ = ["PEERS", "Round", "absent", "clicks", "peer", "played"]

_PACKAGES = ("miniwob==1.1.0", "browsergym-miniwob==0.14.3")
_PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
_EPISODE = 10
"""Clicks after which an episode is given up, as our own tasks do."""
_CELL = 10
"""Pixels of a cell: 16 columns and 21 rows of a screen of 160 by 210."""
_BELOW_BANNER = 5


class Click(NamedTuple):
    """A cell of the screen."""

    column: int
    row: int

    @property
    def pixel(self) -> tuple[int, int]:
        return self.column * _CELL + _CELL // 2, self.row * _CELL + _CELL // 2


@dataclass
class Round:
    """What was measured.

    Args:
        steps: seconds of each.
        resets: seconds of each.
        cpu_s: of this process and all below it, steps and resets together.
    """

    steps: list[float] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        """Steps a second, resets left out."""
        return len(self.steps) / sum(self.steps)

    @property
    def rate_with_resets(self) -> float:
        return len(self.steps) / (sum(self.steps) + sum(self.resets))


Make = Callable[[str], tuple[Any, Callable[[Click], Any]]]
"""An environment for the name of a task, and how it wants a click."""


def clicks() -> Iterator[Click]:
    """The same for every side: anywhere below the instruction."""
    rng = random.Random(0)
    while True:
        yield Click(rng.randrange(16), rng.randrange(_BELOW_BANNER, 21))


def cpu_seconds() -> float:
    """CPU time of this process and all that it started, those included that have ended."""
    ticks = sum(_ticks(pid) for pid in [os.getpid(), *_descendants(os.getpid())])
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0
    # After the name in brackets: utime, stime, cutime, cstime are the fields 14 to 17.
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, found):
            yield child
            yield from _descendants(child)


def played(
    env: Any,
    written: Callable[[Click], Any],
    places: Iterator[Click],
    seconds: float,
    *,
    cpu: Callable[[], float] = cpu_seconds,
) -> Round:
    """Clicks for some seconds, and resets when an episode is over or given up.

    Args:
        env: where.
        written: what the environment takes for a click.
        places: where to click.
        seconds: how long.
        cpu: the CPU time that is this side's.
    """
    found = Round()
    cpu_s = cpu()
    deadline = time.perf_counter() + seconds
    count, over = 0, True
    while (start := time.perf_counter()) < deadline or not found.steps:
        if over or count >= _EPISODE:
            env.reset(seed=len(found.resets))
            found.resets.append(time.perf_counter() - start)
            count, over = 0, False
            continue
        _, _, terminated, truncated, _ = env.step(written(next(places)))
        found.steps.append(time.perf_counter() - start)
        count, over = count + 1, terminated or truncated
    found.cpu_s = cpu() - cpu_s
    return found


def _miniwob(task: str, *, fast: bool) -> tuple[Any, Callable[[Click], Any]]:
    gym = importlib.import_module("gymnasium")
    gym.register_envs(importlib.import_module("miniwob"))
    os.environ["MINIWOB_CHROME_BINARY"] = _program("chromium")
    os.environ["MINIWOB_CHROMEDRIVER"] = _program("chromedriver")
    if fast:
        # It looks whether the page is there every 50 ms.
        importlib.import_module("miniwob.selenium_instance").SeleniumInstance.RESET_BLOCK_SLEEP_TIME = 0.001
    env = gym.make(f"miniwob/{task}-v1", disable_env_checker=True)
    coords = importlib.import_module("numpy").array
    plain = env.unwrapped.create_action("CLICK_COORDS")
    return env, lambda click: {**plain, "coords": coords(click.pixel, "float32")}


def _browsergym(task: str, *, fast: bool) -> tuple[Any, Callable[[Click], Any]]:
    pages = Path(str(importlib.import_module("miniwob").__file__)).parent / "html" / "miniwob"
    os.environ["MINIWOB_URL"] = f"{pages.as_uri()}/"
    gym = importlib.import_module("gymnasium")
    importlib.import_module("browsergym.miniwob")
    # It starts a second browser for a chat, and its option for the program does not reach that one.
    browser = importlib.import_module("playwright.sync_api").BrowserType
    browser.launch = functools.partialmethod(browser.launch, executable_path=_program("chromium"))
    actions = importlib.import_module("browsergym.core.action.highlevel").HighLevelActionSet(subsets=["coord"])
    env = gym.make(
        f"browsergym/miniwob.{task}",
        disable_env_checker=True,
        action_mapping=actions.to_python_code,
        **({"pre_observation_delay": 0.0, "slow_mo": 0} if fast else {}),
    )
    # Its pictures are half as large again as the page, and so are the places in them.
    return env, lambda click: f"mouse_click({click.pixel[0] * 1.5}, {click.pixel[1] * 1.5})"


_MAKERS: Mapping[str, Make] = {
    "MiniWoB++": lambda task: _miniwob(task, fast=False),
    "MiniWoB++, no delays": lambda task: _miniwob(task, fast=True),
    "BrowserGym MiniWoB": lambda task: _browsergym(task, fast=False),
    "BrowserGym MiniWoB, no delays": lambda task: _browsergym(task, fast=True),
}

PEERS = tuple(_MAKERS)


@contextmanager
def peer(name: str, task: str = "click-test-2") -> Iterator[Callable[[float], Round]]:
    """A peer in a process of its own, open as long as the block lasts; gives what plays it for some seconds.

    Args:
        name: of `PEERS`.
        task: a page of MiniWoB++.

    Raises:
        RuntimeError: if it ends by itself, when it is to play.
    """
    # At the end of its input it ends, with its browser.
    command = [str(_python()), str(Path(__file__).resolve()), "--serve", name, "--task", task]
    with speaking_with(name, command) as ask:
        yield lambda seconds: Round(**json.loads(ask(str(seconds))))


def absent() -> str | None:
    """What the peers lack here; None if nothing."""
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    return f"apt-get install {' '.join(missing)}" if missing else None


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"no {name}: apt-get install {_PROGRAMS[name]}")
    return found


def _python() -> Path:
    return python_with(_PACKAGES, Path(tempfile.gettempdir(), "agentgym-benchmark-peers"))


def _serve(name: str, task: str) -> None:
    """In the peers' environment: plays for each line of seconds, and answers with a line of JSON."""
    with answer_lines() as serve:
        env, written = _MAKERS[name](task)
        try:
            places = clicks()
            # The first reset is of another kind: it may start a browser.
            env.reset(seed=0)
            serve(lambda line: json.dumps(asdict(played(env, written, places, float(line)))))
        finally:
            env.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--task", default="click-test-2", help="a page of MiniWoB++")
    parser.add_argument("--serve", choices=PEERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        _serve(given.serve, given.task)
        return
    if missing := absent():
        sys.exit(f"the peers need a browser and its driver: {missing}")
    for name in PEERS:
        with peer(name, given.task) as play:
            for number in range(given.rounds):
                found = play(given.seconds)
                said = {
                    "peer": name,
                    "round": number,
                    "steps": len(found.steps),
                    "steps_per_s": found.rate,
                    "steps_per_s_with_resets": found.rate_with_resets,
                    "reset_ms": 1000 * sorted(found.resets)[len(found.resets) // 2] if found.resets else None,
                    "cpu_ms_per_step": 1000 * found.cpu_s / len(found.steps),
                }
                print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
