"""A machine that is started when something first needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from gymnasium.error import ResetNeeded

from agentgym.backends.base import Backend, BackendOptions, backends
from agentgym.errors import UsageError
from agentgym.setup import run_steps
from agentgym.tasks import Task

__all__ = ["MachineWhenNeeded", "SavedMachine"]


class SavedMachine:
    """Where a machine stood: its token; or that it was not started, or cannot be saved.

    Args:
        started: whether it was.
        token: of the machine, if it could be saved.
        kept: what the setup steps kept.
    """

    def __init__(self, *, started: bool, token: object | None, kept: Mapping[str, bytes]) -> None:
        self.started, self.token, self.kept = started, token, kept

    @property
    def lost(self) -> Mapping[str, str]:
        """What could not be saved of the machine, and why."""
        return dict(getattr(self.token, "lost", {}))


class MachineWhenNeeded:
    """A machine for one episode after the other, each on a fresh one.

    Args:
        backend: a name of `agentgym.backends.base.backends`, or a machine of one's own.
        options: what one that is made by name is made with.
    """

    def __init__(self, backend: str | Backend, options: BackendOptions) -> None:
        self._name = backend if isinstance(backend, str) else None
        self._backend = None if isinstance(backend, str) else backend
        self._options = options
        self._task: Task | None = None
        self._seed = 0
        self.started = False
        self.kept: Mapping[str, bytes] = {}

    def begin(self, task: Task, seed: int, *, packages: bool = False) -> None:
        """Begins an episode. A task that is set up needs the machine at once; any other may never do.

        Args:
            packages: whether Python packages are to be seen in it; one that is made by name is made anew if need be.

        Raises:
            BackendError: if it did not start.
            TaskError: if the task cannot be set up.
        """
        if packages and not self._options.packages:
            self.close()
            self._options = msgspec.structs.replace(self._options, packages=True)
        self._task, self._seed, self.started, self.kept = task, seed, False, {}
        if task.setup:
            self.running()

    def running(self) -> Backend:
        """The machine, started and set up.

        Raises:
            BackendError: if it did not start.
            ResetNeeded: if there is no episode that it is for.
        """
        if self._task is None:
            raise ResetNeeded("no machine is running: call reset")
        backend = self._made()
        if not self.started:
            backend.reset(seed=self._seed)
            self.started = True
            self.kept = run_steps(self._task.setup, backend)
        return backend

    def when_needed(self) -> Backend:
        """The machine as whoever may need it sees it: started at the first thing that is asked of it."""
        return cast("Backend", _Waiting(self))

    def save(self) -> SavedMachine:
        """Where it stands; without a token if this kind of machine cannot be saved."""
        try:
            token = self.running().snapshot() if self.started else None
        except UsageError:
            token = None
        return SavedMachine(started=self.started, token=token, kept=dict(self.kept))

    def restore(self, task: Task, seed: int, saved: SavedMachine) -> None:
        """Brings it back. One that had not been started is started anew when it is next needed.

        Raises:
            BackendError: if it broke on the way.
        """
        was_started = self.started
        self._task, self._seed, self.kept = task, seed, saved.kept
        self.started = saved.started
        if not saved.started:
            return
        backend = self._made()
        if not was_started:
            # One that runs for another episode, or does not run yet.
            backend.reset(seed=seed)
        backend.restore(saved.token)

    def parts(self) -> tuple[object, ...]:
        """What stands for the machine and is no part of what an episode's tools keep."""
        return (self,) if self._backend is None else (self, self._backend)

    def close(self) -> None:
        self._task, self.started = None, False
        if self._backend is not None:
            self._backend.close()
            if self._name is not None:
                self._backend = None

    def _made(self) -> Backend:
        if self._backend is None:
            assert self._name is not None, "a machine of one's own is never given up"
            self._backend = backends[self._name](self._options)
        return self._backend


class _Waiting:
    """A machine that is started by the first attribute which is asked for."""

    def __init__(self, machine: MachineWhenNeeded) -> None:
        self._machine = machine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine.running(), name)
