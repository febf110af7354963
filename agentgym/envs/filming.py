"""An environment whose screen can be filmed, whatever its machine is made of."""

from __future__ import annotations

import os
import shutil
import warnings
import weakref
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentgym.backends.base import Backend, Films, Glances
from agentgym.display import Picture
from agentgym.display.mp4 import check_can_film
from agentgym.envs.camera import Camera
from agentgym.envs.weakly import Weakly
from agentgym.errors import BackendError, DatasetError, UsageError

__all__ = ["FilmWarning", "Filmed"]


class FilmWarning(UserWarning):
    """An episode is not filmed, and why; what it comes to does not depend on that."""


class Filmed:
    """Can be filmed from a moment of an episode on, also over several, until the film is ended or it is closed."""

    _camera: Camera | None = None
    _filming: Films | None = None
    _dropped: Any = None
    _waits_for_machine = False
    _begun: bool
    _backend: Backend | None

    @property
    def is_filmed(self) -> bool:
        """Whether there is a film to end."""
        return self._camera is not None or self._filming is not None

    @property
    @abstractmethod
    def _machine(self) -> Backend:
        """The machine of an episode."""

    def start_recording(self) -> None:
        """Films the screen from now on, or, before a ``reset``, from when the next has a machine: its setup, too.

        A guest films itself. Of other machines every observation is in the film, and of an x11 desktop what its screen
        shows in between, ten times a second.

        Raises:
            BackendError: if the guest does not film; at a later ``reset`` that is a `FilmWarning`.
            MissingDependencyError: if PyAV is not installed.
            UsageError: if a film is being made already.
        """
        if self.is_filmed or self._waits_for_machine:
            raise UsageError("a recording runs already: call end_recording first")
        if self._begun:
            self._film(self._machine)
            return
        check_can_film()
        self._waits_for_machine = True

    def _film(self, machine: Backend) -> None:
        if isinstance(machine, Films):
            machine.start_recording()
            self._filming = machine
            return
        first = machine.observe(["screenshot"])["screenshot"]
        self._camera = Camera(Weakly(self._glance) if isinstance(machine, Glances) else None)
        self._dropped = weakref.finalize(self, self._camera.drop)
        self._camera.show(first)

    def end_recording(self, path: str | os.PathLike[str]) -> Path:
        """Ends the film and writes it as MP4, over what is at ``path``, whose folder is made if there is none.

        Raises:
            BackendError: if the guest did not give its film.
            DatasetError: if it cannot be written; the film is lost.
            UsageError: if none is being made, or no episode began since.
        """
        target = Path(path)
        was_waiting, self._waits_for_machine = self._waits_for_machine, False
        filming, self._filming = self._filming, None
        if filming is not None:
            return _kept(target, filming.end_recording())
        if self._camera is None and was_waiting:
            raise UsageError("nothing was filmed: no episode began")
        if self._camera is None:
            raise UsageError("no recording runs: call start_recording first")
        camera, self._camera = self._camera, None
        self._dropped.detach()
        with camera.end() as film:
            return _kept(target, film)

    def _begin_film(self, machine: Backend) -> None:
        """Films a machine that has come up, if that was asked for before it had."""
        if not self._waits_for_machine:
            return
        self._waits_for_machine = False
        try:
            self._film(machine)
        except BackendError as error:
            warnings.warn(f"the episode is not filmed: {error}", FilmWarning, stacklevel=2)

    def _show_film(self, observation: Any) -> None:
        """Has the film, if one is made, show what was observed."""
        if self._camera is None:
            return
        seen = observation.get("screenshot") if isinstance(observation, Mapping) else None
        self._camera.show(self._machine.observe(["screenshot"])["screenshot"] if seen is None else seen)

    def _drop_film(self) -> None:
        """Gives up the film, if one is made."""
        self._waits_for_machine = False
        camera, self._camera = self._camera, None
        filming, self._filming = self._filming, None
        if camera is not None:
            self._dropped.detach()
            camera.drop()
        if filming is not None:
            filming.end_recording()

    def _glance(self) -> Picture | None:
        machine: object = self._backend
        return machine.glance() if isinstance(machine, Glances) else None


def _kept(path: Path, film: Any) -> Path:
    """Writes bytes, or what a file has, such that nobody sees half of it."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(film) if isinstance(film, bytes) else shutil.copyfileobj(film, file)
        part.replace(path)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
