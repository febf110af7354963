"""Tasks of Writer on looks: fonts, spacing, alignment; and on what is put into a text: tables, fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

from docx.document import Document
from docx.shared import RGBColor

from agentgym.actions import Click, Hotkey, Press, TypeText
from agentgym.suites.apps.making import patiently
from tests.osworld.makers.documents import document, odt
from tests.osworld.moves import answer, choose
from tests.osworld.solution import Gone, Moves, Seen, Solution, Written

__all__ = ["SOLUTIONS"]

_TOP = Hotkey(("ctrl", "home"))
_ALL = Hotkey(("ctrl", "a"))

_NOVEL = ("Novels are long.", "They are read by the fire.", "Some are never finished.")


def _spacing_files() -> Mapping[str, bytes]:
    def spaced(*lines: float) -> bytes:
        def space(made: Document) -> None:
            for paragraph, spacing in zip(made.paragraphs, lines, strict=True):
                paragraph.paragraph_format.line_spacing = spacing

        return document(_NOVEL, then=space)

    return {
        "Novels_Intro_Packet.docx": spaced(1.5, 1.5, 1.5),
        "Novels_Intro_Packet_Gold.docx": spaced(2.0, 2.0, 1.5),
        # What another way of counting paragraphs gives.
        "Novels_Intro_Packet_Gold_2.docx": spaced(1.5, 2.0, 2.0),
    }


def _spacing() -> Moves:
    yield _TOP
    yield Hotkey(("shift", "down"))
    yield from choose("Line Spacing: 2")


def _water_files() -> Mapping[str, bytes]:
    texts = ("H2O is what water is made of.", "It is all that fish know.")

    def lower(made: Document) -> None:
        first = made.paragraphs[0]
        first.text = "H"
        first.add_run("2").font.subscript = True
        first.add_run("O is what water is made of.")

    return {"H2O_Factsheet_WA.docx": document(texts), "H2O_Factsheet_WA_Gold.docx": document(texts, then=lower)}


def _water() -> Moves:
    yield _TOP
    yield Press("right")
    yield Hotkey(("shift", "right"))
    yield Hotkey(("ctrl", "shift", "b"))


def _font_files() -> Mapping[str, bytes]:
    def set_font(made: Document) -> None:
        for paragraph in made.paragraphs:
            paragraph.runs[0].font.name = "Carlito"

    texts = ("Dublin Zoo is in Phoenix Park.", "It opened in 1831.")
    return {"Dublin_Zoo_Intro.docx": document(texts, then=set_font)}


def _font() -> Moves:
    yield _ALL
    yield from choose("Character", opens="Character")
    # From the name of the page to its first field.
    yield from answer("Character", "\tTimes New Roman\n")


def _centre_files() -> Mapping[str, bytes]:
    return {"Constitution_Template_With_Guidelines.docx": document(["Constitution", "Article 1", "The club exists."])}


def _centre() -> Moves:
    yield _TOP
    yield Hotkey(("ctrl", "e"))


_EFFORT = ("Table of work effort", "Fill in the hours below:", "")


def _table_files() -> Mapping[str, bytes]:
    def add(made: Document) -> None:
        made.add_table(rows=5, cols=7)

    return {
        "Table_Of_Work_Effort_Instructions.docx": document(_EFFORT),
        "Table_Of_Work_Effort_Instructions_Gold.docx": document(_EFFORT, then=add),
    }


def _table() -> Moves:
    yield Hotkey(("ctrl", "f12"))
    yield Seen("Insert Table")
    # From the name to columns and rows.
    yield from answer("Insert Table", "\t7\t5\n")


_SCRIPT = ("Hello, this is ", "Ms Marsh", " of the ", "university", ".")


def _highlight_files() -> Mapping[str, bytes]:
    name = "sample-recruitment-phone-script"
    return {f"{name}.odt": odt(_SCRIPT, highlighted=(1, 3)), f"{name}_Gold.odt": odt(_SCRIPT)}


def _highlight() -> Moves:
    yield _ALL
    # Clears all direct formatting.
    yield Hotkey(("ctrl", "m"))


def _default_font_files() -> Mapping[str, bytes]:
    return {"loa-one-time-submission-sealand.docx": document(["Letter of authority", "To whom it may concern"])}


def _default_font() -> Moves:
    yield Hotkey(("alt", "f12"))
    yield Seen("Options")
    # The tree of pages: at its end is Internet, the fifth from there Writer, and in it the fifth page is of fonts.
    yield Press("end")
    yield Press("up", presses=4)
    yield Press("right")
    yield Press("down", presses=5)
    yield Seen("Basic Fonts (Western)")
    yield from answer("Options", "\tTimes New Roman\n")
    yield Written("/home/user/.config/libreoffice/4/user/registrymodifications.xcu", "Times New Roman")


def _page_number_files() -> Mapping[str, bytes]:
    name = "LibreOffice_Open_Source_Word_Processing"
    return {f"{name}.docx": document(["LibreOffice is an office suite.", "Writer is its word processor."])}


def _page_number() -> Moves:
    # The menu Insert; from its end Header and Footer, in that Footer, in that the style of the page.
    yield Hotkey(("alt", "i"))
    yield Press("up", presses=3)
    yield Press("right")
    yield Press("down")
    yield Press("right")
    yield Press("enter")
    yield from choose("Page Number")


_WORDS = (("all", "am", "blue"), ("eat", "must", "our"))
_VOWEL, _OTHER = r"\b[aeiou]\w*", r"\b[b-df-hj-np-tv-z]\w*"


def _coloured_files() -> Mapping[str, bytes]:
    def tabulate(colours: Mapping[bool, RGBColor]) -> Callable[[Document], None]:
        def add(made: Document) -> None:
            table = made.add_table(rows=2, cols=3)
            for cell, word in zip(table._cells, chain(*_WORDS), strict=True):
                run = cell.paragraphs[0].add_run(word)
                if colours:
                    run.font.color.rgb = colours[word[0] in "aeiou"]

        return add

    title = ["Primer"]
    red_or_blue = {True: RGBColor(255, 0, 0), False: RGBColor(0, 0, 255)}
    return {
        "Dolch_Sight_Words_Primer.docx": document(title, then=tabulate({})),
        "Dolch_Sight_Words_Primer_Gold.docx": document(title, then=tabulate(red_or_blue)),
    }


def _coloured() -> Moves:
    yield Hotkey(("ctrl", "h"))
    yield Seen("Find and Replace")
    # Searches for regular expressions from now on.
    yield Hotkey(("alt", "g"))
    yield Press("escape")
    yield Gone("Find and Replace")
    for words, colour in ((_VOWEL, "255\t0\t0\n"), (_OTHER, "0\t0\t255\n")):
        # With nothing selected, lest only that be searched.
        yield _TOP
        yield Hotkey(("ctrl", "h"))
        yield Seen("Find and Replace")
        yield TypeText(words)
        yield patiently(Hotkey(("alt", "a")))
        yield Press("escape")
        yield Gone("Find and Replace")
        # The arrow beside the font's colour in the tool bar, and what it opens, to its end: Custom Color.
        yield Click(892, 103)
        yield Click(946, 425)
        yield Seen("Pick a Color")
        yield from answer("Pick a Color", colour)


SOLUTIONS = (
    Solution("0810415c-bde4-4443-9047-d5f70165a697", "gui", _spacing_files, _spacing),
    Solution("0b17a146-2934-46c7-8727-73ff6b6483e8", "gui", _water_files, _water),
    Solution("0e763496-b6bb-4508-a427-fad0b6c3e195", "gui", _font_files, _font),
    Solution("3ef2b351-8a84-4ff2-8724-d86eae9b842e", "gui", _centre_files, _centre),
    Solution("0e47de2a-32e0-456c-a366-8c607ef7a9d2", "gui", _page_number_files, _page_number),
    Solution("66399b0d-8fda-4618-95c4-bfc6191617e9", "gui", _table_files, _table),
    Solution("6a33f9b9-0a56-4844-9c3f-96ec3ffb3ba2", "gui", _highlight_files, _highlight),
    Solution("8472fece-c7dd-4241-8d65-9b3cd1a0b568", "gui", _coloured_files, _coloured),
    Solution("f178a4a9-d090-4b56-bc4c-4b72a61a035d", "gui", _default_font_files, _default_font),
)
