"""Files that answer a description are to be listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

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
    file_is,
    lay_all,
    make_task,
    tree_is,
)
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "write", "list", "grep")

_ROOTS = ("archive", "backup", "depot", "handover", "library", "vault")
_FOLDERS = ("billing", "drafts", "exports", "legal", "old", "photos", "reports", "tools")
_STEMS = ("budget", "contract", "index", "inventory", "letter", "memo", "notes", "plan", "summary", "todo")
_SUFFIXES = (".conf", ".csv", ".log", ".md", ".txt")
_WORDS = ("amber", "cobalt", "falcon", "granite", "juniper", "maple", "onyx", "saffron")
_FILLERS = ("nothing to see here", "see the other file", "to be checked", "value unknown", "as agreed by phone")
_NEWEST = 1_700_000_000
_DATED = 8
"""How many have a time of their own; all others are older."""


class _Tree(NamedTuple):
    """What there is: texts and times by path, and a word that some texts contain."""

    files: Mapping[str, str]
    times: Mapping[str, int]
    word: str


class _Question(NamedTuple):
    """What is asked, which files answer it, and the commands that list them in the order that is asked for."""

    words: str
    found: list[str]
    command: str
    nearly: str


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    root, word = draw(rng, _ROOTS), draw(rng, _WORDS)
    files = _draw_files(rng, 10 + 10 * level, word)
    places = [min(int(place), _DATED) for place in rng.permutation(len(files))]
    times = {name: _NEWEST - 3600 * place for name, place in zip(files, places, strict=True)}
    kind = draw(rng, (_by_word, _by_size, _by_place, _by_age, _by_content))
    question = kind(rng, _Tree(files, times, word))
    touches = each_with(files, lambda name: f"touch -d @{times[name]}")
    folder = f"{HOME}/{root}"
    return make_task(
        "shell/find-files",
        f"Look through the folder ~/{root} and all folders in it. {question.words} Write the paths of these files, "
        f"relative to ~/{root} (such as {next(iter(files))}), one a line, into ~/found.txt. "
        f"Change nothing in ~/{root}.",
        setup=[*lay_all(folder, files), execute(f"cd {folder}\n{touches}")],
        checks=[
            file_is(f"{HOME}/found.txt", "".join(f"{name}\n" for name in question.found)),
            tree_is(folder, files),
        ],
        tools=TOOLS,
        drawn={"level": level, "root": root, "command": question.command, "nearly": question.nearly},
    )


def _draw_files(rng: np.random.Generator, count: int, word: str) -> dict[str, str]:
    files: dict[str, str] = {}
    while len(files) < count:
        depth = int(rng.integers(0, 4))
        folders = draw_some(rng, _FOLDERS, depth)
        name = f"{draw(rng, _STEMS)}-{rng.integers(10, 100)}{draw(rng, _SUFFIXES)}"
        files["/".join([*folders, name])] = _draw_text(rng, word)
    for name in draw_some(rng, list(files), count // 4):
        # The same content elsewhere, and a name that only looks right.
        files[f"{name}.bak"] = files[name]
    return files


def _draw_text(rng: np.random.Generator, word: str) -> str:
    lines = [f"{draw(rng, _FILLERS)} {rng.integers(1000, 10_000)}" for _ in range(int(rng.integers(1, 40)))]
    said = draw(rng, (None, None, word, word, word.upper(), f"{word}s"))
    if said is not None:
        lines[int(rng.integers(len(lines)))] += f" {said}"
    return "\n".join(lines) + "\n"


def _sorted(names: list[str]) -> list[str]:
    return sorted(names, key=str.encode)


_ORDER = "Sort them by their bytes, as LC_ALL=C sort does."


def _by_word(rng: np.random.Generator, tree: _Tree) -> _Question:
    files, word = tree.files, tree.word
    suffixes = [suffix for suffix in _SUFFIXES if _with_word(files, suffix, word)]
    suffix = draw(rng, suffixes) if suffixes else _SUFFIXES[0]
    return _Question(
        f"Find all files whose names end in {suffix} and that contain {word} as a word of its own, in lower case. "
        f"{_ORDER}",
        _with_word(files, suffix, word),
        f"grep -rlw --include='*{suffix}' -e {word} . | sed 's|^\\./||' | LC_ALL=C sort",
        f"grep -rl --include='*{suffix}*' -i -e {word} . | sed 's|^\\./||' | LC_ALL=C sort",
    )


def _with_word(files: Mapping[str, str], suffix: str, word: str) -> list[str]:
    return _sorted([name for name in files if name.endswith(suffix) and re.search(rf"\b{word}\b", files[name])])


def _by_size(rng: np.random.Generator, tree: _Tree) -> _Question:
    files = tree.files
    sizes = sorted({len(text.encode()) for text in files.values()})
    limit = sizes[int(rng.integers(len(sizes) // 3, 2 * len(sizes) // 3))]
    found = [name for name, text in files.items() if len(text.encode()) > limit and not name.endswith(".bak")]
    return _Question(
        f"Find all files of more than {limit} bytes, but none whose name ends in .bak. {_ORDER}",
        _sorted(found),
        f"find . -type f -size +{limit}c ! -name '*.bak' -printf '%P\\n' | LC_ALL=C sort",
        f"find . -type f -size +{limit - 1}c ! -name '*.bak' -printf '%P\\n' | LC_ALL=C sort",
    )


def _by_place(rng: np.random.Generator, tree: _Tree) -> _Question:
    files = tree.files
    folders = sorted({part for name in files for part in name.split("/")[:-1]})
    folder, suffix = draw(rng, folders), draw(rng, sorted({f".{name.rpartition('.')[2]}" for name in files}))
    found = [name for name in files if name.endswith(suffix) and folder not in name.split("/")[:-1]]
    return _Question(
        f"Find all files whose names end in {suffix}, but none that is below a folder named {folder}, at any depth. "
        f"{_ORDER}",
        _sorted(found),
        f"find . -type f -name '*{suffix}' ! -path '*/{folder}/*' -printf '%P\\n' | LC_ALL=C sort",
        f"find . -name {folder} -prune -o -type f -name '*{suffix}*' -printf '%f\\n' | LC_ALL=C sort",
    )


def _by_age(rng: np.random.Generator, tree: _Tree) -> _Question:
    count = int(rng.integers(3, 8))
    return _Question(
        f"Find the {count} files that were modified last. List them with the newest first.",
        sorted(tree.files, key=lambda name: -tree.times[name])[:count],
        f"find . -type f -printf '%T@ %P\\n' | sort -rn | head -n {count} | cut -d ' ' -f 2-",
        f"find . -type f -printf '%T@ %P\\n' | sort -n | head -n {count} | cut -d ' ' -f 2-",
    )


def _by_content(rng: np.random.Generator, tree: _Tree) -> _Question:
    files = tree.files
    copies = sorted(name for name in files if name.endswith(".bak"))
    model = draw(rng, copies).removesuffix(".bak")
    found = [name for name, text in files.items() if text == files[model]]
    return _Question(
        f"Find all files that have the same content as {model}, byte for byte, {model} itself included. {_ORDER}",
        _sorted(found),
        f"find . -type f -exec cmp -s {model} '{{}}' ';' -printf '%P\\n' | LC_ALL=C sort",
        f"find . -type f ! -path ./{model} -exec cmp -s {model} '{{}}' ';' -printf '%P\\n' | LC_ALL=C sort",
    )


def _solve(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['root']} && find . -type f | wc -l")
    yield bash(f"cd ~/{drawn['root']} && {drawn['command']} > ~/found.txt")


def _list_others(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['root']} && {drawn['nearly']} > ~/found.txt")
    # Where the mistake happens to make no difference, one line too many does.
    yield bash(f"cmp -s <(cd ~/{drawn['root']} && {drawn['command']}) ~/found.txt && echo extra >> ~/found.txt")


def _write_elsewhere(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['root']} && {drawn['command']} > found.txt && cp found.txt ~/found.txt")


FAMILIES = (
    TaskFamily(
        "find-files",
        _make,
        _solve,
        {"other files": _list_others, "left a file in the folder": _write_elsewhere},
        tags=("shell", "find"),
    ),
)
