"""Metrics on films."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["METRICS"]


def compare_videos(
    result: str | None,
    expected: str | None,
    *,
    max_frames_to_check: int = 100,
    threshold: int = 5,
    strict: bool = False,
) -> float:
    """Whether two films show the same, as the perceptual hashes of their first frames say, and are as long.

    Args:
        max_frames_to_check: how many frames are compared; what comes later may differ.
        threshold: in how many of 64 bits the hashes of two frames may differ, and how many pairs may differ more.
        strict: two of which neither can be read are not the same.

    Raises:
        MissingDependencyError: if ImageHash is not installed.
    """
    far, seen = 0, False
    for found, wanted in islice(zip_longest(_hashes(result), _hashes(expected)), max_frames_to_check):
        seen = True
        if found is None or wanted is None:
            return 0.0
        far += found - wanted > threshold
        if far > threshold:
            return 0.0
    return float(seen or not strict)


def _hashes(path: str | None) -> Iterator[Any]:
    import cv2
    from PIL import Image

    phash = needed("imagehash", extra="images").phash
    if not path:
        return
    film = cv2.VideoCapture(path)
    try:
        while True:
            there, frame = film.read()
            if not there:
                return
            yield phash(Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)))
    finally:
        film.release()


METRICS: Mapping[str, Metric] = {"compare_videos": compare_videos}
