"""Metrics on one picture: its size, and where something lies in it; and on GIMP's settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

import numpy as np

from agentgym.evaluators.metrics.pictures import content_box, opened
from agentgym.evaluators.metrics.registry import Metric
from agentgym.tasks.forms import PassedOver

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["METRICS"]

# Its tasks have the key with a colon; nothing reads either.
Setting = TypedDict(
    "Setting",
    {"key": str | list[str], "value": str, "type": NotRequired[PassedOver], "type:": NotRequired[PassedOver]},
)


class Size(TypedDict, total=False):
    width: int | None
    height: int | None
    ignore_transparent: bool


class FileSize(TypedDict):
    max_size: int


_PLANES = 3
_NEAR = 0.05
_DARK = 128
_TWO = 2


def check_image_size(result: str | None, rules: Size, *, strict: bool = False) -> float:
    """Whether a picture is so many pixels wide and high, as far as the rules say so.

    Of one in which a colour counts as transparent, and with ``ignore_transparent`` of every one, what is transparent
    around it does not count.

    Args:
        strict: only with ``ignore_transparent``, and the picture can be read to its end.
    """
    picture = opened(result, whole=strict)
    if picture is None:
        return 0.0
    keyed = "transparency" in picture.info
    cropped = rules.get("ignore_transparent", False) and (keyed or picture.mode in ("RGBA", "LA"))
    if not cropped and (strict or not keyed):
        return float(_fits(picture.size, rules))
    picture = opened(result)
    if picture is None:
        return 0.0
    left, top, right, bottom = content_box(picture) or (0, 0, 0, 0)
    return float(_fits((right - left, bottom - top), rules))


def check_image_file_size(result: str | None, rules: FileSize, *, strict: bool = False) -> float:
    """Whether a file is smaller than ``rules["max_size"]``, in bytes.

    Args:
        strict: and it is a picture.
    """
    if result is None or not Path(result).is_file() or (strict and opened(result) is None):
        return 0.0
    return float(Path(result).stat().st_size < rules["max_size"])


def check_triangle_position(result: str | None, *, strict: bool = False) -> float:
    """Whether the centre of a picture's second rarest colour is within 5 % of the middle, as OSWorld has it.

    Args:
        strict: of its second most common one: what lies on the background, not an edge's shade, nor the background
            itself where there are two.
    """
    picture = opened(result)
    pixels = None if picture is None else np.array(picture.convert("RGBA") if strict else picture)
    if pixels is None or pixels.ndim != _PLANES:
        return 0.0
    colours, counts = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0, return_counts=True)
    if len(colours) < _TWO:
        return 0.0
    colour = colours[np.argsort(counts)][-_TWO if strict else 1]
    centre = np.argwhere(np.all(pixels == colour, axis=2)).mean(axis=0)
    size = np.array(pixels.shape[:2])
    return float(np.all(np.abs(centre - size / 2) < _NEAR * size))


def check_textbox_on_leftside(result: str | None, *, strict: bool = False) -> float:
    """Whether something dark begins in the left 5 % of a picture.

    Args:
        strict: what is transparent is not dark.
    """
    picture = opened(result)
    if picture is None:
        return 0.0
    grey = np.array(_on_white(picture) if strict else picture.convert("L"))
    dark = np.flatnonzero((grey < _DARK).any(axis=0))
    return float(len(dark) > 0 and dark[0] < picture.width * _NEAR)


def check_config_status(result: str | None, rules: Setting) -> float:
    """Whether a line of GIMP's settings, ``(key … value)``, has that key, of one or two words, and that last word."""
    lines = _lines(result)
    if lines is None:
        return 0.0
    key = [rules["key"]] if isinstance(rules["key"], str) else rules["key"]
    if isinstance(rules["key"], list) and len(key) != _TWO:
        return 0.0
    words = (line.strip().lstrip("(").rstrip(")\n").split() for line in lines if not line.startswith("#"))
    return float(any(found and found[: len(key)] == key and found[-1] == rules["value"] for found in words))


def _fits(size: tuple[int, int], rules: Size) -> bool:
    wanted = (rules.get("width"), rules.get("height"))
    return all(side is None or side == found for side, found in zip(wanted, size, strict=True))


def _on_white(picture: Image) -> Image:
    from PIL.Image import alpha_composite, new

    page = new("RGBA", picture.size, "white")
    return alpha_composite(page, picture.convert("RGBA")).convert("L")


def _lines(path: str | None) -> list[str] | None:
    if path is None:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.readlines()
    except (OSError, UnicodeDecodeError):
        return None


METRICS: Mapping[str, Metric] = {
    "check_image_size": check_image_size,
    "check_image_file_size": check_image_file_size,
    "check_triangle_position": check_triangle_position,
    "check_textbox_on_leftside": check_textbox_on_leftside,
    "check_config_status": check_config_status,
}
