"""Families on the terminal."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from agentgym.actions import RawAction, TypeText
from agentgym.families import Observation, TaskFamily
from agentgym.suites.apps.making import (
    DOCUMENTS,
    draw,
    draw_some,
    files_are,
    lay,
    listing,
    make_task,
    output_is,
    start,
    text_is,
)
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

Moves = Generator[RawAction, Observation, None]

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SERVICES = ("billing", "gateway", "mailer", "search", "storage")
_CHAPTERS = ("appendix", "beginning", "end", "index", "middle", "preface", "summary")


def _make_count(rng: np.random.Generator) -> Task:
    service, level = draw(rng, _SERVICES), draw(rng, _LEVELS)
    levels = [draw(rng, _LEVELS) for _ in range(40)] + [level]
    log, count = f"{DOCUMENTS}/{service}.log", f"{DOCUMENTS}/{service}-{level.lower()}.txt"
    lines = [f"{number:03} {one} request {rng.integers(1000)}\n" for number, one in enumerate(levels)]
    return make_task(
        "terminal-count",
        f"Count the lines of {log} that contain {level}, and write nothing but the number into {count}.",
        setup=[lay(log, "".join(lines)), start("terminal", title="Terminal")],
        check=text_is(count, str(levels.count(level))),
        apps=["xfce4-terminal"],
        max_steps=15,
        drawn={"log": log, "count": count, "level": level},
    )


def _count(task: Task) -> Moves:
    yield TypeText("grep -c {level} {log} > {count}\n".format(**task.seed_params))


def _count_all(task: Task) -> Moves:
    yield TypeText("wc -l < {log} > {count}\n".format(**task.seed_params))


def _only_show(task: Task) -> Moves:
    yield TypeText("grep -c {level} {log}\n".format(**task.seed_params))


def _make_pack(rng: np.random.Generator) -> Task:
    folder = f"{draw(rng, _SERVICES)}-{rng.integers(10, 100)}"
    files = {f"{folder}/{name}.txt": f"{name} {rng.integers(1000)}\n" for name in draw_some(rng, _CHAPTERS, 3)}
    archive = f"{DOCUMENTS}/{folder}.tar.gz"
    setup = [lay(f"{DOCUMENTS}/{name}", text) for name, text in files.items()]
    unpack = f"tar -xzf {archive} --to-command='sha256sum | cut -c 1-64 | sed \"s|$|  $TAR_FILENAME|\"' | LC_ALL=C sort"
    return make_task(
        "terminal-pack",
        f"In the folder Documents, pack the folder {folder} with all that is in it into {archive}, compressed with "
        f"gzip, so that unpacking gives the folder {folder} again.",
        setup=[*setup, start("terminal", title="Terminal")],
        check=output_is(["sh", "-c", unpack], listing(files)),
        apps=["xfce4-terminal"],
        max_steps=15,
        drawn={"folder": folder, "archive": archive},
    )


def _pack(task: Task) -> Moves:
    yield from _run_tar(task, "-czf {archive} {folder}")


def _pack_uncompressed(task: Task) -> Moves:
    yield from _run_tar(task, "-cf {archive} {folder}")


def _pack_without_folder(task: Task) -> Moves:
    yield from _run_tar(task, "-czf {archive} -C {folder} .")


def _run_tar(task: Task, arguments: str) -> Moves:
    yield TypeText(f"cd {DOCUMENTS} && tar {arguments.format(**task.seed_params)}\n")


def _make_suffix(rng: np.random.Generator) -> Task:
    files = {f"{name}.txt": f"{name} {rng.integers(1000)}\n" for name in draw_some(rng, _CHAPTERS, 4)}
    suffix = draw(rng, ("bak", "md", "old", "text"))
    others = {f"{draw(rng, _SERVICES)}.csv": "name,number\n"}
    renamed = {f"{name.removesuffix('.txt')}.{suffix}": text for name, text in files.items()}
    setup = [lay(f"{DOCUMENTS}/{name}", text) for name, text in {**files, **others}.items()]
    return make_task(
        "terminal-suffix",
        f"Rename every file in the folder Documents whose name ends in .txt so that it ends in .{suffix} instead.",
        setup=[*setup, start("terminal", title="Terminal")],
        check=files_are(DOCUMENTS, {**renamed, **others}),
        apps=["xfce4-terminal"],
        max_steps=15,
        drawn={"suffix": suffix},
    )


def _change_suffix(task: Task) -> Moves:
    yield from _each(task, "${one%.txt}")


def _add_suffix(task: Task) -> Moves:
    yield from _each(task, "$one")


def _each(task: Task, stem: str) -> Moves:
    suffix = task.seed_params["suffix"]
    yield TypeText(f'cd {DOCUMENTS} && for one in *.txt; do mv "$one" "{stem}.{suffix}"; done\n')


FAMILIES = (
    TaskFamily(
        "terminal-count",
        _make_count,
        _count,
        {"all lines": _count_all, "only shown": _only_show},
        tags=("terminal", "light"),
    ),
    TaskFamily(
        "terminal-pack",
        _make_pack,
        _pack,
        {"not compressed": _pack_uncompressed, "without the folder": _pack_without_folder},
        tags=("terminal", "light"),
    ),
    TaskFamily("terminal-suffix", _make_suffix, _change_suffix, {"added": _add_suffix}, tags=("terminal", "light")),
)
