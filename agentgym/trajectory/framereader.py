"""Reads single entries of a run's ``.frames`` files, following each back to the whole one it builds on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy.typing as npt
import zstandard

from agentgym.errors import DatasetError
from agentgym.trajectory.deltas import Table, apply_boxes, from_table
from agentgym.trajectory.folders import Folder, LocalFolder, ReadAt
from agentgym.trajectory.frameformat import (
    HEAD_SIZE,
    ArrayForm,
    Head,
    Kind,
    boxes_from,
    decompress_array,
    dictionary_decompressor,
    parse_head,
    split_place,
    verify,
)
from agentgym.trajectory.layout import part_name

__all__ = ["FrameCache", "FrameReader"]

_CACHE_BYTES = 48 << 20
_READ_AHEAD = 8192
_BOXES = frozenset({Kind.BOXES, Kind.SMALL_BOXES})

Key = tuple[str, int]


class FrameCache:
    """The arrays decoded last, so that reading on from one costs one delta."""

    def __init__(self, most_bytes: int = _CACHE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._tables: OrderedDict[Key, tuple[Table, ArrayForm]] = OrderedDict()

    def __reduce__(self) -> tuple[type[FrameCache], tuple[int]]:
        # A copy in another process begins empty: pictures are cheaper to decode than to send.
        return FrameCache, (self._most_bytes,)

    def get(self, key: Key) -> tuple[Table, ArrayForm] | None:
        return self._tables.get(key)

    def take(self, key: Key) -> tuple[Table, ArrayForm] | None:
        """Gives the table away, to be written into."""
        found = self._tables.pop(key, None)
        if found is not None:
            self._bytes -= found[0].size
        return found

    def put(self, key: Key, table: Table, form: ArrayForm) -> None:
        self.take(key)
        self._tables[key] = (table, form)
        self._bytes += table.size
        while self._bytes > self._most_bytes and self._tables:
            _, (dropped, _) = self._tables.popitem(last=False)
            self._bytes -= dropped.size


class FrameReader:
    """Random access to the entries of a run's files, which may still be growing. Holds no file open.

    Args:
        path: of the first of them.
        cache: shared by all readers of a dataset.
        folder: that they are in; the path's own if not given.

    Raises:
        DatasetError: from every method, if the entry is missing, cut short or damaged.
    """

    def __init__(self, path: Path, cache: FrameCache, *, folder: Folder | None = None) -> None:
        self._path = path
        self._folder = LocalFolder(path.parent) if folder is None else folder
        self._cache = cache

    def array(self, place: int) -> npt.NDArray[Any]:
        """The array at a place; it belongs to the caller."""
        key = (self._path.name, place)
        found = self._cache.get(key)
        if found is None:
            part, offset = split_place(place)
            with self._open(part, offset) as read:
                found = self._decode_array(read, place, offset)
            self._cache.put(key, *found)
        table, form = found
        return from_table(table.copy(), form.numpy_dtype(), form.shape)

    def form(self, place: int) -> ArrayForm:
        """Shape and dtype of the array at a place, which is not decoded for that."""
        part, offset = split_place(place)
        with self._open(part, offset) as read:
            head, meta, _ = _read_entry(read, offset)
            while head.kind in _BOXES and head.base < offset:
                offset = head.base
                head, meta, _ = _read_entry(read, offset)
            if head.kind is not Kind.ARRAY:
                raise DatasetError(f"expected an array, got {head.kind.name}")
            return msgspec.json.decode(meta, type=ArrayForm)

    def blob(self, place: int) -> bytes:
        """The bytes at a place."""
        part, offset = split_place(place)
        with self._open(part, offset) as read:
            return _decode_blob(read, offset)

    def check(self, place: int) -> None:
        """Reads an entry without decoding it."""
        part, offset = split_place(place)
        with self._open(part, offset) as read:
            _read_entry(read, offset)

    def end_of_entries(self, place: int) -> int:
        """Where the whole entries from ``place`` on end in its file: before the file does if its tail is torn."""
        part, offset = split_place(place)
        with self._open(part, offset) as read:
            return _end_of_entries(read, offset)

    @contextmanager
    def _open(self, part: int, offset: int) -> Iterator[ReadAt]:
        name = part_name(self._path.name, part)
        with self._folder.open(name) as read:
            try:
                yield read
            except (DatasetError, zstandard.ZstdError, msgspec.MsgspecError, ValueError) as error:
                raise DatasetError(f"{self._path.with_name(name)}: at byte {offset}: {error}") from error

    def _decode_array(self, read: ReadAt, place: int, offset: int) -> tuple[Table, ArrayForm]:
        deltas: list[tuple[Head, bytes, bytes]] = []
        decompress = zstandard.ZstdDecompressor().decompress
        name, start = self._path.name, place - offset
        at = offset
        found = self._cache.take((name, place))
        while found is None:
            head, meta, content = _read_entry(read, at)
            if head.kind is Kind.ARRAY:
                form = msgspec.json.decode(meta, type=ArrayForm)
                found = (decompress_array(content, head.raw_size).reshape(-1, form.row_bytes), form)
            elif head.kind in _BOXES and head.base < at:
                deltas.append((head, meta, content))
                at = head.base
                found = self._cache.take((name, start + at))
            else:
                raise DatasetError(f"expected an array, got {head.kind.name}")
        for head, meta, content in reversed(deltas):
            apply_boxes(found[0], boxes_from(head.kind, meta), decompress(content, max_output_size=head.raw_size))
        return found


def _decode_blob(read: ReadAt, offset: int) -> bytes:
    head, _, content = _read_entry(read, offset)
    if head.kind is Kind.BLOB:
        return zstandard.ZstdDecompressor().decompress(content, max_output_size=head.raw_size)
    if head.kind is Kind.BLOB_DELTA and head.base < offset:
        base = _decode_blob(read, head.base)
        return dictionary_decompressor(base).decompress(content, max_output_size=head.raw_size)
    raise DatasetError(f"expected a text, got {head.kind.name}")


def _read_entry(read: ReadAt, offset: int) -> tuple[Head, bytes, bytes]:
    entry = read(offset, _READ_AHEAD)
    head = parse_head(entry, offset)
    if len(entry) < head.whole_size:
        entry += read(offset + len(entry), head.whole_size - len(entry))
    entry = entry[: head.whole_size]
    verify(head, entry)
    content = head.head_size + head.meta_size
    return head, entry[head.head_size : content], entry[content:]


def _end_of_entries(read: ReadAt, start: int) -> int:
    at = start
    while True:
        try:
            head = parse_head(read(at, HEAD_SIZE), at)
        except DatasetError:
            return at
        # Whether its last byte is there: an entry has no other mark of its end.
        if not read(at + head.whole_size - 1, 1):
            return at
        at += head.whole_size
