"""Where what was seen differs from what was to be seen: at which pixel, in which line."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions.quoting import cut, short

__all__ = ["Difference", "Pixels", "differences", "is_picture"]

_PICTURE_DIMENSIONS = 3
_CHANNELS = (1, 3, 4)
_CONTEXT = 20


@dataclass(frozen=True)
class Pixels:
    """Where two pictures differ.

    Attributes:
        x: of the first pixel that differs, row by row; so ``y``.
        count: how many differ, of ``of``.
        box: (left, top, right, bottom) of them all, the last two inclusive.
    """

    x: int
    y: int
    count: int
    of: int
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        where: its path: ``"observation.screenshot"``, ``"info.tool_results[0].result"``.
        what: in a sentence.
        recorded: the value where they first differ: a pixel's channels, a line, a number; so ``replayed``.
        pixels: of pictures alone.
        line: of texts alone; from 1.
    """

    where: str
    what: str
    recorded: Any
    replayed: Any
    pixels: Pixels | None = None
    line: int | None = None


def differences(recorded: Any, replayed: Any, where: str, *, cut_texts: Collection[str] = ()) -> Iterator[Difference]:
    """Everything that differs between two values, in the order of the first.

    Numbers are compared by value, whatever their type; NaN is like NaN; tuples are like lists.

    Args:
        where: the path of the two.
        cut_texts: digests (sha256) of texts of which only the beginning was recorded.
    """
    if isinstance(recorded, msgspec.Struct):
        recorded = msgspec.structs.asdict(recorded)
    if isinstance(replayed, msgspec.Struct):
        replayed = msgspec.structs.asdict(replayed)
    if isinstance(recorded, np.ndarray) and isinstance(replayed, np.ndarray):
        yield from _arrays(recorded, replayed, where)
    elif isinstance(recorded, Mapping) and isinstance(replayed, Mapping):
        yield from _mappings(recorded, replayed, where, cut_texts)
    elif isinstance(recorded, list | tuple) and isinstance(replayed, list | tuple):
        yield from _lists(recorded, replayed, where, cut_texts)
    elif isinstance(recorded, str) and isinstance(replayed, str):
        if not _was_cut(replayed, cut_texts):
            yield from _texts(recorded, replayed, where)
    elif not _is_same(recorded, replayed):
        yield Difference(where, f"{_told(recorded)}, now {_told(replayed)}", recorded, replayed)


def is_picture(value: Any) -> bool:
    """Whether it is pixels: uint8 (height, width, channels)."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8:
        return False
    return value.ndim == _PICTURE_DIMENSIONS and value.shape[2] in _CHANNELS


def _arrays(recorded: npt.NDArray[Any], replayed: npt.NDArray[Any], where: str) -> Iterator[Difference]:
    was, now = _told(recorded), _told(replayed)
    if was != now:
        yield Difference(where, f"{was}, now {now}", was, now)
    elif is_picture(recorded):
        yield from _pictures(recorded, replayed, where)
    elif recorded.dtype.hasobject:
        yield from _lists(recorded.ravel().tolist(), replayed.ravel().tolist(), where, ())
    else:
        yield from _numbers(recorded, replayed, where)


def _pictures(recorded: npt.NDArray[Any], replayed: npt.NDArray[Any], where: str) -> Iterator[Difference]:
    rows, columns = np.nonzero((recorded != replayed).any(axis=2))
    if not len(rows):
        return
    x, y = int(columns[0]), int(rows[0])
    box = int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())
    pixels = Pixels(x, y, len(rows), recorded.shape[0] * recorded.shape[1], box)
    was, now = recorded[y, x].tolist(), replayed[y, x].tolist()
    what = (
        f"the first pixel that differs is x {x}, y {y}: {was}, now {now}; {pixels.count} of {pixels.of} differ, "
        f"within x {box[0]} to {box[2]}, y {box[1]} to {box[3]}"
    )
    yield Difference(where, what, was, now, pixels=pixels)


def _numbers(recorded: npt.NDArray[Any], replayed: npt.NDArray[Any], where: str) -> Iterator[Difference]:
    unequal = recorded != replayed
    if recorded.dtype.kind in "fc":
        unequal &= ~(np.isnan(recorded) & np.isnan(replayed))
    places = np.argwhere(unequal)
    if not len(places):
        return
    first = tuple(places[0].tolist())
    was, now = recorded[first].item(), replayed[first].item()
    what = f"the first element that differs is {list(first)}: {was!r}, now {now!r}; {len(places)} of {recorded.size} do"
    yield Difference(where, what, was, now)


def _mappings(
    recorded: Mapping[Any, Any], replayed: Mapping[Any, Any], where: str, cut_texts: Collection[str]
) -> Iterator[Difference]:
    for key, value in recorded.items():
        place = f"{where}.{key}"
        if key in replayed:
            yield from differences(value, replayed[key], place, cut_texts=cut_texts)
        else:
            yield Difference(place, f"{_told(value)}, now not there", value, None)
    for key in replayed:
        if key not in recorded:
            yield Difference(f"{where}.{key}", f"was not there, now {_told(replayed[key])}", None, replayed[key])


def _lists(
    recorded: Sequence[Any], replayed: Sequence[Any], where: str, cut_texts: Collection[str]
) -> Iterator[Difference]:
    if len(recorded) != len(replayed):
        what = f"{len(recorded)} items, now {len(replayed)}"
        yield Difference(where, what, len(recorded), len(replayed))
    for index, (was, now) in enumerate(zip(recorded, replayed, strict=False)):
        yield from differences(was, now, f"{where}[{index}]", cut_texts=cut_texts)


def _texts(recorded: str, replayed: str, where: str) -> Iterator[Difference]:
    if recorded == replayed:
        return
    lines = zip_longest(recorded.split("\n"), replayed.split("\n"))
    for number, (was, now) in enumerate(lines, 1):
        if was != now:
            what = f"line {number}: {_line(was, now)}, now {_line(now, was)}"
            yield Difference(where, what, was, now, line=number)
            return


def _was_cut(text: str, cut_texts: Collection[str]) -> bool:
    return bool(cut_texts) and hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() in cut_texts


def _line(line: str | None, other: str | None) -> str:
    """A line of a text from shortly before where it differs from the other."""
    if line is None:
        return "no such line"
    same = next((at for at, (a, b) in enumerate(zip(line, other or "", strict=False)) if a != b), 0)
    start = max(0, same - _CONTEXT)
    return repr(f"{'...' if start else ''}{cut(line[start:])}")


def _is_same(recorded: Any, replayed: Any) -> bool:
    if isinstance(recorded, bool) or isinstance(replayed, bool):
        return recorded is replayed
    if isinstance(recorded, float | np.floating) and isinstance(replayed, float | np.floating):
        return bool(recorded == replayed) or (math.isnan(recorded) and math.isnan(replayed))
    same = recorded == replayed
    return bool(same.all()) if isinstance(same, np.ndarray) else bool(same)


def _told(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return short(value)
