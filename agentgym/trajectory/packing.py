"""Finished runs with their records compressed: ``<run_id>.jsonl.zst`` in place of ``<run_id>.jsonl``.

Records are text that repeats itself: packed they take a tenth of the room. The file is in the seekable form of
Zstandard (facebook/zstd, contrib/seekable_format, version 0.1.0): frames of 64 kB and a table of their sizes at the
end, so that ``zstd -d`` gives the lines back and any of them is read without the others. A run that is packed can be
read as before; it is not written to any more.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import zstandard

from agentgym.errors import DatasetError
from agentgym.trajectory.folders import Folder, ReadAt
from agentgym.trajectory.layout import PACKED, records_file, summary_file, write_atomically

__all__ = ["PackedFolder", "pack", "pack_run"]

_LEVEL = 9
_BLOCK = 1 << 16
_SKIPPABLE = 0x184D2A5E
_SEEKABLE = 0x8F92EAB1
_HEAD = struct.Struct("<II")
_SIZES = struct.Struct("<II")
_FOOT = struct.Struct("<IBI")
_MOST_BLOCKS = 64


def pack(path: str | os.PathLike[str]) -> int:
    """Packs every run of a folder that is finished: one with a summary.

    Returns:
        How many bytes the folder takes less.

    Raises:
        DatasetError: if a file cannot be read or written; it stays as it was then.
    """
    root = Path(path)
    runs = [file.name.removesuffix(".jsonl") for file in sorted(root.glob("*.jsonl"))]
    return sum(pack_run(root, run_id) for run_id in runs if summary_file(root, run_id).exists())


def pack_run(root: Path, run_id: str) -> int:
    """Packs one run that nobody writes to; returns how many bytes it takes less."""
    path = records_file(root, run_id)
    try:
        content = path.read_bytes()
        packed = _pack(content)
        write_atomically(path.with_name(path.name + PACKED), packed)
        # Until here there are both, and the plain one is read.
        path.unlink()
    except OSError as error:
        raise DatasetError(f"{path} cannot be packed: {error.strerror or error}") from error
    return len(content) - len(packed)


class PackedFolder:
    """A folder in which packed files look as they did before."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._tables: dict[str, _Table] = {}

    def names(self) -> list[str]:
        return sorted({name.removesuffix(PACKED) for name in self._folder.names()})

    def size(self, name: str) -> int:
        plain = self._folder.size(name)
        return plain if plain or not name.endswith(".jsonl") or not self._is_packed(name) else self._table(name).size

    @contextmanager
    def open(self, name: str) -> Iterator[ReadAt]:
        if not name.endswith(".jsonl") or self._folder.size(name) or not self._is_packed(name):
            with self._folder.open(name) as read:
                yield read
            return
        table = self._table(name)
        with self._folder.open(name + PACKED) as read:
            try:
                yield lambda start, size: table.read(read, start, size)
            except zstandard.ZstdError as error:
                raise DatasetError(f"{name}{PACKED} is damaged: {error}") from error

    def _is_packed(self, name: str) -> bool:
        return name in self._tables or self._folder.size(name + PACKED) > 0

    def _table(self, name: str) -> _Table:
        known = self._tables.get(name)
        if known is None:
            packed = name + PACKED
            with self._folder.open(packed) as read:
                known = self._tables[name] = _Table(read, self._folder.size(packed), packed)
        return known


class _Table:
    """Where the frames of a packed file begin, packed and unpacked; remembers the last that it unpacked."""

    def __init__(self, read: ReadAt, size: int, name: str) -> None:
        foot = read(size - _FOOT.size, _FOOT.size)
        if len(foot) < _FOOT.size or _FOOT.unpack(foot)[2] != _SEEKABLE:
            raise DatasetError(f"{name} has no table of its frames: it is cut short, or of another program")
        count = _FOOT.unpack(foot)[0]
        entries = read(size - _FOOT.size - count * _SIZES.size, count * _SIZES.size)
        packed, plain = zip(*_SIZES.iter_unpack(entries), strict=True) if count else ((), ())
        self._packed: list[int] = [0, *accumulate(packed)]
        self._plain: list[int] = [0, *accumulate(plain)]
        self._blocks: dict[int, bytes] = {}

    @property
    def size(self) -> int:
        return self._plain[-1]

    def read(self, read: ReadAt, start: int, size: int) -> bytes:
        end = min(start + size, self.size)
        parts = []
        while start < end:
            place = bisect_right(self._plain, start) - 1
            first = self._plain[place]
            part = self._block(read, place)[start - first : end - first]
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def _block(self, read: ReadAt, place: int) -> bytes:
        known = self._blocks.get(place)
        if known is None:
            packed = read(self._packed[place], self._packed[place + 1] - self._packed[place])
            known = zstandard.ZstdDecompressor().decompress(packed)
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
            self._blocks[place] = known
        return known


def _pack(content: bytes) -> bytes:
    compress = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress
    plain = [content[at : at + _BLOCK] for at in range(0, len(content), _BLOCK)]
    packed = [compress(block) for block in plain]
    sizes = b"".join(_SIZES.pack(len(one), len(other)) for one, other in zip(packed, plain, strict=True))
    table = sizes + _FOOT.pack(len(plain), 0, _SEEKABLE)
    return b"".join([*packed, _HEAD.pack(_SKIPPABLE, len(table)), table])
