"""Pictures with their times as a film that browsers play: H.264 in MP4."""

from __future__ import annotations

from fractions import Fraction
from typing import IO, Any

import numpy as np

from agentgym.display.pictures import Picture
from agentgym.extras import needed

__all__ = ["Mp4", "check_can_film"]

_TICKS = 90_000
"""A second has so many, as films count."""

# As ITU-T H.273 numbers them.
_BT601, _LIMITED = 6, 1


def check_can_film() -> None:
    """Returns if films can be written here.

    Raises:
        MissingDependencyError: if PyAV is not installed.
    """
    needed("av", extra="video")


class Mp4:
    """A film that is being written. Each picture is shown until the next one.

    The first picture says how large it is, a missing row or column repeated where a side is odd; another is cut, or
    padded with black.

    Args:
        target: a file that can be sought in, or the name of one.
        rate: pictures a second, as the film says of itself.
        quality: x264's ``crf``; less is better.
        preset: x264's.
        threads: that encode; 0 for as many as there are cores.

    Raises:
        MissingDependencyError: if PyAV is not installed.
    """

    def __init__(
        self,
        target: str | IO[bytes],
        *,
        rate: int,
        quality: int = 20,
        preset: str = "veryfast",
        threads: int = 0,
    ) -> None:
        self._av = needed("av", extra="video")
        self._container = self._av.open(target, "w", format="mp4")
        self._rate = rate
        self._options = {"crf": str(quality), "preset": preset, "threads": str(threads)}
        self._stream: Any = None

    def add(self, picture: Picture, at_s: float) -> None:
        """Shows a picture from then on.

        Args:
            picture: uint8 (height, width, 3), RGB; it is not kept.
            at_s: seconds since the beginning, more than of the one before.
        """
        if self._stream is None:
            self._stream = self._begun(picture.shape[0], picture.shape[1])
        frame = self._av.VideoFrame.from_ndarray(_coded(_of_size(picture, self._stream)), format="yuv420p")
        frame.pts, frame.time_base = round(at_s * _TICKS), Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Writes what is still to be written. The file stays open if it was."""
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def _begun(self, height: int, width: int) -> Any:
        stream = self._container.add_stream("libx264", rate=self._rate, options=self._options)
        # What H.264 takes with colours of half the resolution.
        stream.height, stream.width = height + height % 2, width + width % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        # Players take what is not said for another matrix than OpenCV's, where the picture is large.
        context.colorspace, context.color_range = _BT601, _LIMITED
        context.color_primaries = context.color_trc = _BT601
        return stream


def _coded(picture: Picture) -> Picture:
    """The picture in brightness and colours, as H.264 has it."""
    import cv2

    # A quarter of the time that PyAV takes for it.
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)


def _of_size(picture: Picture, stream: Any) -> Picture:
    height, width = picture.shape[:2]
    if (height, width) == (stream.height, stream.width):
        return np.ascontiguousarray(picture)
    if (height + height % 2, width + width % 2) == (stream.height, stream.width):
        return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    canvas = np.zeros((stream.height, stream.width, 3), np.uint8)
    part = picture[: stream.height, : stream.width]
    canvas[: part.shape[0], : part.shape[1]] = part
    return canvas
