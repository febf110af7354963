"""Metrics that hold one picture against another: is it that one, or that one made darker, mirrored or smaller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from agentgym.evaluators.metrics.pictures import (
    content_box,
    judged,
    mean,
    opened,
    resized,
    same_by_error,
    same_by_structure,
    structure,
)
from agentgym.evaluators.metrics.registry import Metric

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["METRICS"]

_MIDDLE_GREY = 128
_MARGIN = 0.01
_MIRRORED = 0.99
_CONTRASTED = 0.65
_PLANES = 3
# The least in which a structure can be seen.
_SMALLEST = 3
_RGB = 3


def compare_images(result: str | None, expected: str | None, *, reference_base_result: float | None = None) -> float:
    """How alike two pictures are in grey, at the size of the narrower one (SSIM, from 0 to 1).

    Args:
        reference_base_result: what the picture scored before the task; it counts as 0.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """

    def judge(found: Image, wanted: Image) -> float:
        size = min(found.size, wanted.size)
        grey = [np.array(resized(picture.convert("L"), size)) for picture in (found, wanted)]
        return _above(structure(*grey, colours=False), reference_base_result)

    return judged(judge, result, expected)


def compare_image_list(
    result: str | Sequence[str | None] | None, expected: str | Sequence[str | None] | None, *, strict: bool = False
) -> float:
    """Whether each picture is the expected one at its place, brought to its size and mode.

    Args:
        strict: there are as many as expected, of the same size, and their colours are the same, too, where they have
            transparency or a palette, of which otherwise the transparency and the numbers are compared.
    """
    many = isinstance(result, list)
    found, wanted = (result, expected) if many else ([result], [expected])
    if not isinstance(found, list) or not isinstance(wanted, list):
        return 0.0
    if not strict:
        return float(all(judged(_same_pixels, *pair) for pair in zip(found, wanted, strict=False)))
    return float(bool(wanted) and all(judged(_same_picture, *pair) for pair in zip_longest(found, wanted)))


def check_structure_sim(result: str | None, expected: str | None) -> float:
    """Whether a picture has the expected one's size and structure (SSIM of at least 0.9).

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """
    return judged(same_by_structure, result, expected)


def check_structure_sim_with_threshold(
    result: str | None, expected: str | None, *, ssim_threshold: float = 0.85
) -> float:
    """Whether a picture, brought to the expected one's size, has its structure.

    Args:
        ssim_threshold: the least SSIM.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """

    def judge(found: Image, wanted: Image) -> bool:
        return same_by_structure(resized(found, wanted.size), wanted, least=ssim_threshold, smallest=_SMALLEST)

    return judged(judge, result, expected)


def check_structure_sim_resized(result: str | None, expected: str | None) -> float:
    """Whether what is not transparent of a picture, brought to the expected one's size, has its structure.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """

    def judge(found: Image, wanted: Image) -> bool:
        if found.mode not in ("RGBA", "LA") and "transparency" not in found.info:
            return same_by_structure(found.resize(wanted.size), wanted)
        box = content_box(found)
        if box is None:
            return False
        content = found.convert("RGBA").crop(box).convert("RGB")
        return same_by_structure(content.resize(wanted.size), wanted)

    return judged(judge, result, expected)


def check_file_exists_and_structure_sim(result: str | None, expected: str | None) -> float:
    """Whether a picture is there and has the expected one's size and structure (SSIM of at least 0.9).

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """
    return judged(same_by_structure, result, expected)


def check_palette_and_structure_sim(result: str | None, expected: str | None) -> float:
    """Whether a picture has a palette, and the expected one's size and structure.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """
    return judged(lambda found, wanted: found.mode == "P" and same_by_structure(found, wanted), result, expected)


def check_image_mirror(result: str | None, expected: str | None) -> float:
    """Whether a picture is the expected one with left and right exchanged (SSIM of at least 0.99).

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """
    from PIL.Image import Transpose

    def judge(found: Image, wanted: Image) -> bool:
        return same_by_structure(found.transpose(Transpose.FLIP_LEFT_RIGHT), wanted, least=_MIRRORED)

    return judged(judge, result, expected)


def check_brightness_decrease_and_structure_sim(
    result: str | None, expected: str | None, *, threshold: float = 0.03, strict: bool = False
) -> float:
    """Whether a picture is darker than the expected one, and the same once both are made equally bright.

    Args:
        threshold: what the mean squared difference must be less than; that of black and white is 1.
        strict: of a palette the colours count, not the numbers.
    """

    def judge(found: Image, wanted: Image) -> bool:
        if strict:
            found, wanted = found.convert("RGB"), wanted.convert("RGB")
        if mean(wanted.convert("L")) <= mean(found.convert("L")):
            return False
        return same_by_error(_with_brightness(found), _with_brightness(wanted), most=threshold)

    return judged(judge, result, expected)


