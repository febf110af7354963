"""The solutions of the tasks of GIMP."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.actions import Click, Hotkey, Press, TypeText
from tests.osworld.makers.paintings import painting, white_xcf
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]


def _find(action: str, *, place: int = 0) -> Moves:
    """Does one of GIMP's actions by its search for them.

    Args:
        place: how many others come before it, as that which flips the view only.
    """
    yield Press("/")
    yield Seen("Search Actions")
    yield TypeText(action)
    for _ in range(place):
        yield Press("down")
    yield Press("enter")
    yield Gone("Search Actions")


def _set(row: int, value: str) -> Moves:
    """Writes into a slider of a dialogue, and takes it."""
    yield Click(1120, row, clicks=2)
    yield Hotkey(("ctrl", "a"))
    yield TypeText(f"{value}\t")
    yield Hotkey(("alt", "o"))


def _bright_files() -> Mapping[str, bytes]:
    return {"woman_sitting_by_the_tree.png": painting()}


def _bright() -> Moves:
    yield from _find("brightness-contrast")
    yield Seen("Brightness-Contrast")
    yield from _set(520, "-40")
    yield Gone("Brightness-Contrast")


def _vivid_files() -> Mapping[str, bytes]:
    return {"woman_sitting_by_the_tree2.png": painting()}


def _vivid() -> Moves:
    yield from _find("saturation", place=1)
    yield Seen("Saturation")
    yield from _set(561, "1.4")
    yield Gone("Saturation")


def _mirror_files() -> Mapping[str, bytes]:
    return {"berry.jpeg": painting()}


def _mirrored() -> Moves:
    yield from _find("flip horizontally", place=1)


def _export_files() -> Mapping[str, bytes]:
    return {"The_Lost_River_Of_Dreams.jpg": painting("JPEG")}


def _export() -> Moves:
    yield Hotkey(("shift", "ctrl", "e"))
    yield Seen("Export Image")
    yield TypeText("export\n")
    yield Seen("as JPEG")
    yield Press("enter")
    yield Gone("Export")


def _vignette_files() -> Mapping[str, bytes]:
    return {"dog_with_background.png": painting()}


def _vignette() -> Moves:
    yield from _find("vignette")
    yield Seen("Vignette")


def _layer_files() -> Mapping[str, bytes]:
    return {"white_background.xcf": white_xcf()}


def _layer() -> Moves:
    yield Hotkey(("shift", "ctrl", "n"))
    yield Seen("New Layer")
    yield Hotkey(("ctrl", "a"))
    yield TypeText("Square\n")
    yield Gone("New Layer")


def _theme_files() -> Mapping[str, bytes]:
    return {}


def _theme() -> Moves:
    yield from _find("preferences")
    yield Seen("Preferences")
    # The page "Theme", and there "Light".
    yield Click(652, 557)
    yield Click(847, 525)
    yield Hotkey(("alt", "o"))
    yield Gone("Preferences")


# Judging quits GIMP or exports the picture.
SOLUTIONS = (
    Solution("554785e9-4523-4e7a-b8e1-8016f565f56a", "gui", _vivid_files, _vivid, afresh=True),
    Solution("72f83cdc-bf76-4531-9a1b-eb893a13f8aa", "gui", _mirror_files, _mirrored, afresh=True),
    Solution("7767eef2-56a3-4cea-8c9f-48c070c7d65b", "gui", _theme_files, _theme, afresh=True),
    Solution("77b8ab4d-994f-43ac-8930-8ca087d7c4b4", "gui", _export_files, _export),
    Solution("7a4deb26-d57d-4ea9-9a73-630f66a7b568", "gui", _bright_files, _bright, afresh=True),
    Solution("a746add2-cab0-4740-ac36-c3769d9bfb46", "gui", _vignette_files, _vignette, afresh=True),
    Solution("b148e375-fe0b-4bec-90e7-38632b0d73c2", "gui", _layer_files, _layer, afresh=True),
)
