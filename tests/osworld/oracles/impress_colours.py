"""Tasks of Impress on colours, chosen from the palettes of its side bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentgym.actions import Click, Hotkey, Press, TypeText
from tests.osworld.makers.decks import Page, Text, deck
from tests.osworld.oracles.impress_texts import write_notes
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]

_COLOURS = (
    "FFFF00",
    "FFBF00",
    "FF8000",
    "FF4000",
    "FF0000",
    "BF0041",
    "800080",
    "55308D",
    "2A6099",
    "158466",
    "00A933",
)
"""The second row of LibreOffice's palette, from yellow to green."""
_YELLOW, _ORANGE, _RED, _PURPLE, _GREEN = (_COLOURS[place] for place in (0, 2, 4, 6, 10))
_CELL = 16
"""Pixels from one colour of a palette to the next."""
_HEAD = Text("Harbour Towns", 40, align="center")


def _paint_slide(colour: str) -> Moves:
    yield Click(1750, 298)
    yield Click(1664 + _CELL * _COLOURS.index(colour), 381)
    # Back from the side bar to the foot of the slide, where nothing stands.
    yield Click(960, 1000)


def _paint_text(colour: str) -> Moves:
    yield Click(1595, 283)
    yield Click(1564 + _CELL * _COLOURS.index(colour), 399)


def _green_files() -> Mapping[str, bytes]:
    first, second = Page(_HEAD), Page(_HEAD, Text("Old ports\nNew quays"))
    return {"214_9.pptx": deck(first, second), "214_9_Gold.pptx": deck(replace(first, background=_GREEN), second)}


def _green() -> Moves:
    yield from _paint_slide(_GREEN)


def _purple_files() -> Mapping[str, bytes]:
    page = Page(_HEAD)
    return {"181_2.pptx": deck(page), "181_2_Gold.pptx": deck(replace(page, background=_PURPLE, notes="APP"))}


def _purple() -> Moves:
    yield from _paint_slide(_PURPLE)
    yield from write_notes("APP")


def _yellow_files() -> Mapping[str, bytes]:
    covers = [Page(replace(_HEAD, words=words)) for words in ("Cover", "Maps", "Ships", "Tides")]
    before, after = (
        Page(replace(_HEAD, colour=colour), Text("Low water\nHigh water", colour=colour))
        for colour in ("000000", _YELLOW)
    )
    gold = deck(*covers, after)
    return {"1_2.pptx": deck(*covers, before), "1_2_Gold.pptx": gold, "1_2_Gold_all_fonts.pptx": gold}


def _yellow() -> Moves:
    yield Press("pagedown", 4)
    yield Hotkey(("ctrl", "a"))
    yield from _paint_text(_YELLOW)


def _small_files() -> Mapping[str, bytes]:
    page = Page(_HEAD, Text("Piers\nCranes\nSheds"))
    after = replace(page, content=Text("Piers\nCranes\nSheds", 12, colour=_ORANGE), background=_RED)
    return {"16_2.pptx": deck(page), "16_2_Gold.pptx": deck(after)}


def _small() -> Moves:
    yield from _paint_slide(_RED)
    yield Press("tab", 2)
    yield from _paint_text(_ORANGE)
    yield Click(1835, 192, clicks=3)
    yield TypeText("12\n")


def _titles_files() -> Mapping[str, bytes]:
    pages = [Page(replace(_HEAD, words=words, colour="2A6099")) for words in ("Cover", "Bay", "Reef", "Cape", "Strait")]
    black = [
        replace(page, title=replace(_HEAD, words=page.title.words, underline=True))
        if page.title and page.title.words in ("Bay", "Reef", "Strait")
        else page
        for page in pages
    ]
    gold = deck(*black)
    return {"4_1.pptx": deck(*pages), "4_1_Gold.pptx": gold, "4_1_Gold_all_fonts.pptx": gold}


def _titles() -> Moves:
    for pages in (1, 1, 2):
        yield Press("pagedown", pages)
        yield Press("tab")
        yield Hotkey(("ctrl", "u"))
        # The first of the palette's first row.
        yield Click(1595, 283)
        yield Click(1564, 383)
        yield Press("esc")


SOLUTIONS = (
    Solution("4ed5abd0-8b5d-47bd-839f-cacfa15ca37a", "gui", _titles_files, _titles),
    Solution("57667013-ea97-417c-9dce-2713091e6e2a", "gui", _yellow_files, _yellow),
    Solution("841b50aa-df53-47bd-a73a-22d3a9f73160", "gui", _purple_files, _purple),
    Solution("9cf05d24-6bd9-4dae-8967-f67d88f5d38a", "gui", _green_files, _green),
    Solution("a434992a-89df-4577-925c-0c58b747f0f4", "gui", _small_files, _small),
)
