"""Reads single entries of a run's ``.frames`` file, following each back to the whole one it builds on."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy.typing as npt
import zstandard

from agentgym.errors import DatasetError
from agentgym.trajectory.deltas import Table, apply_boxes, from_table
from agentgym.trajectory.frameformat import (
    HEAD_SIZE,
    ArrayForm,
    Head,
    Kind,
    boxes_from,
    decompress_array,
    dictionary_decompressor,
    parse_head,
    verify,
)

__all__ = ["FrameCache", "FrameReader"]

_CACHE_BYTES = 48 << 20
_READ_AHEAD = 8192

T = TypeVar("T")


class FrameCache:
    """The arrays decoded last, so that reading on from one costs one delta."""

    def __init__(self, most_bytes: int = _CACHE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._tables: OrderedDict[tuple[str, int], tuple[Table, ArrayForm]] = OrderedDict()

    def get(self, key: tuple[str, int]) -> tuple[Table, ArrayForm] | None:
        return self._tables.get(key)

    def take(self, key: tuple[str, int]) -> tuple[Table, ArrayForm] | None:
        """Gives the table away, to be written into."""
        found = self._tables.pop(key, None)
        if found is not None:
            self._bytes -= found[0].size
        return found

    def put(self, key: tuple[str, int], table: Table, form: ArrayForm) -> None:
        self.take(key)
        self._tables[key] = (table, form)
        self._bytes += table.size
        while self._bytes > self._most_bytes and self._tables:
            _, (dropped, _) = self._tables.popitem(last=False)
            self._bytes -= dropped.size


class FrameReader:
    """Random access to the entries of one file, which may still be growing. Holds no file open.

    Raises:
        DatasetError: from every method, if the entry is missing, cut short or damaged.
    """

    def __init__(self, path: Path, cache: FrameCache) -> None:
        self._path = path
        self._cache = cache

    def array(self, offset: int) -> npt.NDArray[Any]:
        """The array at a place; it belongs to the caller."""
        key = (str(self._path), offset)
        found = self._cache.get(key)
        if found is None:
            found = self._open(self._decode_array, offset)
            self._cache.put(key, *found)
        table, form = found
        return from_table(table.copy(), form.numpy_dtype(), form.shape)

    def blob(self, offset: int) -> bytes:
        """The bytes at a place."""
        return self._open(self._decode_blob, offset)

    def end_of_entries(self, start: int) -> int:
        """Where the whole entries from ``start`` on end: less than the file's size if its tail is torn."""
        return self._open(_end_of_entries, start)

    def _open(self, read: Callable[[int, int], T], offset: int) -> T:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DatasetError(f"{self._path}: cannot be opened: {error.strerror}") from error
        try:
            return read(descriptor, offset)
        except (DatasetError, zstandard.ZstdError, msgspec.MsgspecError, ValueError, OSError) as error:
            raise DatasetError(f"{self._path}: at byte {offset}: {error}") from error
        finally:
            os.close(descriptor)

    def _decode_array(self, descriptor: int, offset: int) -> tuple[Table, ArrayForm]:
        deltas: list[tuple[Head, bytes, bytes]] = []
        decompress = zstandard.ZstdDecompressor().decompress
        at = offset
        found = self._cache.take((str(self._path), at))
        while found is None:
            head, meta, content = _read_entry(descriptor, at)
            if head.kind is Kind.ARRAY:
                form = msgspec.json.decode(meta, type=ArrayForm)
                found = (decompress_array(content, head.raw_size).reshape(-1, form.row_bytes), form)
            elif head.kind is Kind.BOXES and head.base < at:
                deltas.append((head, meta, content))
                at = head.base
                found = self._cache.take((str(self._path), at))
            else:
                raise DatasetError(f"expected an array, got {head.kind.name}")
        for head, meta, content in reversed(deltas):
            apply_boxes(found[0], boxes_from(meta), decompress(content, max_output_size=head.raw_size))
        return found

    def _decode_blob(self, descriptor: int, offset: int) -> bytes:
        head, _, content = _read_entry(descriptor, offset)
        if head.kind is Kind.BLOB:
            return zstandard.ZstdDecompressor().decompress(content, max_output_size=head.raw_size)
        if head.kind is Kind.BLOB_DELTA and head.base < offset:
            base = self._decode_blob(descriptor, head.base)
            return dictionary_decompressor(base).decompress(content, max_output_size=head.raw_size)
        raise DatasetError(f"expected a text, got {head.kind.name}")


def _read_entry(descriptor: int, offset: int) -> tuple[Head, bytes, bytes]:
    entry = os.pread(descriptor, _READ_AHEAD, offset)
    head = parse_head(entry)
    if len(entry) < head.whole_size:
        entry += os.pread(descriptor, head.whole_size - len(entry), offset + len(entry))
    entry = entry[: head.whole_size]
    verify(head, entry)
    content = HEAD_SIZE + head.meta_size
    return head, entry[HEAD_SIZE:content], entry[content:]


def _end_of_entries(descriptor: int, start: int) -> int:
    size = os.fstat(descriptor).st_size
    at = start
    while at + HEAD_SIZE <= size:
        try:
            head = parse_head(os.pread(descriptor, HEAD_SIZE, at))
        except DatasetError:
            break
        if at + head.whole_size > size:
            break
        at += head.whole_size
    return at
