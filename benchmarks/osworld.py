"""An episode of a task in OSWorld's format: ours against OSWorld's loop, with its waits and with none.

    python benchmarks/osworld.py [--quick]

Both sides do the same steps of setup and the same ten actions, observe a screenshot and the accessibility tree after
each, and are scored by the same metric; both must score 1. OSWorld's side is a loop and a server that do what its own
do (`osworld_loop.py`, `osworld_server.py`), on a desktop of this machine that runs before the clock does: neither the
start of a virtual machine nor going back to its snapshot is counted. Its default waits are 60 s after a reset, 2 s a
step and 20 s before the score. Figures are medians, in turns, three of ours in each; needs ``python3-gi`` and
``gir1.2-atspi-2.0``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import openpyxl
from osworld_loop import NO_WAITS, Loop, Waits
from rich.console import Console
from rich.table import Table

import agentgym  # noqa: F401 - registers the environments
from agentgym.backends.x11.backend import X11Backend

_SCREEN = (1280, 720)
_SERVER = Path(__file__).parent / "osworld_server.py"
_TURNS = 3
"""How many of our episodes come in a round: they are short."""


@dataclass(frozen=True)
class Work:
    """A task, and ten actions that solve it.

    Attributes:
        settle_timeout: our environment's.
    """

    name: str
    task: Mapping[str, Any]
    actions: Sequence[str]
    settle_timeout: float = 2.0


def text_work(folder: Path) -> Work:
    Path(folder, "note.txt").write_text("milk\n")
    place = "/home/user/note.txt"
    task = {
        "id": "bench/text",
        "instruction": "Add eggs and bread to the list.",
        "config": [_uploaded(folder / "note.txt", place), _opened(place)],
        "evaluator": {
            "func": "check_list",
            "result": {"type": "vm_file", "path": place, "dest": "note.txt"},
            "expected": {"type": "rule", "rules": {"expect": ["^milk$", "^eggs$", "^bread$"]}},
        },
    }
    actions = [
        "pyautogui.click(640, 400)",
        "pyautogui.hotkey('ctrl', 'end')",
        "pyautogui.write('eggs')",
        "pyautogui.press('enter')",
        "pyautogui.write('butter')",
        "pyautogui.hotkey('shift', 'home')",
        "pyautogui.press('delete')",
        "pyautogui.write('bread')",
        "pyautogui.press('enter')",
        "pyautogui.hotkey('ctrl', 's')",
    ]
    return Work("text editor", task, actions)


def sheet_work(folder: Path) -> Work:
    book = openpyxl.Workbook()
    for row in range(1, 6):
        book.active.append([f"item {row}", row * 10])
    book.save(folder / "sheet.xlsx")
    book.active["B6"], book.active["C6"] = 150, "sum"
    book.save(folder / "gold.xlsx")
    place = "/home/user/sheet.xlsx"
    task = {
        "id": "bench/sheet",
        "instruction": "Sum up column B below it, and call it sum.",
        "config": [_uploaded(folder / "sheet.xlsx", place), _opened(place)],
        "evaluator": {
            "postconfig": [
                {"type": "activate_window", "parameters": {"window_name": "sheet.xlsx"}},
                _pressed("ctrl", "s"),
            ],
            "func": "compare_table",
            "result": {"type": "vm_file", "path": place, "dest": "sheet.xlsx"},
            "expected": {"type": "cloud_file", "path": f"file://{folder / 'gold.xlsx'}", "dest": "gold.xlsx"},
            "options": {"rules": [{"type": "sheet_data", "sheet_idx0": 0, "sheet_idx1": "EI0"}]},
        },
    }
    actions = [
        "pyautogui.hotkey('ctrl', 'home')",
        "pyautogui.press('right')",
        "pyautogui.press('down', presses=5)",
        "pyautogui.write('=SUM(B1:B5)')",
        "pyautogui.press('enter')",
        "pyautogui.press('up')",
        "pyautogui.press('right')",
        "pyautogui.write('sum')",
        "pyautogui.press('enter')",
        "pyautogui.hotkey('ctrl', 'home')",
    ]
    return Work("Calc", task, actions)


def hasty(work: Work) -> Work:
    """The same, looking so soon after each action that late parts of the screen are not there yet, as without waits."""
    return replace(work, name=f"{work.name}, settle_timeout=0.1", settle_timeout=0.1)


def _uploaded(source: Path, place: str) -> Mapping[str, Any]:
    return {"type": "upload_file", "parameters": {"files": [{"local_path": str(source), "path": place}]}}


def _opened(place: str) -> Mapping[str, Any]:
    return {"type": "open", "parameters": {"path": place}}


def _pressed(*keys: str) -> Mapping[str, Any]:
    # As the tasks' own postconfig has it.
    code = f"import pyautogui; import time; pyautogui.hotkey({', '.join(map(repr, keys))}); time.sleep(0.5);"
    return {"type": "execute", "parameters": {"command": ["python", "-c", code]}}


class Ours:
    """Our environment; its desktop runs before the clock does, too."""

    def __init__(self, settle_timeout: float) -> None:
        self._env = gym.make(
            "agentgym/Desktop-v0",
            task={"id": "bench/none", "instruction": ""},
            screen=_SCREEN,
            observation=("screenshot", "accessibility_tree"),
            settle_timeout=settle_timeout,
            disable_env_checker=True,
        )
        self._env.reset(seed=0)

    def episode(self, work: Work) -> tuple[float, float]:
        started = time.perf_counter()
        self._env.reset(seed=0, options={"task": dict(work.task)})
        for action in work.actions:
            self._env.step(action)
        score = self._env.unwrapped.evaluate()  # type: ignore[attr-defined]
        return time.perf_counter() - started, score.value

    def close(self) -> None:
        self._env.close()


@contextmanager
def osworld_server() -> Iterator[int]:
    """The port of a server on a desktop of its own."""
    backend = X11Backend(screen=_SCREEN, sandbox="none")
    try:
        backend.reset(seed=0)
        told = backend.run(["env"]).stdout.decode().splitlines()
        environment = dict(line.split("=", 1) for line in told if "=" in line)
        Path(environment["HOME"], ".Xauthority").touch()
        server = subprocess.Popen(
            [sys.executable, str(_SERVER)], env=environment, cwd=environment["HOME"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            # python3-xlib has its say first.
            yield int(next(line for line in server.stdout if line.strip().isdecimal()))
        finally:
            server.kill()
            server.wait()
    finally:
        backend.close()


def measured(works: list[Work], port: int, rounds: int, slow_rounds: int) -> Iterator[Sequence[str]]:
    """A row for each way to do one task; OSWorld's side is the same for all."""
    fast: dict[str, list[float]] = {work.name: [] for work in works}
    eager: list[float] = []
    slow: list[float] = []
    with ExitStack() as stack:
        ours = {work.name: stack.enter_context(closing(Ours(work.settle_timeout))) for work in works}
        for number in range(rounds):
            for work in works * _TURNS:
                fast[work.name].append(_solved(*ours[work.name].episode(work)))
            eager.append(_solved(*Loop(port, NO_WAITS).episode(works[0].task, works[0].actions)))
            if number < slow_rounds:
                slow.append(_solved(*Loop(port, Waits()).episode(works[0].task, works[0].actions)))
    default, none = statistics.median(slow), statistics.median(eager)
    for name, seconds in fast.items():
        mine = statistics.median(seconds)
        ratios = f"{default / mine:.0f} x", f"{none / mine:.1f} x"
        yield name, f"{mine:.2f} s", f"{default:.1f} s", ratios[0], f"{none:.1f} s", ratios[1]


def _solved(seconds: float, score: float) -> float:
    if score != 1:
        raise SystemExit(f"an episode scored {score}; what it took is no measure then")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 rounds, one of them with OSWorld's waits, not 7 and 3")
    rounds = (3, 1) if parser.parse_args().quick else (7, 3)
    table = Table("ten actions in", "ours", "OSWorld's waits", "ratio", "no waits", "ratio", title="wanted: 50 x, 8 x")
    with tempfile.TemporaryDirectory() as folder, osworld_server() as port:
        text, sheet = text_work(Path(folder)), sheet_work(Path(folder))
        for works in ([text], [sheet, hasty(sheet)]):
            for row in measured(works, port, *rounds):
                table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
