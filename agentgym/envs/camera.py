"""Films a screen in a thread of its own, so that a step pays for a copy of its picture and no more."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from queue import Empty, Queue
from typing import IO, TypeAlias

import numpy as np

from agentgym.display import Picture
from agentgym.display.mp4 import Mp4, check_can_film
from agentgym.errors import DatasetError

__all__ = ["Camera", "Glance"]

Glance: TypeAlias = Callable[[], Picture | None]
"""What is on the screen this moment, for any thread; None if there is none."""

_RATE = 10
_SEEN_S = 0.25
_LAST_S = 1.0
_MOST_WAITING = 16
_QUALITY = 23


class Camera:
    """A film of what it is shown, and of what it sees by itself in between, ten times a second.

    The film keeps real time, but every picture that was shown stays for a quarter of a second: where they come faster,
    it lags behind until they come slower again. It lies in a file without a name until it is ended, so that nothing
    stays behind if the process is killed.

    Args:
        glance: where it looks by itself; None to film only what it is shown.

    Raises:
        MissingDependencyError: if PyAV is not installed.
    """

    def __init__(self, glance: Glance | None = None) -> None:
        check_can_film()
        self._glance = glance
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by who ends or drops the film
        self._waiting: Queue[tuple[float, Picture] | None] = Queue(_MOST_WAITING)
        self._error: Exception | None = None
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="agentgym-camera", daemon=True)
        self._thread.start()

    def show(self, picture: Picture) -> None:
        """Has the film show a picture from now on; waits if many are still to be written."""
        # A fork has the camera without its thread.
        if self._thread.is_alive():
            self._waiting.put((self._now(), picture.copy()))

    def end(self) -> IO[bytes]:
        """Ends the film: a file at its beginning, the caller's to close.

        Raises:
            DatasetError: if it could not be written, as on a full disk.
        """
        self._stop()
        if self._error is not None:
            self._file.close()
            raise DatasetError(f"the recording could not be written: {self._error}") from self._error
        self._file.seek(0)
        return self._file

    def drop(self) -> None:
        """Ends it, and keeps nothing of it. May be called twice."""
        self._stop()
        self._file.close()

    def _stop(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _run(self) -> None:
        try:
            self._film()
        except Exception as error:  # noqa: BLE001  # raised again where the film is ended
            self._error = error
            # Nobody waits for room in a queue that nobody empties.
            while self._waiting.get() is not None:
                pass

    def _film(self) -> None:
        film = Mp4(self._file, rate=_RATE, quality=_QUALITY, threads=1)
        try:
            last, last_s = self._shoot(film)
            if last is not None:
                film.add(last, max(self._now(), last_s + _LAST_S))
        finally:
            film.close()

    def _shoot(self, film: Mp4) -> tuple[Picture | None, float]:
        """Films to the end; gives the last picture, and since when it is shown."""
        last: Picture | None = None
        last_s = -_SEEN_S
        while True:
            try:
                shown = self._waiting.get(timeout=None if self._glance is None else 1 / _RATE)
            except Empty:
                at_s = self._now()
                seen = self._look(last) if at_s >= last_s + 1 / _RATE else None
                if seen is None:
                    continue
            else:
                if shown is None:
                    return last, last_s
                at_s, seen = max(shown[0], last_s + _SEEN_S), shown[1]
            film.add(seen, at_s)
            last, last_s = seen, at_s

    def _look(self, last: Picture | None) -> Picture | None:
        """What is on the screen, if that is another picture than the last."""
        seen = self._glance() if self._glance is not None else None
        return None if seen is None or (last is not None and np.array_equal(seen, last)) else seen
