"""Tasks of Impress on where things stand on slides, and on its window."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image

from agentgym.actions import Press
from tests.osworld.makers.decks import Grid, Page, Picture, Text, deck
from tests.osworld.moves import choose
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]

_NEXT_SHAPE, _NEXT_SLIDE = Press("tab"), Press("pagedown")
_HEAD = Text("Product Comparison", 40, align="center")
_COVER = Page(Text("Spring Catalogue", 40, align="center"))
_MILLIMETRES = 120
"""As far as an arrow key moves a shape, pressed so often; it must come beyond 10 or 12 cm."""


def _png(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


# What is moved is compared with the file as it was.
def _title_files() -> Mapping[str, bytes]:
    before = deck(_COVER, Page(_HEAD))
    return {"134_2.pptx": before, "134_2_Original.pptx": before}


def _title() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield Press("down", _MILLIMETRES)


def _picture_files() -> Mapping[str, bytes]:
    before = deck(_COVER, Page(shapes=[Picture(_png("teal"), (3, 6, 8, 6))]))
    return {"201_6.pptx": before, "201_6_Original.pptx": before}


def _picture() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield Press("right", _MILLIMETRES)


def _table_files() -> Mapping[str, bytes]:
    table = Grid([["Model", "Price"], ["Oak", "120"], ["Ash", "95"]], (4, 2, 20, 5))
    before = deck(_COVER, Page(_HEAD), Page(shapes=[table]))
    return {"55_10.pptx": before, "55_10_Original.pptx": before}


def _table() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield Press("down", _MILLIMETRES)


def _no_files() -> Mapping[str, bytes]:
    return {}


def _panel() -> Moves:
    yield from choose("Slide Pane")


SOLUTIONS = (
    Solution("15aece23-a215-4579-91b4-69eec72e18da", "gui", _title_files, _title),
    Solution("2b94c692-6abb-48ae-ab0b-b3e8a19cb340", "gui", _picture_files, _picture),
    Solution("ac1b39ff-ee4d-4483-abce-c117e98942f0", "gui", _table_files, _table),
    Solution("ef9d12bd-bcee-4ba0-a40e-918400f43ddf", "gui", _no_files, _panel),
)
