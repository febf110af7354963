"""A desktop rests when its threads sleep; tried on small processes of our own."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentgym.backends.sandbox.guest.activity import Activity

pytestmark = pytest.mark.episodes


@contextmanager
def _process(code: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", f"import select, sys, time; print(flush=True); {code}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # What has been said and not been read must show.
        bufsize=0,
        # A process with a terminal may have been stopped by its shell, which is no hang.
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def _wait(
    activity: Activity,
    *,
    quiet_s: float = 0.02,
    timers_s: float = 0.0,
    timeout_s: float = 20.0,
    starting: bool = False,
) -> tuple[bool, float]:
    start = time.monotonic()
    settled = activity.wait(
        quiet_s=quiet_s, timers_s=timers_s, timeout_s=timeout_s, starting=starting, tick=lambda: None
    )
    return settled, time.monotonic() - start


def test_process_that_waits_for_input_is_at_rest() -> None:
    with _process("sys.stdin.read()") as process:
        assert _wait(Activity(lambda: {process.pid}))[0]


def test_process_that_computes_is_never_at_rest() -> None:
    with _process("\nwhile True: pass") as process:
        settled, seconds = _wait(Activity(lambda: {process.pid}), timeout_s=0.2)
    assert not settled
    assert seconds >= 0.2


def test_stopped_process_is_not_at_rest() -> None:
    with _process("sys.stdin.read()") as process:
        process.send_signal(signal.SIGSTOP)
        settled, _ = _wait(Activity(lambda: {process.pid}), timeout_s=0.2)
    assert not settled


@pytest.mark.parametrize(
    "sleep", ["select.poll().poll(2000)", "select.select([], [], [], 2.0)", "select.epoll().poll(2.0)"]
)
def test_timer_that_is_due_soon_is_waited_for(sleep: str) -> None:
    with _process(f"{sleep}; print(flush=True); sys.stdin.read()") as process:
        assert process.stdout is not None
        activity = Activity(lambda: {process.pid})
        assert _wait(activity, timers_s=0.0)[0]
        early = select.select([process.stdout], [], [], 0)[0]
        assert _wait(activity, timers_s=3.0)[0]
        late = select.select([process.stdout], [], [], 0)[0]
    assert late
    assert not early


def test_timer_beyond_the_horizon_is_not_waited_for() -> None:
    with _process("select.poll().poll(60_000)") as process:
        assert _wait(Activity(lambda: {process.pid}), timers_s=1.0, timeout_s=10.0)[0]


@pytest.mark.parametrize(
    ("milliseconds", "slow", "waited"),
    [(60, False, 3), (90, False, 3), (60, True, 3), (90, True, 8)],
    ids=["short", "long", "short, of a slow program", "long, of a slow program"],
)
def test_timer_that_never_paints_is_soon_trusted(
    milliseconds: int, slow: bool, waited: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = (
        f"\nwhile True: sys.stdin.readline(); print(flush=True); select.poll().poll({milliseconds}); print(flush=True)"
    )
    with _process(loop) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if slow:
            name = Path(f"/proc/{process.pid}/comm").read_text().strip()
            monkeypatch.setattr("agentgym.backends.sandbox.guest.activity._SLOW_PROGRAMS", {name: 0.0})
        activity = Activity(lambda: {process.pid})
        fired = []
        for _ in range(8):
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            assert _wait(activity, quiet_s=0.01, timers_s=1.0, timeout_s=5.0)[0]
            fired.append(bool(select.select([process.stdout], [], [], 0)[0]))
            process.stdout.readline()
    assert all(fired[:waited])
    assert waited == 8 or not all(fired[waited:])


@pytest.mark.parametrize("drawn", [False, True], ids=["shows the same", "shows another"])
@pytest.mark.parametrize("sleeps", ["poll(90)", "poll(90); time.sleep(0); select.poll().poll(50)"], ids=["one", "two"])
def test_timer_after_which_the_screen_shows_the_same_is_soon_trusted(sleeps: str, drawn: bool) -> None:
    # The server runs whenever the program's last timer has fired.
    program = f"\nwhile True: sys.stdin.readline(); print(flush=True); select.poll().{sleeps}; print(flush=True)"
    with _process(program) as process, _process("\nfor line in sys.stdin: pass") as server:
        assert process.stdin is not None
        assert process.stdout is not None
        assert server.stdin is not None
        output = process.stdout
        fired = 0

        def pass_on() -> None:
            nonlocal fired
            if select.select([output], [], [], 0)[0]:
                output.readline()
                fired += 1
                server.stdin.write(b"draw\n")  # type: ignore[union-attr]
                server.stdin.flush()  # type: ignore[union-attr]

        activity = Activity(lambda: {process.pid, server.pid})
        activity.know_servers([server.pid], painter=server.pid, picture=lambda: fired if drawn else 0)
        waited = []
        for _ in range(8):
            process.stdin.write(b"\n")
            process.stdin.flush()
            output.readline()
            before = fired
            assert activity.wait(quiet_s=0.01, timers_s=1.0, timeout_s=5.0, starting=False, tick=pass_on)
            waited.append(fired > before or bool(select.select([output], [], [], 0)[0]))
            while fired == before:
                pass_on()
    assert all(waited[:3])
    assert all(waited) == drawn


def test_thread_that_starts_late_is_watched() -> None:
    code = (
        "import threading; sys.stdin.readline(); threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()"
    )
    with _process(code) as process:
        assert process.stdin is not None
        activity = Activity(lambda: {process.pid})
        assert _wait(activity)[0]
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert not _wait(activity, timeout_s=0.5)[0]


_NAMED = "open('/proc/self/comm', 'w').write('vlc'); print(flush=True);"
_PAINTS = "\nwhile True: time.sleep(0.002)"


def _named(process: subprocess.Popen[bytes]) -> int:
    """Waits until a process has the name that it gives itself."""
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


@pytest.mark.parametrize("films", ["\nwhile True: pass", _PAINTS])
def test_film_that_plays_is_waited_for_a_while(films: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.backends.sandbox.guest.activity._PLAYED_S", 1.0)
    # A shell is known before it becomes the player that it was told to start.
    with _process(f"sys.stdin.readline(); {_NAMED}{films}") as player, _process(_PAINTS) as server:
        assert player.stdin is not None
        pids = {player.pid, server.pid}
        activity = Activity(lambda: pids)
        activity.know_servers([server.pid], painter=server.pid)
        _wait(activity, timeout_s=0.1, starting=True)
        player.stdin.write(b"\n")
        player.stdin.flush()
        settled, seconds = _wait(activity, quiet_s=0.6, timeout_s=60.0, starting=True)
    assert settled
    assert 1.0 <= seconds < 50.0


def test_what_starts_beside_a_film_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.backends.sandbox.guest.activity._PLAYED_S", 0.1)
    with _process(f"{_NAMED}{_PAINTS}") as player, _process(_PAINTS) as server, _process(_PAINTS) as other:
        pids = {_named(player), server.pid, other.pid}
        activity = Activity(lambda: pids)
        activity.know_servers([server.pid], painter=server.pid)
        assert not _wait(activity, quiet_s=1.0, timeout_s=2.5, starting=True)[0]


def test_nothing_is_learnt_of_timers_beside_a_film(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server draws after one may be the film's, or not."""
    monkeypatch.setattr("agentgym.backends.sandbox.guest.activity._PLAYED_S", 0.02)
    program = "\nwhile True: sys.stdin.readline(); print(flush=True); select.poll().poll(90); print(flush=True)"
    with _process(program) as process, _process(_PAINTS) as server, _process(f"{_NAMED}{_PAINTS}") as player:
        assert process.stdin is not None
        assert process.stdout is not None
        pids = {process.pid, server.pid, _named(player)}
        activity = Activity(lambda: pids)
        activity.know_servers([server.pid], painter=server.pid, picture=lambda: 0)
        fired = []
        for _ in range(8):
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
            assert _wait(activity, quiet_s=0.01, timers_s=1.0)[0]
            fired.append(bool(select.select([process.stdout], [], [], 0)[0]))
            process.stdout.readline()
    assert all(fired)


