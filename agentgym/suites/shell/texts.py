"""A word is to be replaced in many files, but not in all."""

from __future__ import annotations

import re

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.toolmaking import HOME, Calls, bash, draw, draw_level, draw_some, lay_all, make_task, tree_is
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "write", "edit", "list", "grep")

_ROOTS = ("deploy", "etc", "services", "settings", "stack")
_SERVICES = ("billing", "cache", "gateway", "mailer", "queue", "search", "storage", "web")
_HOSTS = ("db", "mail", "node", "proxy", "store")
_KEYS = ("backup", "host", "mirror", "primary", "replica", "upstream")
_SUFFIXES = (".conf", ".env", ".ini", ".yaml")


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    root, suffix = draw(rng, _ROOTS), draw(rng, _SUFFIXES)
    old = f"{draw(rng, _HOSTS)}{rng.integers(1, 9)}.lan"
    new = f"{draw(rng, _HOSTS)}{rng.integers(10, 99)}.example.org"
    spare_comments = level >= 2
    files = _draw_files(rng, 4 + 4 * level, old, suffix)
    changed = {
        name: _replaced(text, old, new, spare_comments) if name.endswith(suffix) else text
        for name, text in files.items()
    }
    comments = " Lines that begin with # are comments: leave them as they are." if spare_comments else ""
    return make_task(
        "shell/replace-text",
        f"The host {old} is now called {new}. Replace the name in every file below ~/{root} whose name ends in "
        f"{suffix}, wherever it stands for that host: not as a part of a longer name, such as x{old} or "
        f"{old}.backup, and not where the dot is another character.{comments} Leave all other files as they are.",
        setup=lay_all(f"{HOME}/{root}", files),
        checks=[tree_is(f"{HOME}/{root}", changed)],
        tools=TOOLS,
        drawn={"level": level, "root": root, "suffix": suffix, "old": old, "new": new, "comments": spare_comments},
    )


def _pattern(old: str) -> str:
    return rf"(?<![\w.-]){re.escape(old)}(?![\w.-])"


def _replaced(text: str, old: str, new: str, spare_comments: bool) -> str:
    return "".join(
        line if spare_comments and line.startswith("#") else re.sub(_pattern(old), new, line)
        for line in text.splitlines(keepends=True)
    )


def _draw_files(rng: np.random.Generator, count: int, old: str, suffix: str) -> dict[str, str]:
    lookalikes = [f"x{old}", f"{old}.backup", old.replace(".", "-"), f"my-{old}", f"{old}2"]
    files: dict[str, str] = {}
    for number in range(count):
        ending = draw(rng, (suffix, suffix, f"{suffix}.bak", ".txt"))
        folders = draw_some(rng, _SERVICES, int(rng.integers(0, 3)))
        lines = [_draw_line(rng, old, lookalikes) for _ in range(int(rng.integers(4, 14)))]
        name = "/".join([*folders, f"{draw(rng, _SERVICES)}-{number}{ending}"])
        files[name] = "".join(lines)
    files[f"main{suffix}"] = f"primary = {old}\n# was {old} before, too\nmirror = {draw(rng, lookalikes)}\n"
    return files


def _draw_line(rng: np.random.Generator, old: str, lookalikes: list[str]) -> str:
    host = draw(rng, (old, old, draw(rng, lookalikes), f"other{rng.integers(10)}.lan"))
    form = draw(rng, ("{key} = {host}", "{key}: {host}:{port}", "{key} = http://{host}/{key}", "# {key} was {host}"))
    return form.format(key=draw(rng, _KEYS), host=host, port=rng.integers(1000, 9999)) + "\n"


def _command(task: Task, *, pattern: str | None = None, suffix: str | None = None) -> str:
    drawn = task.seed_params
    found = pattern or rf"(?<![\w.-])\Q{drawn['old']}\E(?![\w.-])"
    spared = "unless /^#/" if drawn["comments"] else ""
    program = f"s/{found}/{drawn['new']}/g {spared}"
    return (
        f"find ~/{drawn['root']} -type f -name '*{drawn['suffix'] if suffix is None else suffix}' "
        f"-exec perl -pi -e '{program}' '{{}}' +"
    )


def _solve(task: Task) -> Calls:
    yield bash(f"cd ~/{task.seed_params['root']} && grep -rnF '{task.seed_params['old']}' . | LC_ALL=C sort")
    yield bash(_command(task))


def _replace_lookalikes(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(
        f"find ~/{drawn['root']} -type f -name '*{drawn['suffix']}' "
        f"-exec sed -i 's/{drawn['old']}/{drawn['new']}/g' '{{}}' +"
    )


def _replace_first_of_line(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"sed -i 's/{drawn['old']}/{drawn['new']}/' ~/{drawn['root']}/main{drawn['suffix']}")


FAMILIES = (
    TaskFamily(
        "replace-text",
        _make,
        _solve,
        {"lookalikes too": _replace_lookalikes, "one file only": _replace_first_of_line},
        tags=("shell", "fix"),
    ),
)
