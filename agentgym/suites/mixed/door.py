"""A family on a code that only the screen shows and only a tool takes."""

from __future__ import annotations

import hashlib

import numpy as np

from agentgym.actions import TypeText
from agentgym.families import TaskFamily
from agentgym.suites.apps.making import DOCUMENTS, HOME, text_is
from agentgym.suites.mixed.making import Moves, copy_all, make_task, only_shown
from agentgym.suites.toolmaking import bash, draw, draw_some, lay
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_DOORS = ("attic", "cellar", "garage", "garden", "hall", "stable", "workshop")
_PEOPLE = ("Adela", "Bertil", "Cosima", "Dagny", "Edwin", "Fenna")
# No letters and figures that look alike.
_SIGNS = "ACDEFGHJKLMNPQRTUVWXY34679"
_DOOR = f"{HOME}/door.txt"
# The code cannot be read from it, and there are too many to be tried.
_SCRIPT = """#!/bin/sh
# Opens the {door} door: sh open.sh CODE
if [ "$(printf %s "$1" | sha256sum | cut -c 1-64)" = {digest} ]; then
  echo "{door} open with $1" > {state}
else
  echo "wrong code" >&2
  exit 1
fi
"""
_XCLIP = "xclip -out -selection clipboard"


def _make_door(rng: np.random.Generator) -> Task:
    doors = draw_some(rng, _DOORS, 4)
    codes = {door: _code(rng) for door in doors}
    door = draw(rng, doors)
    lines = "".join(f"{one}: {code}\n" for one, code in codes.items())
    digest = hashlib.sha256(codes[door].encode()).hexdigest()
    return make_task(
        "door",
        f"Open the {door} door: run `sh {HOME}/open.sh CODE` with the tool bash. The code is in the note that is open "
        "in the text editor; it is in no file any more.",
        setup=[
            lay(f"{HOME}/open.sh", _SCRIPT.format(door=door, digest=digest, state=_DOOR)),
            *only_shown(f"{DOCUMENTS}/doors.txt", f"Dear {draw(rng, _PEOPLE)}, these are the codes:\n{lines}"),
        ],
        checks=[text_is(_DOOR, f"{door} open with {codes[door]}")],
        tools=["bash"],
        drawn={"door": door, "other": next(one for one in doors if one != door)},
    )


def _code(rng: np.random.Generator) -> str:
    return "-".join("".join(draw(rng, _SIGNS) for _ in range(4)) for _ in range(3))


def _open(task: Task) -> Moves:
    yield from _open_with(task.seed_params["door"])


def _open_with_other_code(task: Task) -> Moves:
    yield from _open_with(task.seed_params["other"])


def _open_with(door: str) -> Moves:
    yield from copy_all()
    yield bash(f"sh {HOME}/open.sh \"$({_XCLIP} | sed -n 's/^{door}: //p')\"")


def _only_look(_task: Task) -> Moves:
    yield from copy_all()


def _only_try(_task: Task) -> Moves:
    yield bash(f"cat {HOME}/open.sh; sh {HOME}/open.sh AAAA-AAAA-AAAA")


def _pretend(task: Task) -> Moves:
    yield bash(f"echo '{task.seed_params['door']} open with CODE' > {_DOOR}")


def _type_it(task: Task) -> Moves:
    yield TypeText(f"\nsh {HOME}/open.sh {task.seed_params['door']}\n")


FAMILIES = (
    TaskFamily(
        "door",
        _make_door,
        _open,
        {
            "only looked": _only_look,
            "only tried": _only_try,
            "another door's code": _open_with_other_code,
            "pretended": _pretend,
            "typed into the note": _type_it,
        },
        tags=("editor", "bash", "mixed"),
    ),
)
