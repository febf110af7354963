"""Permissions are to be set by rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.toolmaking import (
    HOME,
    Calls,
    bash,
    draw,
    draw_level,
    draw_some,
    each_with,
    execute,
    lay_all,
    make_task,
    tree_is,
)
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "list")

_ROOTS = ("app", "project", "release", "server", "site", "work")
_FOLDERS = ("bin", "cache", "data", "keys", "lib", "private", "public", "var")
_STEMS = ("alpha", "backup", "build", "check", "deploy", "login", "main", "notes", "setup", "start")
_SUFFIXES = (".cfg", ".key", ".md", ".py", ".sh")
_MESSY = ("600", "644", "664", "666", "700", "755", "775", "777")


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    root = draw(rng, _ROOTS)
    files = _draw_files(rng, 5 + 4 * level)
    before = {name: draw(rng, _MESSY) for name in files}
    folders = sorted({f"{'/'.join(name.split('/')[:end])}/" for name in files for end in range(1, name.count("/") + 1)})
    before |= {name: draw(rng, ("700", "755", "775", "777")) for name in folders}
    rules = _draw_rules(rng, level)
    after = {name: _mode(name, mode, rules) for name, mode in before.items()}
    left = draw(rng, sorted(name for name, mode in after.items() if mode != before[name]))
    chmods = each_with(before, lambda name: f"chmod {before[name]}")
    return make_task(
        "shell/set-permissions",
        f"Set the permissions of everything below ~/{root} (not of ~/{root} itself) by these rules; where two of them "
        "fit, the later one counts, and what no rule is for keeps its permissions.\n"
        + "".join(f"{number}. {rule}\n" for number, rule in enumerate((_WORDS[kind](how) for kind, how in rules), 1))
        + "Change nothing else.",
        setup=[*lay_all(f"{HOME}/{root}", files), execute(f"cd {HOME}/{root}\n{chmods}")],
        checks=[tree_is(f"{HOME}/{root}", files, modes=after)],
        tools=TOOLS,
        drawn={"level": level, "root": root, "rules": [list(one) for one in rules], "left": [before[left], left]},
    )


def _draw_files(rng: np.random.Generator, count: int) -> dict[str, str]:
    files: dict[str, str] = {"private/login.key": "secret 1\n", "bin/start.sh": "#!/bin/sh\nexit 0\n", "main.py": "\n"}
    while len(files) < count:
        folders = draw_some(rng, _FOLDERS, int(rng.integers(0, 3)))
        name = "/".join([*folders, f"{draw(rng, _STEMS)}{draw(rng, _SUFFIXES)}"])
        files[name] = f"{name} {rng.integers(10_000)}\n"
    return files


def _draw_rules(rng: np.random.Generator, level: int) -> list[tuple[str, str]]:
    """Kind and mode, or suffix and mode, of each rule."""
    rules = [("folders", draw(rng, ("700", "750", "711")))]
    if level == 2:
        rules.append(("files", draw(rng, ("600", "640", "444"))))
    rules.append((f"*{draw(rng, ('.sh', '.py'))}", draw(rng, ("740", "754", "550"))))
    if level >= 2:
        rules.append(("*.key", draw(rng, ("400", "460", "440"))))
    if level == 3:
        rules += [("private", draw(rng, ("go-rwx", "g-w,o-rwx"))), ("writable", "o-w")]
    return rules


_WORDS: Mapping[str, Callable[[str], str]] = {
    "folders": lambda mode: f"Folders have the mode {mode}.",
    "files": lambda mode: f"Files have the mode {mode}.",
    "*.sh": lambda mode: f"Files whose names end in .sh have the mode {mode}.",
    "*.py": lambda mode: f"Files whose names end in .py have the mode {mode}.",
    "*.key": lambda mode: f"Files whose names end in .key have the mode {mode}.",
    "private": lambda change: (
        f"From every file or folder below a folder named private, at any depth, take away "
        f"{'all permissions of the group and of others' if change == 'go-rwx' else _LESS}."
    ),
    "writable": lambda _: "From everything that others may still write, take away that permission of others.",
}
_LESS = "the group's permission to write, and all permissions of others"


def _mode(name: str, mode: str, rules: list[tuple[str, str]]) -> str:
    bits = int(mode, 8)
    for kind, how in rules:
        if kind == "private":
            if "private" in name.removesuffix("/").split("/")[:-1]:
                bits &= ~(0o077 if how == "go-rwx" else 0o027)
        elif kind == "writable":
            bits &= ~0o002
        elif _is_of(kind, name):
            bits = int(how, 8)
    return f"{bits:o}"


def _is_of(kind: str, name: str) -> bool:
    folder = name.endswith("/")
    return folder if kind == "folders" else not folder and (kind == "files" or name.endswith(kind[1:]))


def _commands(task: Task) -> list[str]:
    commands = []
    for kind, how in task.seed_params["rules"]:
        test = {
            "folders": "-type d",
            "files": "-type f",
            "private": "-path '*/private/*'",
            "writable": "-perm -o=w",
        }.get(kind, f"-type f -name '{kind}'")
        # From below, so that a folder can still be entered.
        commands.append(f"find . -mindepth 1 -depth {test} -exec chmod {how} '{{}}' +")
    return commands


def _solve(task: Task) -> Calls:
    root = task.seed_params["root"]
    yield bash(f"cd ~/{root} && find . -printf '%m %p\\n' | LC_ALL=C sort")
    yield bash(f"cd ~/{root} && " + " && ".join(_commands(task)))


def _leave_one(task: Task) -> Calls:
    yield from _solve(task)
    yield bash("cd ~/{} && chmod {} '{}'".format(task.seed_params["root"], *task.seed_params["left"]))


def _all_alike(task: Task) -> Calls:
    yield bash(f"chmod -R 755 ~/{task.seed_params['root']}")


FAMILIES = (
    TaskFamily(
        "set-permissions",
        _make,
        _solve,
        {"one left as it was": _leave_one, "all alike": _all_alike},
        tags=("shell", "permissions"),
    ),
)
