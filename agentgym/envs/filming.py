"""An environment whose screen can be filmed, whatever its machine is made of."""

from __future__ import annotations

import os
import shutil
import weakref
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentgym.backends.base import Backend, Films, Glances
from agentgym.display import Picture
from agentgym.envs.camera import Camera
from agentgym.envs.weakly import Weakly
from agentgym.errors import DatasetError, UsageError

__all__ = ["Filmed"]


class Filmed:
    """Can be filmed from a moment of an episode on, also over several, until the film is ended or it is closed."""

    _camera: Camera | None = None
    _filming: Films | None = None
    _dropped: Any = None

    @property
    @abstractmethod
    def _machine(self) -> Backend:
        """The machine of an episode."""

    def start_recording(self) -> None:
        """Films the screen from now on.

        A guest films itself. Of other machines every observation is in the film, and of an x11 desktop what its screen
        shows in between, ten times a second.

        Raises:
            MissingDependencyError: if PyAV is not installed.
            ResetNeeded: before the first ``reset``.
            UsageError: if a film is being made already.
        """
        if self._camera is not None or self._filming is not None:
            raise UsageError("a recording runs already: call end_recording first")
        machine = self._machine
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
            UsageError: if none is being made.
        """
        target = Path(path)
        filming, self._filming = self._filming, None
        if filming is not None:
            return _kept(target, filming.end_recording())
        if self._camera is None:
            raise UsageError("no recording runs: call start_recording first")
        camera, self._camera = self._camera, None
        self._dropped.detach()
        with camera.end() as film:
            return _kept(target, film)

    def _show_film(self, observation: Any) -> None:
        """Has the film, if one is made, show what was observed."""
        if self._camera is None:
            return
        seen = observation.get("screenshot") if isinstance(observation, Mapping) else None
        self._camera.show(self._machine.observe(["screenshot"])["screenshot"] if seen is None else seen)

    def _drop_film(self) -> None:
        """Gives up the film, if one is made."""
        camera, self._camera = self._camera, None
        filming, self._filming = self._filming, None
        if camera is not None:
            self._dropped.detach()
            camera.drop()
        if filming is not None:
            filming.end_recording()

    def _glance(self) -> Picture | None:
        machine = getattr(self, "_backend", None)
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
