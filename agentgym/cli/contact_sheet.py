"""One picture of many screens, each with its caption."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["save_contact_sheet"]

_THUMBNAIL = (480, 270)
_CAPTION = 24
_GAP = 12
_PAPER, _INK = (250, 250, 250), (30, 30, 30)


def save_contact_sheet(
    screens: Sequence[tuple[str, NDArray[np.uint8] | None]], path: Path, *, columns: int = 4
) -> None:
    """Draws the screens in rows and writes them as PNG, whole or not at all.

    Args:
        screens: caption and picture, uint8 (height, width, 3), RGB; a grey box where there is no picture.
        path: its folder is made if there is none.
        columns: how many stand side by side.
    """
    columns = max(1, min(columns, len(screens)))
    cell = (_THUMBNAIL[0] + _GAP, _THUMBNAIL[1] + _CAPTION + _GAP)
    rows = math.ceil(len(screens) / columns)
    sheet = Image.new("RGB", (columns * cell[0] + _GAP, rows * cell[1] + _GAP), _PAPER)
    for index, (caption, screen) in enumerate(screens):
        row, column = divmod(index, columns)
        _draw(sheet, (column * cell[0] + _GAP, row * cell[1] + _GAP), caption, screen)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        sheet.save(unfinished, format="PNG")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _draw(sheet: Image.Image, place: tuple[int, int], caption: str, screen: NDArray[np.uint8] | None) -> None:
    x, y = place
    ImageDraw.Draw(sheet).text((x, y), caption, fill=_INK, font=ImageFont.load_default(size=15))
    thumbnail = Image.new("RGB", _THUMBNAIL, (200, 200, 200)) if screen is None else Image.fromarray(screen)
    thumbnail.thumbnail(_THUMBNAIL)
    sheet.paste(thumbnail, (x, y + _CAPTION))
