"""Pictures of an episode: its screen as it is, and a film that is kept however the episode ends."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agentgym.backends.base import Backend
from agentgym.display import Picture
from agentgym.envs.filming import Filmed, FilmWarning
from agentgym.errors import BackendError, DatasetError
from agentgym.events import Note
from agentgym.wrappers.tap import Tap

__all__ = ["filmed", "screen_of"]


@contextmanager
def filmed(tap: Tap, path: str | None) -> Iterator[None]:
    """Films an episode that begins in the block; the film is there when the block is left.

    Args:
        tap: around an environment; one that has no screen is not filmed.
        path: of the MP4; None for no film.
    """
    env: Any = tap.unwrapped
    if path is None or not isinstance(env, Filmed):
        yield
        return
    env.start_recording()
    try:
        yield
    finally:
        # If its machine did not come up, nothing was filmed.
        if env.is_filmed:
            _end(env, path, tap)


def screen_of(tap: Tap) -> Picture | None:
    """What the machine shows now; None for an environment without a screen.

    Raises:
        BackendError: if it broke.
    """
    backend: Backend | None = getattr(tap.unwrapped, "backend", None) if isinstance(tap.unwrapped, Filmed) else None
    return None if backend is None else backend.observe(["screenshot"])["screenshot"]


def _end(env: Filmed, path: str, tap: Tap) -> None:
    try:
        env.end_recording(path)
    except (BackendError, DatasetError) as error:
        # What the episode came to stands, or what it raised.
        told = f"there is no film of the episode: {error}"
        tap.bus.publish(Note(kind="film", text=told))
        warnings.warn(told, FilmWarning, stacklevel=2)
