"""The browser of a machine is looked into from here, in whatever thread and beside whatever event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import Press
from agentgym.backends.memory import MemoryBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import UsageError
from agentgym.setup.browser import FORWARDED_PORT, connection, in_browser, threads

_PATIENCE_S = 60.0
_STEP = {"type": "chrome_open_tabs", "parameters": {"urls_to_open": ["about:blank"]}}


@pytest.fixture(scope="module")
def machine() -> Iterator[X11Backend]:
    made = X11Backend(accessibility=False)
    yield made
    made.close()


@pytest.fixture
def desktop(machine: X11Backend) -> X11Backend:
    machine.reset(seed=0)
    return machine


def _addresses(browser: Any) -> list[str]:
    return [page.url for page in browser.contexts[0].pages]


def _await_address(browser: Any, address: str) -> None:
    (page,) = browser.contexts[0].pages
    page.wait_for_url(address)


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.desktop
def test_browser_is_started_where_none_runs_and_only_there(desktop: X11Backend) -> None:
    with pytest.raises(ConnectionError, match="no browser answers on port 1337 or 9222"):
        in_browser(desktop, _addresses, start=False)
    assert len(in_browser(desktop, _addresses)) == 1
    assert len(in_browser(desktop, _addresses)) == 1
    assert len(desktop.windows()) == 1
    desktop.reset(seed=1)
    with pytest.raises(ConnectionError):
        in_browser(desktop, _addresses, start=False)


@pytest.mark.desktop
def test_browser_that_hides_behind_one_without_a_port_is_told_soon(desktop: X11Backend) -> None:
    desktop.launch(["google-chrome"])
    _await(lambda: bool(desktop.windows()))
    begun = time.monotonic()
    with pytest.raises(ConnectionError, match="none runs that was started with --remote-debugging-port"):
        in_browser(desktop, _addresses)
    assert time.monotonic() - begun < _PATIENCE_S / 2


@pytest.mark.desktop
def test_open_dialogue_of_a_page_is_what_cannot_be_looked_behind(
    desktop: X11Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_CONNECT_MS", 500.0)
    desktop.write("~/page.html", b"<title>Asks</title><script>alert('?')</script>")
    desktop.launch(["google-chrome", "--remote-debugging-port=1337", "/home/user/page.html"])
    # The page is grey while it is asked.
    _await(lambda: desktop.colour(640, 600) == (102, 102, 102))
    folders = set(Path(tempfile.gettempdir()).glob("playwright-artifacts-*"))
    with pytest.raises(ConnectionError, match="a page of it may show a dialogue"):
        in_browser(desktop, _addresses)
    assert set(Path(tempfile.gettempdir()).glob("playwright-artifacts-*")) <= folders
    monkeypatch.undo()
    desktop.perform(Press("enter"))
    _await(lambda: desktop.colour(640, 600) == (255, 255, 255))
    assert in_browser(desktop, _addresses) == ["file:///home/user/page.html"]


class _Machine(X11Backend):
    """Lets out one port only, as a virtual machine does."""

    def address_of(self, port: int) -> tuple[str, int]:
        if port != FORWARDED_PORT:
            raise ConnectionRefusedError("not let out")
        return super().address_of(port)


@pytest.mark.desktop
def test_browser_of_a_machine_that_lets_out_one_port_is_started_and_forwarded() -> None:
    machine = _Machine(accessibility=False)
    try:
        machine.reset(seed=0)
        assert len(in_browser(machine, _addresses)) == 1
    finally:
        machine.close()


@pytest.mark.desktop
def test_each_of_two_desktops_on_this_machines_network_has_a_browser_of_its_own() -> None:
    machines = [X11Backend(accessibility=False, network=True) for _ in range(2)]
    try:
        for number, machine in enumerate(machines):
            machine.reset(seed=0)
            machine.launch(["google-chrome", "--remote-debugging-port=1337", f"data:text/html,{number}"])
        for number, machine in enumerate(machines):
            in_browser(machine, partial(_await_address, address=f"data:text/html,{number}"), start=False)
    finally:
        for machine in machines:
            machine.close()


@pytest.mark.desktop
def test_it_is_reached_beside_an_event_loop_and_from_any_thread(desktop: X11Backend) -> None:
    async def in_a_notebook() -> list[str]:
        return in_browser(desktop, _addresses)

    here = in_browser(desktop, _addresses)
    assert asyncio.run(in_a_notebook()) == here
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(in_browser(desktop, _addresses)))
    thread.start()
    thread.join()
    assert found == [here]


@pytest.mark.desktop
def test_what_a_look_did_stays_and_what_it_raised_comes_out(desktop: X11Backend) -> None:
    def open_page(browser: Any) -> None:
        browser.contexts[0].new_page().goto("data:text/html,<title>stays</title>")

    def raise_something(_: Any) -> None:
        raise LookupError("not there")

    in_browser(desktop, open_page)
    with pytest.raises(LookupError, match="not there"):
        in_browser(desktop, raise_something)
    assert "data:text/html,<title>stays</title>" in in_browser(desktop, _addresses)


def test_machine_without_ports_says_which_have_some() -> None:
    with pytest.raises(UsageError, match="MemoryBackend lets no browser's port out; use backend='x11' or 'guest'"):
        in_browser(MemoryBackend(), _addresses)


@pytest.mark.episodes
def test_driver_is_used_again_and_ends_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def thread_of(_: Any) -> threading.Thread:
        return threading.current_thread()

    threads.end_idle_drivers()
    one = threads.with_playwright(thread_of)
    monkeypatch.setattr(threads, "_IDLE_S", 0.01)
    assert threads.with_playwright(thread_of) is one
    one.join(_PATIENCE_S)
    assert not one.is_alive()
    assert threads.with_playwright(thread_of) is not one


@pytest.mark.episodes
def test_driver_of_a_killed_process_ends(tmp_path: Path) -> None:
    code = (
        "import sys, time, psutil\n"
        "from agentgym.setup.browser.threads import with_playwright\n"
        "with_playwright(lambda playwright: None)\n"
        "print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        drivers = [int(pid) for pid in process.stdout.readline().split()]
        assert drivers
        process.send_signal(signal.SIGKILL)
    _await(lambda: not any(Path(f"/proc/{pid}").exists() for pid in drivers))


@pytest.mark.episodes
def test_process_that_ends_or_forks_takes_its_driver_along() -> None:
    code = (
        "import os, psutil\n"
        "from agentgym.setup.browser.threads import with_playwright\n"
        "with_playwright(lambda playwright: None)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(len(psutil.Process(os.getppid()).children()) - 1)\n"
        "assert os.waitpid(child, 0)[1] == 0, 'the driver was still there'\n"
        "with_playwright(lambda playwright: None)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.desktop
def test_environment_that_is_closed_leaves_no_driver_behind() -> None:
    task = {"id": "tab", "instruction": "", "config": [_STEP], "evaluator": {"func": "infeasible"}}
    threads.end_idle_drivers()
    before = set(threading.enumerate())
    env = gym.make("agentgym/Desktop-v0", task=task)
    env.reset(seed=0)
    assert [thread for thread in threading.enumerate() if thread.name == "agentgym-browser"]
    env.close()
    # What asyncio waits for its child in ends a moment after the child.
    _await(lambda: set(threading.enumerate()) <= before)
