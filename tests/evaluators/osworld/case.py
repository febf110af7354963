"""One call of a metric, as it can be made of ours and of OSWorld's."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["Case", "CasesOf", "Folder", "altered", "damaged"]


@dataclass(frozen=True)
class Case:
    """A metric's name, its arguments as plain JSON (files as paths), and its options.

    Attributes:
        known: why ours may score otherwise: the row of ``docs/osworld-differences.md``, in a few words.
        tolerance: how far the scores may be apart, where versions of a library round otherwise.
    """

    metric: str
    args: Sequence[Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    known: str = ""
    tolerance: float = 1e-9


CasesOf: TypeAlias = Callable[[random.Random, Path], Iterator[Case]]


class Folder:
    """Gives files names that no other case has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count()

    def new(self, suffix: str) -> Path:
        """A path at which nothing lies yet."""
        return self._path / f"{next(self._numbers)}{suffix}"

    def write(self, content: str | bytes, suffix: str = ".txt") -> str:
        """The path of a new file of this content."""
        path = self.new(suffix)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def missing(self, suffix: str = ".txt") -> str:
        """A path at which nothing will lie."""
        return str(self.new(suffix))


def damaged(rng: random.Random, content: bytes) -> bytes:
    """The content cut short, with bytes changed, doubled, replaced by noise, or none."""
    kind = rng.choice(("cut", "changed", "doubled", "noise", "none"))
    if kind == "none" or not content:
        return b""
    if kind == "cut":
        return content[: rng.randrange(len(content))]
    if kind == "doubled":
        return content + content
    if kind == "noise":
        return rng.randbytes(min(len(content), 2000))
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


_CHANGES: Sequence[Callable[[random.Random, bytes], bytes]] = (
    lambda rng, content: content.replace(b"\n", b"\r\n"),
    lambda rng, content: content + b"\n",
    lambda rng, content: content.rstrip(),
    lambda rng, content: b"\xef\xbb\xbf" + content,
    lambda rng, content: content.upper(),
    lambda rng, content: content.replace(b" ", b"  ").replace(b"\n", b"\n\n"),
    lambda rng, content: content.replace(b" ", b"\t"),
    lambda rng, content: b"".join(rng.sample(lines := content.splitlines(keepends=True), len(lines))),
    lambda rng, content: b"".join(content.splitlines(keepends=True)[1:]),
    lambda rng, content: content + "é".encode(rng.choice(("utf-8", "latin-1"))),
    lambda rng, content: content + "\x0b\u2028\x85 \x1c".encode(),
    damaged,
)


def altered(rng: random.Random, text: str) -> bytes:
    """A text as somebody else may have written it: as it is, a little different, or damaged."""
    content = text.encode()
    return content if rng.random() < 0.4 else rng.choice(_CHANGES)(rng, content)
