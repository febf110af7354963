"""A log is to be counted up."""

from __future__ import annotations

from collections import Counter
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
    execute,
    file_is,
    lay_all,
    make_task,
    tree_is,
)
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "python", "read", "write", "list", "grep")

_PATHS = ("/", "/about", "/basket", "/help", "/login", "/news", "/orders", "/search", "/status", "/upload")
_METHODS = ("GET", "POST", "PUT", "DELETE")
_STATUSES = (200, 200, 200, 201, 301, 304, 400, 403, 404, 404, 500, 502, 503)
# In which of the words of a line what is asked for stands, from 1.
_FIELDS = {"client address": 1, "path": 4, "status": 5}


class _Line(NamedTuple):
    address: str
    time: str
    method: str
    path: str
    status: int
    size: int

    def __str__(self) -> str:
        return f"{self.address} {self.time} {self.method} {self.path} {self.status} {self.size}\n"


class _Filter(NamedTuple):
    """Which lines count: in words, for awk, and whether one does."""

    words: str
    program: str

    def takes(self, line: _Line) -> bool:
        kind, _, value = self.words.partition(":")
        return {
            "all": True,
            "method": line.method == value,
            "class": str(line.status).startswith(value),
            "hour": line.time[11:13] == value,
        }[kind]


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    files = _draw_logs(rng, level)
    lines = [line for some in files.values() for line in some]
    filters = _draw_filters(rng, lines, level)
    by, what, count = draw(rng, list(_FIELDS)), draw(rng, ("requests", "bytes")), int(rng.integers(2, 6))
    sums: Counter[str] = Counter()
    for line in lines:
        if all(one.takes(line) for one in filters):
            key = {"client address": line.address, "path": line.path, "status": str(line.status)}[by]
            sums[key] += 1 if what == "requests" else line.size
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0].encode()))[:count]
    counted = "the number of requests" if what == "requests" else "the sum of the bytes"
    texts = {name: "".join(map(str, some)) for name, some in files.items()}
    packed = [name for name in texts if name.endswith(".2")]
    return make_task(
        "shell/log-report",
        f"The files in ~/logs are one web server's log, a request a line: client address, time, method, path, status, "
        f"bytes sent, with one blank between them."
        f"{' Older ones are compressed with gzip.' if packed else ''} Work out {counted} for each {by}, "
        f"over the lines of all files{_said(filters)}. Write the {count} largest into ~/report.txt, a line each: the "
        f"number, one blank, the {by}. The largest comes first; of equal ones that first whose {by} comes first in the "
        "order of bytes. If there are fewer, write them all. Leave ~/logs as it is.",
        setup=[
            *lay_all(f"{HOME}/logs", texts),
            *([execute(f"cd {HOME}/logs && gzip -n {' '.join(packed)}")] if packed else []),
        ],
        checks=[
            file_is(f"{HOME}/report.txt", "".join(f"{number} {key}\n" for key, number in ranked)),
            # What was compressed is no text; that it is there is enough.
            tree_is(f"{HOME}/logs", {name: text for name, text in texts.items() if name not in packed}, skip=["*.gz"]),
        ],
        tools=TOOLS,
        drawn={
            "level": level,
            "field": _FIELDS[by],
            "value": "1" if what == "requests" else "$6",
            "filter": " && ".join(one.program for one in filters),
            "count": count,
        },
    )


def _draw_logs(rng: np.random.Generator, level: int) -> dict[str, list[_Line]]:
    addresses = [f"10.{rng.integers(256)}.{rng.integers(256)}.{rng.integers(1, 255)}" for _ in range(4 + 2 * level)]
    paths = draw_some(rng, _PATHS, 3 + 2 * level)
    names = ["access.log", "access.log.1", "access.log.2"][:level]
    return {name: [_draw_line(rng, addresses, paths, day) for _ in range(60)] for day, name in enumerate(names)}


def _draw_line(rng: np.random.Generator, addresses: list[str], paths: list[str], day: int) -> _Line:
    time = f"2025-03-{20 - day:02}T{rng.integers(24):02}:{rng.integers(60):02}:{rng.integers(60):02}Z"
    # Squared, so that some are far more frequent than others.
    address = addresses[int(rng.random() ** 2 * len(addresses))]
    path = paths[int(rng.random() ** 2 * len(paths))]
    return _Line(address, time, draw(rng, _METHODS), path, draw(rng, _STATUSES), int(rng.integers(100, 9000)))


def _draw_filters(rng: np.random.Generator, lines: list[_Line], level: int) -> list[_Filter]:
    line = draw(rng, lines)
    first, hour = str(line.status)[0], line.time[11:13]
    known = [
        _Filter(f"method:{line.method}", f'$3 == "{line.method}"'),
        _Filter(f"class:{first}", f"$5 ~ /^{first}/"),
        _Filter(f"hour:{hour}", f'substr($2, 12, 2) == "{hour}"'),
    ]
    return [_Filter("all:", "1"), *draw_some(rng, known[:2] if level < 3 else known, level - 1)]


def _said(filters: list[_Filter]) -> str:
    words = []
    for kind, _, value in (one.words.partition(":") for one in filters):
        if kind == "method":
            words.append(f"whose method is {value}")
        if kind == "class":
            words.append(f"whose status is from {value}00 to {value}99")
        if kind == "hour":
            words.append(f"whose time is in the hour that begins at {value}:00")
    return f" {' and '.join(words)}" if words else ""


_COUNT = (
    "zcat -f {logs} | awk '{filter} {{ sum[${field}] += {value} }} END {{ for (key in sum) print sum[key], key }}' "
    "| LC_ALL=C sort -k 1,1nr -k 2,2 | head -n {count} > ~/report.txt"
)


def _command(task: Task, **changes: object) -> str:
    return _COUNT.format(**{"logs": "~/logs/*", **task.seed_params, **changes})


def _solve(task: Task) -> Calls:
    yield bash("ls ~/logs && head -n 3 ~/logs/access.log")
    yield bash(_command(task))


def _one_more(task: Task) -> Calls:
    # Where there is no other that could be counted, the report has one line too few instead.
    yield bash(_command(task))
    yield bash(f"cp ~/report.txt /tmp/right && {_command(task, count=task.seed_params['count'] + 1)}")
    yield bash("cmp -s /tmp/right ~/report.txt && sed -i '$d' ~/report.txt")


def _smallest(task: Task) -> Calls:
    yield bash(_command(task))
    yield bash("LC_ALL=C sort -k 1,1n ~/report.txt | sed 's/ /\\t/' > /tmp/turned && cp /tmp/turned ~/report.txt")


FAMILIES = (
    TaskFamily(
        "log-report",
        _make,
        _solve,
        {"one line more": _one_more, "turned, with tabs": _smallest},
        tags=("shell", "pipelines"),
    ),
)
