"""Cases of the metrics on a desktop's own settings and folders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.evaluators.osworld.case import Case

_APPS = ("google-chrome.desktop", "thunderbird.desktop", "vim.desktop", "org.gnome.Nautilus.desktop", "O'Neill.desktop")
_ZONES = (
    "Atlantic/Faroe (WET, +0000)",
    "Etc/UTC (UTC, +0000)",
    "UTC",
    "Europe/Berlin (CET, +0100)",
    "n/a (CET, +0000) ",
)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    makers = (_favorites, _zone, _enlarged, _moved, _clipboard)
    while True:
        yield rng.choice(makers)(rng)


def _favorites(rng: random.Random) -> Case:
    wanted = rng.sample(_APPS, rng.randint(1, 4))
    found = rng.choice((wanted, wanted[::-1], wanted[1:], [*wanted, "x.desktop"], rng.sample(_APPS, 2), wanted * 2))
    text = rng.choice(
        (f"{found!r}\n", f"{found!r}", f"  {found!r}"[:-1], "@as []", "", "nonsense", "[[]]", f"{found!r}]")
    )
    return Case("check_gnome_favorite_apps", [rng.choice((text, text, text, None)), {"expected": wanted}])


def _zone(rng: random.Random) -> Case:
    lines = ["Local time: x", "Universal time: x", "RTC time: x", f"Time zone: {rng.choice(_ZONES)}", "NTP service: no"]
    if rng.random() < 0.2:
        del lines[rng.randrange(5)]
    text: Any = rng.choice(("\n", "\n", "\n", "\r\n")).join(lines)
    return Case("is_utc_0", [rng.choice((text, text, text, text, text[: rng.randrange(len(text))], "", None))])


def _enlarged(rng: random.Random) -> Case:
    return Case("check_text_enlarged", [rng.choice(("1.0\n", "1.25", "0.9", "", "big", "nan", "inf", None, "1,5", 2))])


def _moved(rng: random.Random) -> Case:
    names = [f"{number}.jpg" for number in range(4)]
    wanted = rng.sample(names, rng.randint(0, 3))
    found = rng.choice((wanted, wanted[::-1], wanted[1:], [*wanted, "sub"], names, [*wanted, *wanted]))
    tree: Any = {"type": "directory", "name": "d", "children": [{"type": "file", "name": name} for name in found]}
    return Case("check_moved_jpgs", [rng.choice((tree, tree, tree, tree, None)), {"expected": wanted}])


def _clipboard(rng: random.Random) -> Case:
    path = "/home/user/Data3/List3/secret.docx"
    wanted = rng.choice((path, [path], [path, "other"], [], ""))
    shown = rng.choice((path, f"{path}\n", f"file://{path} other", path.upper(), "", None, "other"))
    return Case("is_in_vm_clickboard", [{"expected": wanted}, shown])
