"""Families on the file manager."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from agentgym.actions import Hotkey, Press, RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import CONFIRM, DOCUMENTS, draw, draw_some, files_are, lay, make_task, patiently, start
from agentgym.tasks import SetupStep, Task

__all__ = ["FAMILIES"]

Moves = Generator[RawAction, Observation, None]

_STEMS = ("alder", "birch", "cedar", "elm", "fir", "hazel", "juniper", "larch", "maple", "oak", "pine", "rowan")
_FOLDERS = ("Archive", "Backup", "Old", "Sent", "Shared")


def _draw_files(rng: np.random.Generator, count: int) -> dict[str, str]:
    """Files in the order in which the file manager shows them."""
    return {f"{stem}.txt": f"{stem} {rng.integers(1000)}\n" for stem in sorted(draw_some(rng, _STEMS, count))}


def _opened(files: dict[str, str]) -> list[SetupStep]:
    laid = [lay(f"{DOCUMENTS}/{name}", content) for name, content in files.items()]
    return [*laid, start("file manager", DOCUMENTS, title="Documents")]


def _select(index: int) -> Moves:
    """Selects the entry at a place of the one row that there is."""
    yield patiently(Press("home"), *[Press("right")] * index)


def _make_rename(rng: np.random.Generator) -> Task:
    files = _draw_files(rng, 4)
    index = int(rng.integers(3))
    old = list(files)[index]
    new = f"{draw(rng, _FOLDERS).lower()}-{rng.integers(10, 100)}.txt"
    return make_task(
        "file-rename",
        f"Rename the file {old} in the folder Documents to {new}.",
        setup=_opened(files),
        check=files_are(DOCUMENTS, {new if name == old else name: text for name, text in files.items()}),
        apps=["pcmanfm"],
        max_steps=15,
        drawn={"index": index, "new": new},
    )


def _rename(task: Task) -> Moves:
    yield from _rename_at(task.seed_params["index"], task.seed_params["new"])


def _rename_neighbour(task: Task) -> Moves:
    yield from _rename_at(task.seed_params["index"] + 1, task.seed_params["new"])


def _rename_badly(task: Task) -> Moves:
    yield from _rename_at(task.seed_params["index"], task.seed_params["new"].removesuffix(".txt"))


def _rename_at(index: int, name: str) -> Moves:
    yield from _select(index)
    yield patiently(Press("f2"))
    yield Hotkey(("ctrl", "a"))
    yield TypeText(name)
    yield CONFIRM


def _make_move(rng: np.random.Generator) -> Task:
    folder = draw(rng, _FOLDERS)
    files = _draw_files(rng, 3)
    index = int(rng.integers(2))
    moved = list(files)[index]
    kept = f"{folder}/kept.txt"
    after = {f"{folder}/{name}" if name == moved else name: text for name, text in files.items()}
    return make_task(
        "file-move",
        f"Move the file {moved} from the folder Documents into the folder {folder} that is in it.",
        setup=_opened({kept: "kept\n", **files}),
        check=files_are(DOCUMENTS, {kept: "kept\n", **after}),
        apps=["pcmanfm"],
        max_steps=20,
        # The folder comes first.
        drawn={"index": index + 1, "folder": folder},
    )


def _move(task: Task) -> Moves:
    yield from _transfer(task, "x", task.seed_params["index"])


def _copy(task: Task) -> Moves:
    yield from _transfer(task, "c", task.seed_params["index"])


def _move_neighbour(task: Task) -> Moves:
    yield from _transfer(task, "x", task.seed_params["index"] + 1)


def _transfer(task: Task, key: str, index: int) -> Moves:
    yield from _select(index)
    yield Hotkey(("ctrl", key))
    yield patiently(Hotkey(("ctrl", "l")))
    yield patiently(TypeText(f"{DOCUMENTS}/{task.seed_params['folder']}\n"))
    yield patiently(Hotkey(("ctrl", "v")))


def _make_delete(rng: np.random.Generator) -> Task:
    files = _draw_files(rng, 5)
    index = int(rng.integers(4))
    doomed = list(files)[index]
    return make_task(
        "file-delete",
        f"Delete the file {doomed} from the folder Documents.",
        setup=_opened(files),
        check=files_are(DOCUMENTS, {name: text for name, text in files.items() if name != doomed}),
        apps=["pcmanfm"],
        max_steps=15,
        drawn={"index": index},
    )


def _delete(task: Task) -> Moves:
    yield from _delete_at(task.seed_params["index"])


def _delete_neighbour(task: Task) -> Moves:
    yield from _delete_at(task.seed_params["index"] + 1)


def _delete_at(index: int) -> Moves:
    yield from _select(index)
    yield patiently(Press("delete"))
    yield CONFIRM


def _make_folder(rng: np.random.Generator) -> Task:
    folder = f"{draw(rng, _FOLDERS)} {rng.integers(10, 100)}"
    files = _draw_files(rng, 3)
    index = int(rng.integers(2))
    copied = list(files)[index]
    return make_task(
        "file-folder",
        f"Create a folder named {folder} in the folder Documents, and put a copy of {copied} into it.",
        setup=_opened(files),
        check=files_are(DOCUMENTS, {**files, f"{folder}/{copied}": files[copied]}),
        apps=["pcmanfm"],
        max_steps=25,
        # The new folder comes first.
        drawn={"index": index + 1, "folder": folder},
    )


def _fill_new_folder(task: Task) -> Moves:
    yield from _create_folder(task)
    yield from _transfer(task, "c", task.seed_params["index"])


def _fill_new_folder_with_neighbour(task: Task) -> Moves:
    yield from _create_folder(task)
    yield from _transfer(task, "c", task.seed_params["index"] + 1)


def _create_folder(task: Task) -> Moves:
    yield patiently(Hotkey(("ctrl", "shift", "n")))
    yield Hotkey(("ctrl", "a"))
    yield TypeText(task.seed_params["folder"])
    yield CONFIRM


FAMILIES = (
    TaskFamily(
        "file-rename",
        _make_rename,
        _rename,
        {"other file": _rename_neighbour, "no suffix": _rename_badly},
        tags=("files", "light"),
    ),
    TaskFamily(
        "file-move", _make_move, _move, {"copied": _copy, "other file": _move_neighbour}, tags=("files", "light")
    ),
    TaskFamily("file-delete", _make_delete, _delete, {"other file": _delete_neighbour}, tags=("files", "light")),
    TaskFamily(
        "file-folder",
        _make_folder,
        _fill_new_folder,
        {"left empty": _create_folder, "other file": _fill_new_folder_with_neighbour},
        tags=("files", "light"),
    ),
)