def test_tick_can_end_the_wait() -> None:
    class EnoughError(Exception):
        pass

    def enough() -> None:
        raise EnoughError

    with _process("\nwhile True: pass") as process, pytest.raises(EnoughError):
        Activity(lambda: {process.pid}).wait(quiet_s=0.1, timers_s=0.0, timeout_s=5.0, starting=False, tick=enough)


@pytest.mark.parametrize("woken", ["print(flush=True)", "print(flush=True)\n while True: pass"])
def test_thread_that_wakes_while_others_are_looked_at_is_not_at_rest(
    woken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _process(f"\nwhile True:\n sys.stdin.readline()\n {woken}") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        activity = Activity(lambda: {process.pid})
        all_asleep = activity._all_asleep
        woken_times = 0

        def wake_right_after() -> bool:
            nonlocal woken_times
            asleep = all_asleep()
            if asleep and woken_times < 3:
                woken_times += 1
                stdin.write(b"\n")
                stdin.flush()
                stdout.readline()
            return asleep

        monkeypatch.setattr(activity, "_all_asleep", wake_right_after)
        settled, _ = _wait(activity, timeout_s=1.0 if "while" in woken else 20.0)
    assert settled == ("while" not in woken)
    assert woken_times == (3 if settled else 1)


@pytest.mark.parametrize(("milliseconds", "waited_for"), [(25, True), (3000, False)])
def test_helper_thread_is_waited_for_only_if_it_wakes_at_once(milliseconds: int, waited_for: bool) -> None:
    code = (
        "import threading; threading.Thread(target=lambda: (select.poll().poll("
        f"{milliseconds}), print(flush=True))).start(); sys.stdin.readline()"
    )
    with _process(code) as process:
        assert process.stdout is not None
        settled, _ = _wait(Activity(lambda: {process.pid}), quiet_s=0.006, timers_s=1.0)
        woken, _, _ = select.select([process.stdout], [], [], 0)
    assert settled
    assert bool(woken) == waited_for


def test_slow_program_is_known_although_it_was_seen_before_it_became_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.backends.sandbox.guest.activity._SLOW_PROGRAMS", {"cat": 0.3})
    with _process("import os; sys.stdin.readline(); os.execv('/bin/cat', ['cat'])") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        activity = Activity(lambda: {process.pid})
        assert _wait(activity)[0]
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert _wait(activity)[0]
        process.stdin.write(b"echoed\n")
        process.stdin.flush()
        settled, seconds = _wait(activity)
    assert settled
    assert seconds >= 0.3
