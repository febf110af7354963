"""Files are to be renamed and moved by a rule."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.toolmaking import HOME, Calls, bash, draw, draw_level, draw_some, lay_all, make_task, tree_is
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "write", "list")

_ROOTS = ("camera", "dump", "incoming", "inbox", "scans", "upload")
_STEMS = ("Beach", "Bridge", "Castle", "Harbour", "Lake", "Market", "Museum", "Station", "Tower", "Valley")
_SECONDS = ("at Night", "from Above", "in Rain", "in Winter", "Old", "Panorama")
_SUFFIXES = ((".JPG", ".jpg"), (".jpeg", ".jpg"), (".TXT", ".txt"), (".markdown", ".md"))
_BLANKS = ("-", "_")


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    root, blank, (before, after) = draw(rng, _ROOTS), draw(rng, _BLANKS), draw(rng, _SUFFIXES)
    files = _draw_files(rng, 5 + 4 * level, before)
    order = ("year", "month", "day")[:level]
    sorted_in = bool(rng.integers(2))
    rules = [
        f"In every name, replace each blank by {blank!r} and write all letters in lower case.",
        f"Let the names that end in {before} end in {after} instead; other endings stay, in lower case.",
        _where(order) if sorted_in else "All files stay directly in the folder.",
    ]
    drawn = {
        "level": level,
        "root": root,
        "blank": blank,
        "before": before.lower(),
        "after": after,
        "depth": level if sorted_in else 0,
    }
    moved = {_target(name, drawn): text for name, text in files.items()}
    return make_task(
        "shell/rename-files",
        f"The names of the files in ~/{root} all begin with a date (year, month, day). Rename them so:\n"
        + "".join(f"- {one}\n" for one in rules)
        + "Change no file's content, and leave nothing else in that folder.",
        setup=lay_all(f"{HOME}/{root}", files),
        checks=[tree_is(f"{HOME}/{root}", moved)],
        tools=TOOLS,
        drawn=drawn,
    )


def _where(order: tuple[str, ...]) -> str:
    folders = "/".join({"year": "2024", "month": "03", "day": "09"}[part] for part in order)
    named = " and then ".join(order)
    return (
        f"Move each into a folder named after the {named} of its date, each with all its digits, one in the other: a "
        f"file of 2024-03-09 goes into the folder {folders}. The name keeps its date."
    )


def _draw_files(rng: np.random.Generator, count: int, suffix: str) -> dict[str, str]:
    files: dict[str, str] = {}
    for stem in draw_some(rng, [f"{one} {other}" for one in _STEMS for other in _SECONDS], count):
        date = f"{rng.integers(2021, 2025)}-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}"
        ending = draw(rng, (suffix, suffix, ".Pdf"))
        files[f"{date} {stem}{ending}"] = f"{stem} {rng.integers(10_000)}\n"
    return files


def _target(name: str, drawn: Mapping[str, object]) -> str:
    new = name.replace(" ", str(drawn["blank"])).lower()
    if new.endswith(str(drawn["before"])):
        new = new.removesuffix(str(drawn["before"])) + str(drawn["after"])
    folders = name.partition(" ")[0].split("-")[: int(str(drawn["depth"]))]
    return "/".join([*folders, new])


_RENAME = """cd ~/{root} && for one in *; do
  new=$(printf %s "$one" | tr ' A-Z' '{blank}a-z')
  case $new in *{before}) new="${{new%{before}}}{after}" ;; esac
  folder=$(printf %s "$one" | cut -d ' ' -f 1 | cut -d - -f {fields} | tr - /)
  {move}
done"""


def _renaming(task: Task, move: str) -> str:
    drawn = task.seed_params
    fields = f"1-{max(1, drawn['depth'])}"
    return _RENAME.format(
        root=drawn["root"],
        blank=drawn["blank"],
        before=drawn["before"],
        after=drawn["after"],
        fields=fields,
        move=move,
    )


def _solve(task: Task) -> Calls:
    yield bash(f"ls ~/{task.seed_params['root']}")
    nested = 'mkdir -p "$folder" && mv -- "$one" "$folder/$new"'
    yield bash(_renaming(task, nested if task.seed_params["depth"] else 'mv -- "$one" "$new"'))


def _copy(task: Task) -> Calls:
    nested = 'mkdir -p "$folder" && cp -- "$one" "$folder/$new"'
    yield bash(_renaming(task, nested if task.seed_params["depth"] else 'cp -- "$one" "$new"'))


def _keep_case(task: Task) -> Calls:
    nested = 'mkdir -p "$folder" && mv -- "$one" "$folder/$new"'
    command = _renaming(task, nested if task.seed_params["depth"] else 'mv -- "$one" "$new"')
    yield bash(command.replace("A-Z'", "'").replace("a-z'", "'"))


def _empty(task: Task) -> Calls:
    nested = 'mkdir -p "$folder" && rm -- "$one" && touch "$folder/$new"'
    yield bash(_renaming(task, nested if task.seed_params["depth"] else 'rm -- "$one" && touch "$new"'))


FAMILIES = (
    TaskFamily(
        "rename-files",
        _make,
        _solve,
        {"copied": _copy, "upper case kept": _keep_case, "contents lost": _empty},
        tags=("shell", "transform"),
    ),
)
