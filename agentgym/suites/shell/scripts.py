"""A broken shell script is to be mended: it is run on inputs that were not shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.shell.programs import PROGRAMS, Program
from agentgym.suites.toolmaking import (
    HOME,
    Calls,
    bash,
    draw,
    draw_level,
    draw_some,
    edit,
    getter,
    lay_all,
    make_task,
    rule,
    tree_is,
    write,
)
from agentgym.tasks import Check, Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "write", "edit", "list", "grep")

_FOLDERS = ("bin", "jobs", "scripts", "tools", "utilities")
_HIDDEN = 4


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    program, folder = draw(rng, PROGRAMS), draw(rng, _FOLDERS)
    faults = draw_some(rng, program.faults, min(level, len(program.faults)))
    text = program.text
    for right, wrong in faults:
        text = text.replace(right, wrong)
    right, wrong = faults[-1]
    partly = program.text.replace(right, wrong)
    example = program.draw(rng)
    hidden = [program.draw(rng) for _ in range(_HIDDEN)]
    shown = {"example.txt": example, "expected.txt": program.reference(example)}
    name = f"{program.name}.sh"
    return make_task(
        "shell/fix-script",
        f"The script ~/{folder}/{name} does not do what the comment at its top says. For example, "
        f"`bash ~/{folder}/{name} ~/{folder}/example.txt` should print what is in ~/{folder}/expected.txt. Mend the "
        "script, so that it is right for any input of that kind. Change no other file, and leave no new one there.",
        setup=lay_all(f"{HOME}/{folder}", {name: text, **shown}),
        checks=[_outputs_are(program, f"{HOME}/{folder}/{name}", hidden), _others_are(f"{HOME}/{folder}", name, shown)],
        tools=TOOLS,
        drawn={
            "level": level,
            "partly": partly,
            "script": f"{folder}/{name}",
            "folder": folder,
            "changes": _changes(program.text, text),
        },
    )


def _changes(right: str, wrong: str) -> list[list[str]]:
    """The lines that are wrong, and as they should be."""
    lines = zip(wrong.splitlines(keepends=True), right.splitlines(keepends=True), strict=True)
    return [[old, new] for old, new in lines if old != new]


def _outputs_are(program: Program, path: str, inputs: list[str]) -> Check:
    result = getter(
        "program_outputs", command=["bash", path, "input.txt"], cases=[{"input.txt": text} for text in inputs]
    )
    return Check("exact_match", result, rule([program.reference(text) for text in inputs]))


def _others_are(folder: str, script: str, files: Mapping[str, str]) -> Check:
    return tree_is(folder, files, skip=[script])


def _solve(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['folder']} && bash ~/{drawn['script']} example.txt | diff - expected.txt")
    for old, new in drawn["changes"]:
        yield edit(f"{HOME}/{drawn['script']}", old, new)
    yield bash(f"cd ~/{drawn['folder']} && bash ~/{drawn['script']} example.txt | diff - expected.txt")


def _print_expected(task: Task) -> Calls:
    drawn = task.seed_params
    yield write(f"{HOME}/{drawn['script']}", f"#!/bin/bash\ncat {HOME}/{drawn['folder']}/expected.txt\n")


def _change_expected(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['folder']} && bash ~/{drawn['script']} example.txt > expected.txt")


def _mend_partly(task: Task) -> Calls:
    """The script as it was, with one fault mended of several."""
    drawn = task.seed_params
    yield write(f"{HOME}/{drawn['script']}", drawn["partly"])


FAMILIES = (
    TaskFamily(
        "fix-script",
        _make,
        _solve,
        {
            "prints what is expected": _print_expected,
            "changed what is expected": _change_expected,
            "one fault left": _mend_partly,
        },
        tags=("shell", "fix"),
    ),
)