def check_contrast_increase_and_structure_sim(
    result: str | None, expected: str | None, *, strict: bool = False
) -> float:
    """Whether a picture has more contrast (deviation of all its values) than the expected one, and its structure.

    Args:
        strict: of a palette the colours count, not the numbers, and transparency does not.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """

    def judge(found: Image, wanted: Image) -> bool:
        if strict:
            found, wanted = found.convert("RGB"), wanted.convert("RGB")
        less, more = (np.std(np.asarray(picture, dtype=np.float32)) for picture in (wanted, found))
        return bool(less < more) and same_by_structure(found, wanted, least=_CONTRASTED)

    return judged(judge, result, expected)


def check_saturation_increase_and_structure_sim(result: str | None, expected: str | None) -> float:
    """Whether a picture's colours are stronger than the expected one's, and hue and brightness of its structure.

    Raises:
        MissingDependencyError: if scikit-image is not installed.
    """

    def judge(found: Image, wanted: Image) -> bool:
        hue, saturation, value = found.convert("HSV").split()
        hue_wanted, saturation_wanted, value_wanted = wanted.convert("HSV").split()
        return (
            bool(np.mean(np.array(saturation_wanted)) < np.mean(np.array(saturation)))
            and same_by_structure(hue, hue_wanted)
            and same_by_structure(value, value_wanted)
        )

    return judged(judge, result, expected)


def check_green_background(result: str | None, expected: str | None) -> float:
    """Whether a picture is more green than red or blue wherever the expected one is not black."""
    found, wanted = opened(result), opened(expected)
    if found is None or wanted is None:
        return 0.0
    pixels, mask = np.array(found), np.array(wanted)
    if mask.ndim != _PLANES:
        return 0.0
    rows, columns = np.nonzero((mask[:, :, :_RGB] != 0).any(axis=2))
    if len(rows) == 0:
        return 1.0
    if pixels.ndim != _PLANES or pixels.shape[2] < _RGB:
        return 0.0
    if rows.max() >= pixels.shape[0] or columns.max() >= pixels.shape[1]:
        return 0.0
    red, green, blue = (pixels[rows, columns, channel] for channel in range(_RGB))
    return float(((green > red) & (green > blue)).all())


def _above(likeness: float, base: float | None) -> float:
    if base is None:
        return max(likeness, 0.0)
    return (likeness - base) / (1 - base) if likeness >= base + _MARGIN else 0.0


def _same_pixels(found: Image, wanted: Image) -> bool:
    from PIL import ImageChops

    found = resized(found, wanted.size)
    if found.mode != wanted.mode:
        found = found.convert(wanted.mode)
    return ImageChops.difference(found, wanted).getbbox() is None


def _same_picture(found: Image, wanted: Image) -> bool:
    return found.size == wanted.size and found.convert("RGBA").tobytes() == wanted.convert("RGBA").tobytes()


def _with_brightness(picture: Image) -> Image:
    """The picture, its values brought to a mean of middle grey.

    Raises:
        ValueError: if it is black, or has no values of 0 to 255.
    """
    bright = mean(picture.convert("L"))
    if bright == 0 or picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        raise ValueError(f"a picture of mode {picture.mode} and mean {bright:g} has no brightness to change")
    factor = _MIDDLE_GREY / bright
    return picture.point(lambda value: min(255, max(0, int(value * factor))))


METRICS: Mapping[str, Metric] = {
    "compare_images": compare_images,
    "compare_image_list": compare_image_list,
    "check_structure_sim": check_structure_sim,
    "check_structure_sim_with_threshold": check_structure_sim_with_threshold,
    "check_structure_sim_resized": check_structure_sim_resized,
    "check_file_exists_and_structure_sim": check_file_exists_and_structure_sim,
    "check_palette_and_structure_sim": check_palette_and_structure_sim,
    "check_image_mirror": check_image_mirror,
    "check_brightness_decrease_and_structure_sim": check_brightness_decrease_and_structure_sim,
    "check_contrast_increase_and_structure_sim": check_contrast_increase_and_structure_sim,
    "check_saturation_increase_and_structure_sim": check_saturation_increase_and_structure_sim,
    "check_green_background": check_green_background,
}
