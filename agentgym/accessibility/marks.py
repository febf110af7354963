"""Numbered boxes around parts of a screenshot, by which a model can say which it means.

Which parts get one is as OSWorld's agents have it (``mm_agents/accessibility_tree_wrap/heuristic_retrieve.py``,
``draw_bounding_boxes``); the numbers are larger, and no box goes through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from agentgym.accessibility.nodes import Box, Node
from agentgym.accessibility.table import cell

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

    _Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

__all__ = ["Marked", "marked", "middle"]

_HEADER = "index\ttag\tname\ttext"
_NUMBERS = 12
"""The size of the numbers' font, in pixels."""

_BLACK = (0, 0, 0)


@dataclass(frozen=True)
class Marked:
    """A screenshot with its marks.

    Attributes:
        picture: uint8 (height, width, 3), RGB; a new one.
        boxes: of the marks, the first being that of number 1.
        rows: of a table of the marks, the header first.
    """

    picture: npt.NDArray[np.uint8]
    boxes: Sequence[Box]
    rows: Sequence[str]


def marked(screenshot: npt.NDArray[np.uint8], nodes: Iterable[Node]) -> Marked:
    """Draws a red box around each node, with its number at the lower left.

    A node gets none if all of it has one colour, to which the boxes and numbers of the ones before count.

    Args:
        screenshot: uint8 (height, width, 3), RGB; it stays as it is.
    """
    chosen = _chosen(screenshot, nodes)
    rows = [f"{number}\t{node.role}\t{node.name}\t{cell(node.text)}" for number, node in enumerate(chosen, 1)]
    boxes = [node.box for node in chosen]
    return Marked(_drawn(screenshot, boxes), boxes, [_HEADER, *rows])


def _chosen(screenshot: npt.NDArray[np.uint8], nodes: Iterable[Node]) -> Sequence[Node]:
    from PIL import Image, ImageDraw, ImageFont

    # What OSWorld draws counts, so that it is drawn here, as it is there on Linux.
    image = Image.fromarray(screenshot)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default()
    chosen: list[Node] = []
    for node in nodes:
        if _is_of_one_colour(image, node.box):
            continue
        chosen.append(node)
        _draw_box(draw, node.box)
        _draw_number(draw, len(chosen), node.box, font)
    return chosen


def _drawn(screenshot: npt.NDArray[np.uint8], boxes: Sequence[Box]) -> npt.NDArray[np.uint8]:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(screenshot)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_NUMBERS)
    for box in boxes:
        _draw_box(draw, box)
    for number, box in enumerate(boxes, 1):
        _draw_number(draw, number, box, font)
    return np.array(image)


def _draw_box(draw: ImageDraw.ImageDraw, box: Box) -> None:
    x, y, width, height = box
    draw.rectangle((x, y, x + width, y + height), outline="red", width=1)


def _draw_number(draw: ImageDraw.ImageDraw, number: int, box: Box, font: _Font) -> None:
    foot = (box[0], box[1] + box[3])
    draw.rectangle(draw.textbbox(foot, str(number), font=font, anchor="lb"), fill="black")
    draw.text(foot, str(number), font=font, anchor="lb", fill="white")


def middle(box: Box) -> tuple[int, int]:
    """The place that a mark's name stands for: ``tag_1`` for that of the first."""
    x, y, width, height = box
    return x + width // 2, y + height // 2


def _is_of_one_colour(image: Image.Image, box: Box) -> bool:
    """Whether a box has one colour; what lies off the screen counts as black."""
    x, y, width, height = box
    right, bottom = min(x + width, image.width), min(y + height, image.height)
    if x >= right or y >= bottom:
        return True
    colours = image.crop((x, y, right, bottom)).getcolors(maxcolors=1)
    if colours is None:
        return False
    return (right, bottom) == (x + width, y + height) or colours[0][1] == _BLACK
