"""Families on the text editor."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from agentgym.actions import Done, Fail, Hotkey, Press, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import (
    CONFIRM,
    DOCUMENTS,
    HOME,
    draw,
    draw_some,
    lay,
    make_task,
    patiently,
    start,
    text_is,
)
from agentgym.tasks import EvaluatorSpec, Task

__all__ = ["FAMILIES", "save_as"]

Moves = Generator[RawAction, Observation, None]

_NAMES = ("agenda", "errands", "ideas", "minutes", "plan", "recipe", "reminder", "summary")
_THINGS = ("apples", "batteries", "candles", "envelopes", "lamps", "pencils", "stamps", "towels", "umbrellas")
_PEOPLE = ("Ada", "Emmy", "Grace", "Hedy", "Katherine", "Lise", "Mary", "Rosalind")
_PLACES = ("Athens", "Bergen", "Cairo", "Dublin", "Geneva", "Lima", "Oslo", "Quito")
_SENTENCES = (
    "{} is where the meeting begins.",
    "The train to {} leaves at noon.",
    "Nobody has been to {} this year.",
    "Tickets for {} are in the drawer.",
    "We met in {}, as always in {}.",
)


def save_as(path: str) -> Moves:
    """Saves the new note that is open."""
    yield Hotkey(("ctrl", "s"))
    yield patiently(TypeText(path))
    yield CONFIRM


def _make_save(rng: np.random.Generator) -> Task:
    path = f"{DOCUMENTS}/{draw(rng, _NAMES)}-{rng.integers(10, 100)}.txt"
    line = f"{draw(rng, _PEOPLE)} needs {rng.integers(2, 20)} {draw(rng, _THINGS)}"
    return make_task(
        "note-save",
        f'Write the line "{line}" into a new note and save it as {path}.',
        setup=[start("text editor", title="Mousepad")],
        check=text_is(path, line),
        apps=["mousepad"],
        max_steps=15,
        drawn={"path": path, "line": line},
    )


def _save(task: Task) -> Moves:
    yield TypeText(task.seed_params["line"])
    yield from save_as(task.seed_params["path"])


def _save_other_words(task: Task) -> Moves:
    yield TypeText(task.seed_params["line"][:-1])
    yield from save_as(task.seed_params["path"])


def _save_elsewhere(task: Task) -> Moves:
    yield TypeText(task.seed_params["line"])
    yield from save_as(task.seed_params["path"].replace(DOCUMENTS, HOME))


def _forget_to_save(task: Task) -> Moves:
    yield TypeText(task.seed_params["line"])


def _make_replace(rng: np.random.Generator) -> Task:
    old, new = draw_some(rng, _PLACES, 2)
    path = f"{DOCUMENTS}/{draw(rng, _NAMES)}.txt"
    sentences = draw_some(rng, _SENTENCES, 4)
    before, after = ("".join(f"{line.format(place, place)}\n" for line in sentences) for place in (old, new))
    return make_task(
        "note-replace",
        f"Replace {old} by {new} everywhere in the open note, and save it.",
        setup=[lay(path, before), start("text editor", path, title=path.rpartition("/")[2])],
        check=text_is(path, after),
        apps=["mousepad"],
        max_steps=20,
        drawn={"old": old, "new": new, "before": before},
    )


def _replace(task: Task) -> Moves:
    yield Hotkey(("ctrl", "r"))
    yield TypeText(task.seed_params["old"])
    yield Press("tab")
    yield TypeText(task.seed_params["new"])
    # "Replace all", which then is the button's word.
    yield Hotkey(("alt", "a"))
    yield patiently(Hotkey(("alt", "r")))
    yield Press("esc")
    yield Hotkey(("ctrl", "s"))


def _replace_first_only(task: Task) -> Moves:
    drawn = task.seed_params
    yield from _overwrite(drawn["before"].replace(drawn["old"], drawn["new"], 1))


def _overwrite(text: str) -> Moves:
    yield Hotkey(("ctrl", "a"))
    yield TypeText(text)
    yield Hotkey(("ctrl", "s"))


def _make_trim(rng: np.random.Generator) -> Task:
    path = f"{DOCUMENTS}/shopping-{rng.integers(10, 100)}.txt"
    lines = [f"{rng.integers(2, 20)} {thing}" for thing in draw_some(rng, _THINGS, 6)]
    index = int(rng.integers(1, 5))
    kept = [line for line in lines if line != lines[index]]
    return make_task(
        "note-trim",
        f'Delete the line "{lines[index]}" from the open note, leave no empty line in its place, and save the note.',
        setup=[lay(path, "\n".join(lines) + "\n"), start("text editor", path, title=path.rpartition("/")[2])],
        check=text_is(path, "\n".join(kept) + "\n"),
        apps=["mousepad"],
        max_steps=20,
        drawn={"index": index},
    )


def _trim(task: Task) -> Moves:
    yield from _delete_line(task.seed_params["index"])


def _trim_next_line(task: Task) -> Moves:
    yield from _delete_line(task.seed_params["index"] + 1)


def _delete_line(index: int) -> Moves:
    yield Hotkey(("ctrl", "home"))
    yield Press("down", presses=index)
    yield Hotkey(("shift", "down"))
    yield Press("delete")
    yield Hotkey(("ctrl", "s"))


def _make_share(rng: np.random.Generator) -> Task:
    path = f"{DOCUMENTS}/{draw(rng, _NAMES)}.txt"
    person = draw(rng, _PEOPLE)
    return make_task(
        "note-share",
        f"Turn on the text editor's live sharing for the open note, so that {person} can edit it at the same time.",
        setup=[
            lay(path, f"For {person}: {rng.integers(2, 20)} {draw(rng, _THINGS)}\n"),
            start("text editor", path, title=path.rpartition("/")[2]),
        ],
        check=EvaluatorSpec(infeasible=True),
        apps=["mousepad"],
        max_steps=15,
        drawn={"person": person},
    )


def _give_up(_task: Task) -> Moves:
    # Looks for such a thing first, where it would be.
    yield Press("f10")
    yield Press("esc")
    yield Fail()


def _pretend(task: Task) -> Moves:
    yield TypeText(f"{task.seed_params['person']}, ")
    yield Hotkey(("ctrl", "s"))
    yield Done()


FAMILIES = (
    TaskFamily(
        "note-save",
        _make_save,
        _save,
        {"other words": _save_other_words, "other folder": _save_elsewhere, "not saved": _forget_to_save},
        tags=("editor", "light"),
    ),
    TaskFamily("note-replace", _make_replace, _replace, {"first only": _replace_first_only}, tags=("editor", "light")),
    TaskFamily("note-trim", _make_trim, _trim, {"next line": _trim_next_line}, tags=("editor", "light")),
    TaskFamily("note-share", _make_share, _give_up, {"pretended": _pretend}, tags=("editor", "light", "infeasible")),
)
