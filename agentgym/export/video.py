"""Episodes as video, made from the recording: stepping pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from agentgym.display.mp4 import Mp4
from agentgym.errors import DatasetError, UsageError
from agentgym.export.base import fresh
from agentgym.export.drawing import Caption, Pointer, described, drawn
from agentgym.export.writing import screen
from agentgym.trajectory import Episode

__all__ = ["write_video"]

Picture: TypeAlias = npt.NDArray[np.uint8]

_LAST_S = 2


def write_video(episode: Episode, out: Path, *, fps: int = 5, overlay: bool = True) -> None:
    """Writes an mp4 (H.264) with one frame an observation; the last one stays for two seconds.

    Each frame shows the action that is done next: a ring where a button is pressed, typed text and keys in the caption,
    with what the step before paid; the last one shows the score.

    Args:
        episode: that was seen as pictures.
        out: a file that must not exist.
        fps: observations a second.
        overlay: whether anything is drawn; without, the frames are the screens, a missing row or column repeated where
            a side is odd.

    Raises:
        UsageError: if something is at ``out``, or ``fps`` is less than 1.
        DatasetError: if there is an observation without a picture.
        MissingDependencyError: if PyAV is not installed.
    """
    if fps < 1:
        raise UsageError(f"fps is {fps}; it must be at least 1")
    with fresh(out) as path:
        film = Mp4(str(path), rate=fps)
        try:
            pictures = _held(_frames(episode) if overlay else _screens(episode), _LAST_S * fps)
            for number, picture in enumerate(pictures):
                film.add(picture, number / fps)
        finally:
            film.close()


def _screens(episode: Episode) -> Iterator[Picture]:
    for t in range(len(episode) + 1):
        picture = screen(episode.observations[t])
        if picture is None:
            raise DatasetError(f"{episode!r} cannot be filmed: observation {t} has no picture")
        yield picture


def _frames(episode: Episode) -> Iterator[Picture]:
    pointer = Pointer()
    for t, picture in enumerate(_screens(episode)):
        action = episode.actions[t] if t < len(episode) else None
        yield drawn(picture, action, pointer, Caption(_where(episode, t), _what(episode, t, action)))


def _where(episode: Episode, t: int) -> str:
    task = "" if episode.task is None else f"{episode.task.id}: {episode.task.instruction}   "
    paid = f"   reward {episode.rewards[t - 1]:g}, return {episode.rewards[:t].sum():g}" if t else ""
    return f"{t}/{len(episode)}{paid}   {task}"


def _what(episode: Episode, t: int, action: Any) -> str:
    if t < len(episode):
        refused = episode.infos[t].get("action_error")
        return described(action) + (f"   refused: {refused}" if refused else "")
    if episode.failure is not None:
        return f"broke: {episode.failure}"
    return "not scored" if episode.score is None else f"score {episode.score:g}"


def _held(pictures: Iterator[Picture], times: int) -> Iterator[Picture]:
    """The pictures, the last of them so many times."""
    last: list[Picture] = []
    for picture in pictures:
        yield picture
        last = [picture]
    yield from last * (times - 1)
