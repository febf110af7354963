"""Tasks of Impress on the text of slides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agentgym.actions import Click, Hotkey, Press, TypeText
from tests.osworld.makers.decks import Box, Page, Text, deck
from tests.osworld.moves import choose
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]

_ALL = Hotkey(("ctrl", "a"))
_ESCAPE, _NEXT_SHAPE, _NEXT_SLIDE, _EDIT = Press("esc"), Press("tab"), Press("pagedown"), Press("f2")

_OF_TITLES, _OF_CONTENTS = Text("", 44, "Calibri"), Text("", 32, "Calibri", bullet="•")
"""What the layouts give to text in what was empty."""
_HEAD = Text("Reading Habits", 40, align="center")


def _boxed(*places: str, align: str = "left") -> Page:
    """A slide with boxes of text, one below the other."""
    boxes = [Box(Text(words), (2, 2 + 4 * row, 20, 2)) for row, words in enumerate(places)]
    return Page(shapes=boxes)


def _styled(page: Page, **changes: object) -> Page:
    """A slide whose first box has its text changed."""
    first, *others = page.shapes
    assert isinstance(first, Box)
    return replace(page, shapes=[replace(first, text=replace(first.text, **changes)), *others])  # type: ignore[arg-type]  # by name


def _aligned_files() -> Mapping[str, bytes]:
    covers = [Page(replace(_HEAD, words=words)) for words in ("Cover", "Contents")]
    third, fourth = _boxed("Rivers", "run east"), _boxed("Lakes", "freeze late")
    fifth = _styled(_boxed("Seas", "are cold"), align="right")
    right = [_styled(third, align="right"), _styled(fourth, align="center"), _styled(fifth, align="left")]
    gold = deck(*covers, *right)
    return {
        "38_1.pptx": deck(*covers, third, fourth, fifth),
        "38_1_Gold.pptx": gold,
        "38_1_Gold_all_fonts.pptx": gold,
    }


def _aligned() -> Moves:
    yield _NEXT_SLIDE
    for letter in "rel":
        yield _NEXT_SLIDE
        yield _NEXT_SHAPE
        yield Hotkey(("ctrl", letter))
        yield _ESCAPE


def _titled_files() -> Mapping[str, bytes]:
    first, second = Page(_HEAD), Page(replace(_HEAD, words=""), Text("Bring a book each"))
    note = replace(_OF_TITLES, words="Note", align="right")
    gold = deck(first, replace(second, title=note))
    return {"22_6.pptx": deck(first, second), "22_6_Gold.pptx": gold, "22_6_Gold2.pptx": gold}


def _titled() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield _EDIT
    yield TypeText("Note")
    yield Hotkey(("ctrl", "r"))
    yield _ESCAPE


def _content_files() -> Mapping[str, bytes]:
    first, second = Page(_HEAD), Page(_HEAD, Text(""))
    return {
        "109_4.pptx": deck(first, second),
        "109_4_Gold.pptx": deck(first, replace(second, content=replace(_OF_CONTENTS, words="Page 1"))),
    }


def _content() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield _NEXT_SHAPE
    yield _EDIT
    yield TypeText("Page 1")
    yield _ESCAPE


def _struck_files() -> Mapping[str, bytes]:
    page = Page(_HEAD, Text("Book the field\nBuy two balls\nCall the parents\nPrint the plan"))
    gold = deck(replace(page, content=replace(page.content or _HEAD, struck=2)))
    return {
        "New_Club_Spring_2018_Training.data": deck(page),
        "New_Club_Spring_2018_Training_with_strike.data": gold,
        "New_Club_Spring_2018_Training_Gold_all_fonts_1.pptx": gold,
    }


def _struck() -> Moves:
    # From the list of slides, where the task has clicked, to the foot of the slide.
    yield Click(960, 1000)
    yield _NEXT_SHAPE
    yield _NEXT_SHAPE
    yield _EDIT
    yield Hotkey(("ctrl", "home"))
    yield Hotkey(("shift", "down"))
    yield Hotkey(("shift", "end"))
    yield from choose("Strikethrough")
    yield _ESCAPE


def _last_files() -> Mapping[str, bytes]:
    first, last = Page(_HEAD), Page(_HEAD, Text("Thank you\nfor coming"))
    return {"24_8.pptx": deck(first, last), "24_8_Gold.pptx": deck(first, _in_font(last, "Times New Roman"))}


def _in_font(page: Page, font: str) -> Page:
    title, content = (None if text is None else replace(text, font=font) for text in (page.title, page.content))
    return replace(page, title=title, content=content)


def _last() -> Moves:
    yield _NEXT_SLIDE
    yield _ALL
    yield from _choose_font("Times New Roman")


def _choose_font(name: str) -> Moves:
    """Writes into the box for fonts in the side bar."""
    yield Click(1650, 192, clicks=3)
    yield TypeText(f"{name}\n")


def _family_files() -> Mapping[str, bytes]:
    page = Page(replace(_HEAD, words=""))
    return {
        "9_1.pptx": deck(page, Page(_HEAD)),
        "9_1_Gold.pptx": deck(
            Page(replace(_OF_TITLES, words="Happy Family", font="Microsoft JhengHei", align="center")), Page(_HEAD)
        ),
    }


def _family() -> Moves:
    yield _NEXT_SHAPE
    yield _EDIT
    yield TypeText("Happy Family")
    yield _ALL
    yield from _choose_font("Microsoft JhengHei")
    yield _ESCAPE


def _noted_files() -> Mapping[str, bytes]:
    first, second = Page(_HEAD), Page(replace(_HEAD, words="Winter Birds"), Text("They stay"))
    bold = replace(_HEAD, words="Winter Birds", bold=True)
    return {
        "164_3.pptx": deck(first, second),
        "164_3_Gold.pptx": deck(first, replace(second, title=bold, notes="Winter Birds")),
    }


def _noted() -> Moves:
    yield _NEXT_SLIDE
    yield _NEXT_SHAPE
    yield Hotkey(("ctrl", "b"))
    yield _ESCAPE
    yield from write_notes("Winter Birds")


def write_notes(words: str) -> Moves:
    """Writes the notes of the slide that is shown, and shows the slide again."""
    yield from choose("Notes")
    yield _NEXT_SHAPE
    yield _NEXT_SHAPE
    yield _EDIT
    yield TypeText(words)
    yield _ESCAPE
    yield _ESCAPE


SOLUTIONS = (
    Solution("05dd4c1d-c489-4c85-8389-a7836c4f0567", "gui", _aligned_files, _aligned),
    Solution("08aced46-45a2-48d7-993b-ed3fb5b32302", "gui", _titled_files, _titled),
    Solution("550ce7e7-747b-495f-b122-acdc4d0b8e54", "gui", _struck_files, _struck),
    Solution("73c99fb9-f828-43ce-b87a-01dc07faa224", "gui", _content_files, _content),
    Solution("7dbc52a6-11e0-4c9a-a2cb-1e36cfda80d8", "gui", _noted_files, _noted),
    Solution("af2d657a-e6b3-4c6a-9f67-9e3ed015974c", "gui", _family_files, _family),
    Solution("edb61b14-a854-4bf5-a075-c8075c11293a", "gui", _last_files, _last),
)
