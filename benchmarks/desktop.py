"""What a desktop costs: steps, frames, resets, memory, recording, each against its yardstick in the same run.

    python benchmarks/desktop.py [--quick]

Prints one table. Figures are medians; two cores and a noisy machine move them, the ratios less.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from rich.console import Console
from rich.table import Table

import agentgym
from agentgym.backends.x11.backend import X11Backend

MOUSEPAD = {
    "id": "bench/mousepad",
    "instruction": "",
    "config": [{"type": "launch", "parameters": {"command": ["mousepad"]}}],
}
CALC = {
    "id": "bench/calc",
    "instruction": "",
    "config": [{"type": "launch", "parameters": {"command": ["libreoffice", "--calc"], "wait_window": "Calc"}}],
}
Row = tuple[str, str, str, str, str]

_PYAUTOGUI = """
import sys, time, pyautogui
times = []
for index in range(int(sys.argv[1])):
    start = time.perf_counter()
    if index % 2:
        pyautogui.click(300 + 20 * (index % 9), 300)
    else:
        pyautogui.press("a")
    time.sleep(0.5)
    pyautogui.screenshot()
    times.append(time.perf_counter() - start)
print(sorted(times)[len(times) // 2])
"""


@contextmanager
def desktop(task: dict[str, Any], **options: Any) -> Iterator[gym.Env[Any, Any]]:
    env = gym.make("agentgym/Desktop-v0", task=task, disable_env_checker=True, **options)
    try:
        env.reset(seed=0)
        yield env
    finally:
        env.close()


def mixed_actions(count: int) -> Iterator[str]:
    """One key, one click, in turns, never twice at the same place in a row."""
    for index in range(count):
        yield f"pyautogui.click({300 + 20 * (index % 9)}, 300)" if index % 2 else "pyautogui.press('a')"


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median_ms(seconds: Iterable[float]) -> float:
    return statistics.median(seconds) * 1000


def step_against_pyautogui(count: int) -> Row:
    with desktop(MOUSEPAD) as env:
        ours = median_ms(timed(partial(env.step, action)) for action in mixed_actions(count))
    with desktop(MOUSEPAD, sandbox="none") as env:
        display = env.unwrapped.backend.run(["printenv", "DISPLAY"]).stdout.decode().strip()  # type: ignore[attr-defined]
        theirs = pyautogui_step_ms(display, max(10, count // 10))
    return (
        "step on mousepad, key and click",
        f"{ours:.1f} ms",
        f"{theirs:.0f} ms",
        f"{theirs / ours:.0f} x",
        ">= 30 x, <= 25 ms",
    )


def pyautogui_step_ms(display: str, count: int) -> float:
    command = [sys.executable, "-c", _PYAUTOGUI, str(count)]
    with tempfile.TemporaryDirectory() as home:
        # python3-xlib wants this file, pyscreeze this variable.
        Path(home, ".Xauthority").touch()
        environment = {**os.environ, "DISPLAY": display, "HOME": home, "XDG_SESSION_TYPE": "x11"}
        done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pyautogui failed: {done.stderr}")
    return float(done.stdout.split()[-1]) * 1000


def late_frames(name: str, task: dict[str, Any], actions: list[str], wanted: str) -> Row:
    """Frames that changed within 500 ms after ``step`` had returned."""
    late: list[str] = []
    with desktop(task, settle_timeout=5.0) as env:
        backend = env.unwrapped.backend  # type: ignore[attr-defined]
        for action in actions:
            frame = env.step(action)[0]["screenshot"]
            if changed_later(backend, frame):
                late.append(action.removeprefix("pyautogui."))
    named = f" ({', '.join(late[:3])})" if late else ""
    return (f"frames that changed later, {name}", f"{len(late)} of {len(actions)}{named}", "", "", wanted)


def changed_later(backend: X11Backend, frame: np.ndarray[Any, Any]) -> bool:
    deadline = time.perf_counter() + 0.5
    while time.perf_counter() < deadline:
        if not np.array_equal(backend.observe(["screenshot"])["screenshot"], frame):
            return True
        time.sleep(0.02)
    return False


def editor_actions(count: int) -> list[str]:
    keys = [f"pyautogui.press('{'abcdefgh'[index % 8]}')" for index in range(count // 2)]
    clicks = [f"pyautogui.click({200 + 37 * (index % 17)}, {150 + 29 * (index % 11)})" for index in range(count // 4)]
    menus = [
        "pyautogui.press('alt')",
        "pyautogui.hotkey('ctrl', 'f')",
        "pyautogui.press('esc')",
        "pyautogui.write('some words')",
    ]
    return keys + clicks + [menus[index % len(menus)] for index in range(count - len(keys) - len(clicks))]


def sheet_actions(count: int) -> list[str]:
    kinds: list[Callable[[int], str]] = [
        lambda index: f"pyautogui.click({100 + 82 * (index % 9)}, {250 + 17 * (index % 20)})",
        lambda index: f"pyautogui.write('{index}')",
        lambda _: "pyautogui.press('enter')",
        lambda _: "pyautogui.press('down')",
    ]
    return [kinds[index % len(kinds)](index) for index in range(count)]


def capture_against_memcpy(count: int) -> Row:
    with desktop(MOUSEPAD) as env:
        backend = env.unwrapped.backend  # type: ignore[attr-defined]
        frame = backend.observe(["screenshot"])["screenshot"]
        target = np.empty_like(frame)
        ours, floor = [], []
        for _ in range(count):
            ours.append(timed(lambda: backend.observe(["screenshot"])))
            floor.append(timed(lambda: np.copyto(target, frame)))
    capture, copy = median_ms(ours), median_ms(floor)
    return ("capture against a memcpy", f"{capture:.3f} ms", f"{copy:.3f} ms", f"{capture / copy:.1f} x", "<= 3 x")


def reset(name: str, task: dict[str, Any], count: int, wanted: str) -> Row:
    with desktop(task, settle_timeout=5.0) as env:
        ours = median_ms(timed(lambda: env.reset(seed=0)) for _ in range(count))
    return (f"reset to {name}", f"{ours:.0f} ms", "", "", wanted)


def _count_steps(seconds: float, start: Any, steps: Any) -> None:
    with desktop(MOUSEPAD) as env:
        start.wait()
        deadline = time.perf_counter() + seconds
        count = 0
        for action in mixed_actions(1_000_000):
            env.step(action)
            count += 1
            if time.perf_counter() > deadline:
                break
        steps.put(count / seconds)


def two_processes_against_one(seconds: float) -> Row:
    one, two = _rate(1, seconds), _rate(2, seconds)
    return (
        "two environments in two processes",
        f"{two:.0f} steps/s",
        f"{one:.0f} steps/s",
        f"{two / one:.2f} x",
        ">= 1.7 x",
    )


def _rate(workers: int, seconds: float) -> float:
    context = multiprocessing.get_context("spawn")
    start, steps = context.Barrier(workers), context.Queue()
    processes = [context.Process(target=_count_steps, args=(seconds, start, steps)) for _ in range(workers)]
    for process in processes:
        process.start()
    total = sum(float(steps.get()) for _ in processes)
    for process in processes:
        process.join()
    return total


def idle_memory() -> Row:
    # multiprocessing keeps a process of its own once it has been used.
    others = set(_descendants(os.getpid()))
    backend = X11Backend()
    try:
        backend.reset(seed=0)
        kilobytes = sum(_pss_kb(pid) for pid in set(_descendants(os.getpid())) - others)
    finally:
        backend.close()
    return ("memory of an idle desktop (PSS)", f"{kilobytes / 1024:.1f} MB", "", "", "< 40 MB")


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            yield child
            yield from _descendants(child)


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def recording_cost(count: int) -> Row:
    """Blocks with and without a recorder take turns on the same desktop, so that drift of the machine hits both."""
    plain: list[float] = []
    recorded: list[float] = []
    with tempfile.TemporaryDirectory() as folder, desktop(MOUSEPAD) as env:
        tap = agentgym.wrappers.TrajectoryRecorder(env, folder)
        for block in range(10):
            target, times = (tap, recorded) if block % 2 else (env, plain)
            target.reset(seed=0)
            for action in mixed_actions(count // 10):
                times.append(timed(partial(target.step, action)))
        tap.close()
    without, with_recorder = median_ms(plain), median_ms(recorded)
    cost = (with_recorder - without) / with_recorder
    return ("recording, share of the step rate", f"{with_recorder:.2f} ms", f"{without:.2f} ms", f"{cost:.1%}", "< 15%")


def rows(quick: bool) -> Iterator[Row]:
    few = 5 if quick else 1
    yield step_against_pyautogui(400 // few)
    yield late_frames("mousepad", MOUSEPAD, editor_actions(200 // few), "< 1 in 100")
    yield late_frames("LibreOffice Calc", CALC, sheet_actions(200 // few), "< 5 in 100")
    yield capture_against_memcpy(2000 // few)
    yield reset("mousepad", MOUSEPAD, 30 // few, "< 600 ms")
    yield reset("LibreOffice Calc", CALC, 10 // few, "< 2500 ms")
    yield two_processes_against_one(20 / few)
    yield idle_memory()
    yield recording_cost(1000 // few)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the repetitions")
    table = Table("what", "ours", "yardstick", "ratio", "wanted", title="Desktop, 1280x720")
    console = Console(width=150)
    for row in rows(parser.parse_args().quick):
        console.log(*row)
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
