"""The processes of a desktop: started here, found in ``/proc``, reaped as the first process must."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import IO

_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGKILL, signal.SIGSYS}
_KILL_PATIENCE_S = 5.0
_KILL_ALL_PATIENCE_S = 25.0
"""Thousands of processes take their time to die on a loaded machine."""
_REAP_EVERY_S = 0.001

File = int | IO[bytes] | None


class Processes:
    """Starts processes and collects all that die, orphans too.

    Args:
        private: whether this process is PID 1 of its own namespace, so that all of ``/proc`` is the desktop's.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._started: dict[int, subprocess.Popen[bytes]] = {}
        self._names: dict[int, str] = {}
        self._watched: set[int] = set()
        self._verdicts: list[str] = []

    def start(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        stdin: File = subprocess.DEVNULL,
        stdout: File = subprocess.DEVNULL,
        stderr: File = subprocess.DEVNULL,
        pass_fds: Sequence[int] = (),
        watch: bool = False,
    ) -> int:
        """Starts a program in a session of its own and returns its process id.

        Args:
            watch: a crash of it is reported by `crashed`.
        """
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
        self._started[process.pid] = process
        self._names[process.pid] = os.path.basename(argv[0])
        if watch:
            self._watched.add(process.pid)
        return process.pid

    def reap(self) -> None:
        """Collects every process that has died, without waiting."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._buried(pid, os.waitstatus_to_exitcode(status))

    def exit_code(self, pid: int) -> int | None:
        """The exit code of a started process, negative for a signal; None while it runs."""
        self.reap()
        return self._started[pid].returncode

    def forget(self, pid: int) -> None:
        self._started.pop(pid, None)
        self._names.pop(pid, None)

    def crashed(self) -> list[str]:
        """Sentences about watched processes that crashed since the last call."""
        self.reap()
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def all(self) -> set[int]:
        """Process ids of the desktop, without this process."""
        self.reap()
        return (self._of_namespace() if self._private else self._descendants()) - {os.getpid()}

    def living(self) -> set[int]:
        """As `all`, without those that have died but that their parent has not collected, as a bus its launchers."""
        return {pid for pid in self.all() if alive(pid)}

    def kill_all(self, *, spare: Iterable[int] = ()) -> None:
        """Kills until nothing is left but ``spare``, which stay watched; the deaths are not reported.

        Raises:
            TimeoutError: if something cannot be killed.
        """
        spared = set(spare)
        self._watched &= spared
        if self._private and not spared and os.getpid() == 1:
            self._kill_namespace()
            return
        deadline = time.monotonic() + _KILL_PATIENCE_S
        while doomed := self.living() - spared:
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes that cannot be killed: {', '.join(map(name_of, sorted(doomed)[:5]))}")
            for pid in doomed:
                _signal(pid, signal.SIGKILL)
            self.reap()
            os.sched_yield()

    def _kill_namespace(self) -> None:
        """Kills all but this process at once, so that what forks faster than it can be listed dies too."""
        deadline = time.monotonic() + _KILL_ALL_PATIENCE_S
        while True:
            _signal_namespace(signal.SIGKILL)
            self.reap()
            # Whatever dies becomes a child of the first process, so no child left means nothing left.
            if not _has_children():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"processes that cannot be killed: {', '.join(map(name_of, sorted(self.living())[:5]))}"
                )
            time.sleep(_REAP_EVERY_S)

    def terminate(self, pid: int, *, patience_s: float) -> None:
        """Asks a process to end and waits until it has, or for ``patience_s``."""
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + patience_s
        while alive(pid) and time.monotonic() < deadline:
            self.reap()
            time.sleep(_REAP_EVERY_S)

    def pause(self, pid: int) -> None:
        """Stops a process where it is, with all its threads, until `resume`."""
        _signal(pid, signal.SIGSTOP)

    def resume(self, pid: int) -> None:
        _signal(pid, signal.SIGCONT)

    def launched(self, *, but: Collection[int] = ()) -> set[int]:
        """The processes that were started here, but for some, and what they have started."""
        started = set(self._started) - set(but)
        return started.union(*(_below(pid) for pid in started))

    def interrupt(self, pid: int) -> None:
        """Interrupts a process and what it runs, as Ctrl-C does."""
        _signal(-pid, signal.SIGINT)

    def kill_below(self, pid: int) -> None:
        """Kills the descendants of a process."""
        for member in set(_below(pid)):
            _signal(member, signal.SIGKILL)

    def kill_tree(self, pid: int) -> None:
        """Kills a process with its session and its descendants."""
        family = {pid, *_below(pid)}
        _signal(-pid, signal.SIGKILL)
        for member in family:
            _signal(member, signal.SIGKILL)

    def blame(self, pid: int, why: str) -> None:
        """Kills one process and reports ``why``."""
        self._verdicts.append(f"{name_of(pid)} was killed: {why}")
        _signal(pid, signal.SIGKILL)

    def _buried(self, pid: int, code: int) -> None:
        if pid in self._started:
            self._started[pid].returncode = code
        if pid in self._watched:
            self._watched.discard(pid)
            if signal_number := _crash(code):
                self._verdicts.append(f"{self._names[pid]} died of {signal.Signals(signal_number).name}")

    @staticmethod
    def _of_namespace() -> set[int]:
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}

    @staticmethod
    def _descendants() -> set[int]:
        return set(_below(os.getpid()))


def name_of(pid: int) -> str:
    try:
        return _read(f"/proc/{pid}/comm").strip()
    except OSError:
        return f"process {pid}"


def alive(pid: int) -> bool:
    """Whether a process runs, rather than being gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def _crash(code: int) -> int | None:
    # A shell that starts an application reports its child's signal as 128 + n.
    number = -code if code < 0 else code - 128
    return number if number in _CRASHES else None


def _signal(pid: int, number: int) -> None:
    try:
        if pid < 0:
            os.killpg(-pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _signal_namespace(number: int) -> None:
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        return


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _below(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _below(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        return found
    return found


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
