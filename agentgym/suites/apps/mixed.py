"""Families over two applications."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from agentgym.actions import Hotkey, Press, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps import browser
from agentgym.suites.apps.making import DOCUMENTS, document_has, draw, draw_some, lay, make_task, start, text_is
from agentgym.suites.apps.writer import save_document_as
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

Moves = Generator[RawAction, Observation, None]

_PEOPLE = ("Ines", "Jonas", "Kaja", "Leif", "Mara", "Nils", "Olga", "Piet")
_TOWNS = ("Turin", "Lyon", "Porto", "Ghent", "Gdansk", "Malmo", "Split", "Graz")
_THINGS = ("boots", "gloves", "maps", "ropes", "sails", "stoves")


def _other_window() -> Moves:
    yield Hotkey(("alt", "tab"))


def _make_note_to_document(rng: np.random.Generator) -> Task:
    lines = [
        f"{draw(rng, _PEOPLE)} travels to {town} with {rng.integers(2, 9)} {draw(rng, _THINGS)}."
        for town in draw_some(rng, _TOWNS, 3)
    ]
    note, path = f"{DOCUMENTS}/travels.txt", f"{DOCUMENTS}/travels-{rng.integers(10, 100)}.docx"
    return make_task(
        "note-to-document",
        "Make a document of the note that is open in the text editor: each of its lines is to be a paragraph of the "
        f"empty document that is open in the word processor. Save the document as {path}, in the format of Word.",
        setup=[
            lay(note, "\n".join(lines)),
            start("writer", title="Untitled"),
            start("text editor", note, title="travels.txt"),
        ],
        check=document_has(path, [(line, None) for line in lines]),
        apps=["mousepad", "libreoffice-writer"],
        max_steps=25,
        drawn={"path": path},
    )


def _copy_note(task: Task) -> Moves:
    yield Hotkey(("ctrl", "a"))
    yield from _paste_selection(task)


def _copy_first_line(task: Task) -> Moves:
    yield Hotkey(("ctrl", "home"))
    yield Hotkey(("shift", "end"))
    yield from _paste_selection(task)


def _paste_selection(task: Task) -> Moves:
    yield Hotkey(("ctrl", "c"))
    yield from _other_window()
    yield Hotkey(("ctrl", "v"))
    yield from save_document_as(task.seed_params["path"])


def _make_note_to_form(rng: np.random.Generator) -> Task:
    code = "-".join(str(number) for number in rng.integers(1000, 10000, size=3))
    person = draw(rng, _PEOPLE)
    note = f"{DOCUMENTS}/ticket.txt"
    return make_task(
        "note-to-form",
        f"The ticket's code is in the note that is open in the text editor. Register it for {person} with the form "
        "that is open in the browser.",
        setup=[
            lay(note, code),
            *browser.form("Registration", ["Name", "Code"], "Register"),
            start("text editor", note, title="ticket.txt"),
        ],
        check=text_is(browser.sent, f"Name: {person}\nCode: {code}\n"),
        apps=["mousepad", "chromium"],
        max_steps=25,
        drawn={"person": person},
    )


def _register(task: Task) -> Moves:
    yield from _register_for(task.seed_params["person"])


def _register_nobody(_task: Task) -> Moves:
    yield from _register_for("")


def _register_for(name: str) -> Moves:
    yield Hotkey(("ctrl", "a"))
    yield Hotkey(("ctrl", "c"))
    yield from _other_window()
    yield from browser.fill_form([name])
    yield Hotkey(("ctrl", "v"))
    yield Press("enter")


def _register_without_code(task: Task) -> Moves:
    yield from _other_window()
    yield TypeText(task.seed_params["person"])
    yield Press("enter")


FAMILIES = (
    TaskFamily(
        "note-to-document",
        _make_note_to_document,
        _copy_note,
        {"first line only": _copy_first_line},
        tags=("editor", "writer", "mixed"),
    ),
    TaskFamily(
        "note-to-form",
        _make_note_to_form,
        _register,
        {"no name": _register_nobody, "no code": _register_without_code},
        tags=("editor", "browser", "mixed"),
    ),
)
