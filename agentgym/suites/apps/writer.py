"""Families on the word processor."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from xml.sax.saxutils import escape

import numpy as np

from agentgym.actions import Hotkey, Press, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import CONFIRM, DOCUMENTS, document_has, draw, draw_some, lay, make_task, start
from agentgym.tasks import SetupStep, Task

__all__ = ["FAMILIES", "save_document_as"]

Moves = Generator[RawAction, Observation, None]

_PEOPLE = ("Astrid", "Bruno", "Clara", "Dario", "Elena", "Felix", "Greta", "Henrik")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_ROOMS = ("cellar", "kitchen", "library", "garden", "workshop")
_SENTENCES = (
    "The {} is open until noon.",
    "Please leave the {} as you found it.",
    "Keys to the {} are at the door.",
    "Nobody smokes in the {}.",
    "We have cleaned the {} twice.",
)

# Flat OpenDocument: one XML file that the word processor opens as any other of its documents.
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>{}</office:text></office:body>
</office:document>
"""


def save_document_as(path: str) -> Moves:
    """Saves the open document in the format of the new name's suffix."""
    yield Hotkey(("ctrl", "shift", "s"))
    yield Hotkey(("ctrl", "a"))
    yield TypeText(path)
    yield CONFIRM


def _opened(path: str, paragraphs: Sequence[str]) -> list[SetupStep]:
    body = "".join(f"<text:p>{escape(paragraph)}</text:p>" for paragraph in paragraphs)
    return [lay(path, _DOCUMENT.format(body)), start("writer", path, title=path.rpartition("/")[2])]


def _make_letter(rng: np.random.Generator) -> Task:
    person, day, room = draw(rng, _PEOPLE), draw(rng, _DAYS), draw(rng, _ROOMS)
    path = f"{DOCUMENTS}/letter-{person.lower()}.docx"
    paragraphs = [f"Dear {person},", f"We shall meet in the {room} on {day} at {rng.integers(10, 20)}."]
    return make_task(
        "writer-letter",
        f'Write a letter of two paragraphs into the open empty document: "{paragraphs[0]}" and "{paragraphs[1]}" '
        f"Save it as {path}, in the format of Word.",
        setup=[start("writer", title="Untitled")],
        check=document_has(path, [(paragraph, None) for paragraph in paragraphs]),
        apps=["libreoffice-writer"],
        max_steps=20,
        drawn={"path": path, "paragraphs": paragraphs},
    )


def _write_letter(task: Task) -> Moves:
    yield from _write_and_save(task, "\n")


def _write_one_paragraph(task: Task) -> Moves:
    yield from _write_and_save(task, " ")


def _write_and_save(task: Task, between: str) -> Moves:
    yield TypeText(between.join(task.seed_params["paragraphs"]))
    yield from save_document_as(task.seed_params["path"])


def _save_letter_as_text(task: Task) -> Moves:
    yield TypeText("\n".join(task.seed_params["paragraphs"]))
    yield from save_document_as(task.seed_params["path"].replace(".docx", ".odt"))


def _make_heading(rng: np.random.Generator) -> Task:
    room = draw(rng, _ROOMS)
    title = f"Rules of the {room}"
    rules = [sentence.format(room) for sentence in draw_some(rng, _SENTENCES, 3)]
    path = f"{DOCUMENTS}/{room}.docx"
    return make_task(
        "writer-heading",
        f'Give the first paragraph of the open document, "{title}", the style Heading 1, leave the others as they are, '
        f"and save the document as {path}, in the format of Word.",
        setup=_opened(path.replace(".docx", ".fodt"), [title, *rules]),
        check=document_has(path, [(title, "Heading 1"), *((rule, "Normal") for rule in rules)]),
        apps=["libreoffice-writer"],
        max_steps=20,
        drawn={"path": path},
    )


def _make_title_heading(task: Task) -> Moves:
    yield Hotkey(("ctrl", "1"))
    yield from save_document_as(task.seed_params["path"])


def _make_title_subheading(task: Task) -> Moves:
    yield Hotkey(("ctrl", "2"))
    yield from save_document_as(task.seed_params["path"])


def _make_all_headings(task: Task) -> Moves:
    yield Hotkey(("ctrl", "a"))
    yield from _make_title_heading(task)


def _make_insert(rng: np.random.Generator) -> Task:
    room = draw(rng, _ROOMS)
    *rules, new = [sentence.format(room) for sentence in draw_some(rng, _SENTENCES, 4)]
    path = f"{DOCUMENTS}/rules-{rng.integers(10, 100)}.docx"
    return make_task(
        "writer-insert",
        f'Insert the paragraph "{new}" between the first and the second paragraph of the open document, and save the '
        f"document as {path}, in the format of Word.",
        setup=_opened(path.replace(".docx", ".fodt"), rules),
        check=document_has(path, [(rule, None) for rule in (rules[0], new, *rules[1:])]),
        apps=["libreoffice-writer"],
        max_steps=20,
        drawn={"path": path, "new": new},
    )


def _insert(task: Task) -> Moves:
    yield Press("end")
    yield TypeText(f"\n{task.seed_params['new']}")
    yield from save_document_as(task.seed_params["path"])


def _append(task: Task) -> Moves:
    yield Hotkey(("ctrl", "end"))
    yield TypeText(f"\n{task.seed_params['new']}")
    yield from save_document_as(task.seed_params["path"])


FAMILIES = (
    TaskFamily(
        "writer-letter",
        _make_letter,
        _write_letter,
        {"one paragraph": _write_one_paragraph, "other format": _save_letter_as_text},
        tags=("writer",),
    ),
    TaskFamily(
        "writer-heading",
        _make_heading,
        _make_title_heading,
        {"Heading 2": _make_title_subheading, "all paragraphs": _make_all_headings},
        tags=("writer",),
    ),
    TaskFamily("writer-insert", _make_insert, _insert, {"at the end": _append}, tags=("writer",)),
)
