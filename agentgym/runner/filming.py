"""A film of an episode that is kept however the episode ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agentgym.errors import BackendError, DatasetError
from agentgym.events import Note, Record, Reset
from agentgym.wrappers.tap import Tap

__all__ = ["FilmWarning", "filmed"]


class FilmWarning(UserWarning):
    """An episode was not filmed, and why; what it came to does not depend on that."""


@contextmanager
def filmed(tap: Tap, path: str | None) -> Iterator[None]:
    """Films what happens in the block, from the reset on; the film is there when the block is left.

    Args:
        tap: around an environment; one that has no screen is not filmed.
        path: of the MP4; None for no film.
    """
    film = None if path is None else _Film(tap, Path(path))
    if film is None or not hasattr(tap.unwrapped, "start_recording"):
        yield
        return
    unsubscribe = tap.bus.subscribe(film.begin, Reset)
    try:
        yield
    finally:
        unsubscribe()
        film.end()


class _Film:
    def __init__(self, tap: Tap, path: Path) -> None:
        self._tap, self._path = tap, path
        self._env: Any = tap.unwrapped
        self._runs = False

    def begin(self, _: Record) -> None:
        if self._runs:
            return
        try:
            self._env.start_recording()
            self._runs = True
        except BackendError as error:
            self._tell(f"the episode is not filmed: {error}")

    def end(self) -> None:
        if not self._runs:
            return
        try:
            self._env.end_recording(self._path)
        except (BackendError, DatasetError) as error:
            self._tell(f"there is no film of the episode: {error}")

    def _tell(self, text: str) -> None:
        self._tap.bus.publish(Note(kind="film", text=text))
        warnings.warn(text, FilmWarning, stacklevel=3)
