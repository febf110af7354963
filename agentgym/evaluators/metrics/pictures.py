"""Pictures as files, and how alike two of them are."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.extras import needed

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["content_box", "judged", "mean", "opened", "resized", "same_by_error", "same_by_structure", "structure"]

Judge: TypeAlias = Callable[..., bool | float]

_WINDOW = 7
_LIKE = 0.9
_NEAR = 0.03


def judged(judge: Judge, *paths: str | None) -> float:
    """What a judge says of the pictures in some files; 0 where one is not there, damaged, or of a mode it cannot take.

    Raises:
        MissingDependencyError: if scikit-image is not installed and the judge needs it.
    """
    pictures = [opened(path) for path in paths]
    if any(picture is None for picture in pictures):
        return 0.0
    try:
        return float(judge(*pictures))
    except ValueError:
        # Pillow's word for modes between which it cannot convert; scikit-image's for a picture too small.
        return 0.0


def opened(path: str | None, *, whole: bool = True) -> Image | None:
    """The picture in a file; None if there is none that can be read.

    Args:
        whole: all of it must be readable, not only its size and mode.
    """
    if not path:
        return None
    with warnings.catch_warnings():
        # Of large ones, and of damage that it can do with.
        warnings.simplefilter("ignore")
        return unless_damaged(lambda: _picture(path, whole))


def _picture(path: str, whole: bool) -> Image:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.copy() if whole else picture


def structure(found: Any, wanted: Any, *, colours: bool, window: int = _WINDOW) -> float:
    """How alike two pictures of one size are, by SSIM: 1 for the same, about 0 for others, less for the inverse.

    Of Wang, Bovik, Sheikh and Simoncelli (2004), each colour apart.

    Args:
        found: uint8 (height, width), or with colours (height, width, 3).
        wanted: the same.
        window: the side of the squares that are compared, odd.

    Raises:
        ValueError: if they are less high or wide than the window.
    """
    ssim = needed("skimage.metrics", extra="images").structural_similarity
    return float(ssim(found, wanted, win_size=window, channel_axis=2 if colours else None))


def same_by_structure(found: Image, wanted: Image, *, least: float = _LIKE, smallest: int = _WINDOW) -> bool:
    """Whether two pictures are of one size and of nearly the same structure.

    Args:
        least: what SSIM must reach.
        smallest: what is less high or wide has no structure.
    """
    if found.size != wanted.size or min(found.size) < smallest:
        return False
    window = min(_WINDOW, (min(found.size) - 1) // 2 * 2 + 1)
    arrays = (np.array(_coloured(picture)) for picture in (found, wanted))
    return structure(*arrays, colours=True, window=window) >= least


def same_by_error(found: Image, wanted: Image, *, most: float = _NEAR) -> bool:
    """Whether the mean squared difference of two pictures, at the second's size, is small; black to white is 1."""
    one, other = (
        np.array(_coloured(picture), dtype=np.float32) / 255 for picture in (resized(found, wanted.size), wanted)
    )
    return bool(np.mean((one - other) ** 2) < most)


def resized(picture: Image, size: tuple[int, int]) -> Image:
    """The picture at a size, by Lanczos' filter where it is not of that size."""
    from PIL import Image

    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def mean(picture: Image) -> float:
    """The mean value of a picture with one channel."""
    from PIL import ImageStat

    return float(ImageStat.Stat(picture).mean[0])


def content_box(picture: Image) -> tuple[int, int, int, int] | None:
    """What is not wholly transparent, as left, top, right, bottom; None if everything is."""
    return picture.convert("RGBA").getchannel("A").getbbox()


def _coloured(picture: Image) -> Image:
    return picture if picture.mode == "RGB" else picture.convert("RGB")
