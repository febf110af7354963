"""Metrics on presentations, and on Impress's settings."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

from agentgym.evaluators.metrics.decks import Paint, read_deck, read_pictures
from agentgym.evaluators.metrics.packages import read_part, settings
from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]

_NAMES = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
}
_HALF_INCH = 457_200
_FARTHEST = math.sqrt(3 * 255**2)
_HEX = re.compile("[0-9A-Fa-f]{6}")
_APART = 50
"""By how much one part of a colour must outweigh the others."""


class Transition(TypedDict):
    slide_idx: int
    transition_type: str


class Fill(TypedDict):
    rgb: Sequence[float]
    original_rgb: NotRequired[Sequence[float] | None]


class Colour(TypedDict):
    color: Literal["red", "green", "blue", "black"]


class Interval(TypedDict):
    minutes: int


def check_slide_orientation_Portrait(result: str | None) -> float:  # noqa: N802 - OSWorld's name
    """Whether a presentation's slides are higher than wide.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    deck = read_deck(result)
    return float(deck is not None and deck.width is not None and deck.height is not None and deck.width < deck.height)


def check_image_stretch_and_center(result: str | None, expected: str | None) -> float:
    """Whether the first slide's first picture of the ``expected`` file fills the slide now, within half an inch.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    found, wanted = read_pictures(result), read_pictures(expected)
    if found is None or wanted is None or not wanted[1]:
        return 0.0
    (width, height), (picture, *_) = wanted
    boxes = [one.box for one in found[1] if one.content == picture.content]
    if not boxes:
        return 0.0
    left, top, wide, high = boxes[-1]
    faults = (wide - width, high - height, left - (width - wide) / 2, top - (height - high) / 2)
    return float(all(abs(fault) <= _HALF_INCH for fault in faults))


def check_transition(result: str | None, rules: Transition) -> float:
    """Whether the file ``slide{slide_idx + 1}.xml`` has a transition of ``rules["transition_type"]``."""
    slide = read_part(result, f"ppt/slides/slide{rules['slide_idx'] + 1}.xml")
    transition = None if slide is None else slide.find(".//p:transition", _NAMES)
    return float(transition is not None and transition.find(f".//p:{rules['transition_type']}", _NAMES) is not None)


def evaluate_presentation_fill_to_rgb_distance(result: str | None, rules: Fill) -> float:
    """How near the slides' backgrounds are to ``rules["rgb"]`` in the mean, as colours; 0 for ``original_rgb``.

    Raises:
        MissingDependencyError: if python-pptx is not installed.
    """
    deck = read_deck(result)
    if deck is None or not deck.slides:
        return 0.0
    return 1 - math.fsum(_distance(slide.paint, rules) for slide in deck.slides) / len(deck.slides)


def check_page_number_colors(result: str | None, rules: Colour, *, strict: bool = False) -> float:
    """Whether the page numbers are of ``rules["color"]``, by the first master slide.

    OSWorld's takes the last colour but one there, and reads it one digit late.

    Args:
        strict: takes the colours of the page number, and reads them as they are.
    """
    master = read_part(result, "ppt/slideMasters/slideMaster1.xml")
    if master is None:
        return 0.0
    colours = _page_number_colours(master) if strict else _last_but_one(master)
    return float(bool(colours) and all(_is(colour, rules["color"]) for colour in colours))


def check_auto_saving_time(result: str | None, rules: Interval) -> float:
    """Whether LibreOffice saves by itself every ``rules["minutes"]`` minutes."""
    values = list(settings(result, "/org.openoffice.Office.Common/Save/Document", "AutoSaveTimeIntervall"))
    try:
        return float(bool(values) and int(values[-1]) == rules["minutes"])
    except ValueError:
        return 0.0


def check_presenter_console_disable(result: str | None) -> float:
    """Whether Impress's presenter console is off."""
    values = settings(result, "/org.openoffice.Office.Impress/Misc/Start", "EnablePresenterScreen")
    return float(next(values, "").lower() == "false")


def check_left_panel(result: str | None) -> float:
    """Whether an accessibility tree shows Impress's panel of slides."""
    try:
        root = ET.fromstring(result or "")
    except (ET.ParseError, ValueError):
        return 0.0
    return float(any(frame.get("name") == "Slides View" for frame in root.iter("document-frame")))


def _distance(paint: Paint | None, rules: Fill) -> float:
    """From 0, the same, to 1, as for what is no one colour."""
    if paint is None or paint[0] != "srgbClr" or not _HEX.fullmatch(paint[1]):
        return 1.0
    colour = tuple(bytes.fromhex(paint[1]))
    if rules.get("original_rgb") is not None and colour == tuple(rules["original_rgb"] or ()):
        return 1.0
    return math.dist(colour, rules["rgb"]) / _FARTHEST


def _last_but_one(master: ET.Element) -> list[tuple[int, int, int]]:
    colours = [found.get("val", "") for found in master.findall(".//a:solidFill//a:srgbClr", _NAMES)]
    read = [_read_late(colour) for colour in colours[-2:-1]]
    return [colour for colour in read if colour is not None]


def _read_late(colour: str) -> tuple[int, int, int] | None:
    """As if a ``#`` stood before it, so that the last part is of one digit."""
    try:
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    except ValueError:
        return None


def _page_number_colours(master: ET.Element) -> list[tuple[int, int, int]]:
    """Those of its text, or if that has none, of its style."""
    for shape in master.iter(f"{{{_NAMES['p']}}}sp"):
        if shape.find("p:nvSpPr/p:nvPr/p:ph[@type='sldNum']", _NAMES) is not None:
            return _colours(shape, ".//a:p//a:rPr/a:solidFill/a:srgbClr") or _colours(
                shape, ".//a:lstStyle//a:solidFill/a:srgbClr"
            )
    return []


def _colours(shape: ET.Element, path: str) -> list[tuple[int, int, int]]:
    values = (found.get("val", "") for found in shape.findall(path, _NAMES))
    whole = (bytes.fromhex(value) for value in values if _HEX.fullmatch(value))
    return [(red, green, blue) for red, green, blue in whole]


def _is(colour: tuple[int, int, int], name: str) -> bool:
    if name == "black":
        return max(colour) < _APART
    parts = dict(zip(("red", "green", "blue"), colour, strict=True))
    part = parts.pop(name)
    return all(part > other + _APART for other in parts.values())


METRICS: Mapping[str, Metric] = {
    "check_auto_saving_time": check_auto_saving_time,
    "check_image_stretch_and_center": check_image_stretch_and_center,
    "check_left_panel": check_left_panel,
    "check_page_number_colors": check_page_number_colors,
    "check_presenter_console_disable": check_presenter_console_disable,
    "check_slide_orientation_Portrait": check_slide_orientation_Portrait,
    "check_transition": check_transition,
    "evaluate_presentation_fill_to_rgb_distance": evaluate_presentation_fill_to_rgb_distance,
}
