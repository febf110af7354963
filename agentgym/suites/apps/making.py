"""What the families of this suite are made of: setup steps, checks and drawn words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from agentgym.actions import Action, Batch, Press, Wait
from agentgym.backends.x11.environment import COMMANDS
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = [
    "CONFIRM",
    "DOCUMENTS",
    "HOME",
    "csv_text",
    "document_has",
    "draw",
    "draw_some",
    "files_are",
    "lay",
    "listing",
    "make_task",
    "output_is",
    "patiently",
    "start",
    "table_is",
    "text_is",
    "title_is",
    "workbook_has",
]

HOME = "/home/user"
DOCUMENTS = f"{HOME}/Documents"

T = TypeVar("T")


def patiently(*actions: Action) -> Batch:
    """Actions in a dialogue or file manager, and time for what they bring about later.

    GTK shows a button that the keyboard pressed as pressed for a quarter of a second before it acts, and looks at what
    was typed as a file's name a moment after it was typed; the file manager notes 0.2 s late what is selected.
    """
    return Batch((*actions, Wait(0.6)))


CONFIRM = patiently(Press("enter"))
"""Presses the default button of a dialogue."""


def draw(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def draw_some(rng: np.random.Generator, choices: Sequence[T], count: int) -> list[T]:
    """``count`` different ones of the choices."""
    return [choices[int(index)] for index in rng.choice(len(choices), size=count, replace=False)]


def make_task(
    name: str,
    instruction: str,
    *,
    setup: Sequence[SetupStep],
    check: Check | EvaluatorSpec,
    apps: Sequence[str],
    max_steps: int,
    drawn: Mapping[str, Any],
) -> Task:
    """A task of this suite.

    Args:
        check: what must hold in the end.
        drawn: what the scripts of the family need to know, kept as ``Task.seed_params``.
    """
    return Task(
        id=f"apps/{name}",
        instruction=instruction,
        setup=tuple(setup),
        evaluator=check if isinstance(check, EvaluatorSpec) else EvaluatorSpec((check,)),
        related_apps=tuple(apps),
        max_steps=max_steps,
        seed_params=dict(drawn),
    )


def start(application: str, *arguments: str, title: str) -> SetupStep:
    """Starts an application of `COMMANDS`, and waits until a window has ``title`` in its title."""
    return SetupStep("launch", {"command": [*COMMANDS[application], *arguments], "wait_window": title})


def lay(path: str, content: str) -> SetupStep:
    """Lays a text file."""
    return SetupStep("file", {"path": path, "content": content})


def output_is(command: Sequence[str], *texts: str) -> Check:
    """Whether a command writes one of the texts, to the letter."""
    return Check(
        "match_in_list",
        GetterSpec("vm_command_line", {"type": "vm_command_line", "command": list(command)}),
        _rule(list(texts)),
    )


def text_is(path: str, text: str) -> Check:
    """Whether a file holds a text; one newline at the end more or less does not matter."""
    bare = text.removesuffix("\n")
    return output_is(["cat", path], bare, f"{bare}\n")


def table_is(path: str, rows: Sequence[Sequence[object]]) -> Check:
    """Whether a CSV file holds these rows, with or without quotes around texts."""
    return output_is(["cat", path], csv_text(rows), csv_text(rows, quote='"'))


def csv_text(rows: Sequence[Sequence[object]], *, quote: str = "") -> str:
    """Rows as the content of a CSV file.

    Args:
        quote: stands around texts, but not around numbers.
    """
    cells = [[f"{quote}{cell}{quote}" if isinstance(cell, str) else str(cell) for cell in row] for row in rows]
    return "".join(",".join(row) + "\n" for row in cells)


def files_are(folder: str, files: Mapping[str, str]) -> Check:
    """Whether a folder holds these files with these contents, by path inside it, and no others."""
    command = f"cd {folder} && find * -type f -exec sha256sum {{}} + | LC_ALL=C sort"
    return output_is(["sh", "-c", command], listing(files))


def listing(files: Mapping[str, str]) -> str:
    """What ``sha256sum`` writes for files with these contents, by name, sorted."""
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in files.items()]
    return "".join(sorted(lines))


def title_is(title: str) -> Check:
    """Whether some window has this title."""
    return Check(
        "is_in_list",
        GetterSpec("vm_window_titles", {"type": "vm_window_titles"}),
        _rule(title),
    )


def workbook_has(path: str, cells: Mapping[str, Any]) -> Check:
    """Whether the first sheet of a workbook has these values in its cells."""
    rules = [
        {
            "type": "check_cell",
            "sheet_idx": 0,
            "coordinate": cell,
            "props": {"value": {"method": "eq", "ref": value}},
        }
        for cell, value in cells.items()
    ]
    return Check("compare_table", _file(path), options={"rules": rules, "strict": True})


def document_has(path: str, paragraphs: Sequence[tuple[str, str | None]]) -> Check:
    """Whether a .docx file has these paragraphs in this order, each a text and its style (None is any)."""
    return Check("check_docx_paragraphs", _file(path), _rule([list(one) for one in paragraphs]))


def _file(path: str) -> GetterSpec:
    return GetterSpec("vm_file", {"type": "vm_file", "path": path, "dest": path.rpartition("/")[2]})


def _rule(expected: Any) -> GetterSpec:
    return GetterSpec("rule", {"type": "rule", "rules": {"expected": expected}})
