"""Moves that oracles have in common: what hands do in LibreOffice, in dialogues, in Thunderbird and in a terminal."""

from __future__ import annotations

from agentgym.actions import Hotkey, Press, TypeText
from agentgym.suites.apps.making import patiently
from tests.osworld.solution import Gone, Moves, Seen

__all__ = [
    "AS_DATE",
    "COPY",
    "PASTE",
    "TERMINAL",
    "answer",
    "choose",
    "enter",
    "fill_down",
    "fill_in",
    "from_menu",
    "go_to",
    "in_terminal",
    "mail_folder",
    "new_sheet",
    "replace_all",
]

COPY = Hotkey(("ctrl", "c"))
PASTE = Hotkey(("ctrl", "v"))
TERMINAL = Hotkey(("ctrl", "alt", "t"))
AS_DATE = Hotkey(("ctrl", "shift", "3"))
"""Shows the numbers of the selected cells of Calc as dates."""


def choose(command: str, *, opens: str | None = None) -> Moves:
    """Does a command of LibreOffice by its search for commands, in whichever menu it stands.

    Args:
        command: a part of the command's own name that the first to be found has, as ``Insert Sheet at End``.
        opens: a part of the title of the dialogue that comes of it.
    """
    yield Hotkey(("shift", "escape"))
    yield TypeText(command)
    yield Press("enter")
    if opens is not None:
        yield Seen(opens)


def go_to(cells: str) -> Moves:
    """Selects cells of Calc, as ``B2``, ``B2:E30`` or ``Sheet2.A1``, by the box for names."""
    yield Hotkey(("ctrl", "shift", "t"))
    yield TypeText(f"{cells}\n")


def enter(cell: str, *contents: object) -> Moves:
    """Writes into a cell of Calc and those below it."""
    yield from go_to(cell)
    for content in contents:
        yield TypeText(f"{content}\n")


def fill_in(cells: str, content: str) -> Moves:
    """Writes the same into all of some cells; a formula is that of the first, and goes with the cell."""
    yield from go_to(cells)
    yield TypeText(content)
    yield Hotkey(("alt", "enter"))


def fill_down(cells: str) -> Moves:
    """Copies the first row of some cells into the others."""
    yield from go_to(cells)
    yield Hotkey(("ctrl", "d"))


def new_sheet(name: str) -> Moves:
    """Adds a sheet at the end of the workbook, and shows it."""
    yield from choose("Insert Sheet at End", opens="Append Sheet")
    yield from answer("Append Sheet", f"{name}\n")


def answer(dialogue: str, text: str) -> Moves:
    """Types into a dialogue, which closes at the last Enter."""
    yield TypeText(text)
    yield Gone(dialogue)


def confirm(dialogue: str) -> Moves:
    """Presses the default button of a dialogue that comes."""
    yield Seen(dialogue)
    yield Press("enter")
    yield Gone(dialogue)


def replace_all(old: str, new: str) -> Moves:
    """Replaces a text everywhere in a document, by the dialogue for it."""
    yield Hotkey(("ctrl", "h"))
    yield Seen("Find and Replace")
    yield TypeText(old)
    # The field "Replace", then the button "Replace All".
    yield Hotkey(("alt", "p"))
    yield TypeText(new)
    yield patiently(Hotkey(("alt", "l")))
    yield Press("escape")
    yield Gone("Find and Replace")


def in_terminal(*lines: str) -> Moves:
    """Types lines into the terminal that has the keyboard, and then leaves it, which waits until they are done."""
    yield Seen("Terminal")
    for line in (*lines, "exit"):
        yield TypeText(f"{line}\n")
    yield Gone("Terminal")


def from_menu(letter: str, *letters: str) -> Moves:
    """Goes down a menu by the letters that are underlined, or that the entries begin with."""
    yield Hotkey(("alt", letter))
    # What comes in the same moment as its menu is lost.
    yield from map(TypeText, letters[:-1])
    yield patiently(*map(TypeText, letters[-1:]))


def mail_folder(name: str) -> Moves:
    """Opens one of Thunderbird's local folders."""
    yield Seen("Thunderbird")
    yield from from_menu("g", "o", "l", name[0])
    yield Seen(f"{name} - Local Folders")
