"""The form of one entry of a ``.frames`` file: a fixed head, a little about the content, the compressed content.

An array whole; the boxes of an array that differ from an earlier entry; bytes whole; bytes compressed with an earlier
entry as the dictionary. An entry names the one it builds on by its place in the same file.

From outside an entry is named by one number: byte n of the run's first file is n, of its second 2**40 + n, and so on.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard

from agentgym.errors import DatasetError
from agentgym.trajectory.deltas import Box

__all__ = [
    "HEAD_SIZE",
    "ArrayForm",
    "Compressor",
    "Head",
    "Kind",
    "array_form",
    "boxes_from",
    "decompress_array",
    "dictionary_compressor",
    "dictionary_decompressor",
    "dtype_from_json",
    "dtype_to_json",
    "join_place",
    "pack_boxes",
    "pack_entry",
    "parse_head",
    "split_place",
    "verify",
]

# A wide head for entries whose numbers are too large for the other, which came with version 2 and is half the size.
_WIDE_MAGIC, _MAGIC = b"AGF1", b"AGF2"
_WIDE = struct.Struct("<4sIBxHIQQQ")
_HEAD = struct.Struct("<4sIBBHIII")
_WIDE_BOX = struct.Struct("<4I")
_BOX = struct.Struct("<4H")
HEAD_SIZE = _WIDE.size
"""As many bytes as any head has."""

_LEVEL = 3
_LARGE = 1 << 18
_LARGE_LEVEL = 1


_PART = 1 << 40


def join_place(part: int, offset: int) -> int:
    """The number by which the stream names an entry; parts count from 0."""
    return part * _PART + offset


def split_place(place: int) -> tuple[int, int]:
    """The part, from 0, and the byte in it."""
    return divmod(place, _PART)


class Kind(enum.IntEnum):
    ARRAY = 0
    BOXES = 1
    BLOB = 2
    BLOB_DELTA = 3
    SMALL_BOXES = 4


_KINDS = frozenset(Kind)


class Head(msgspec.Struct, frozen=True):
    """What comes first in an entry.

    Attributes:
        crc: of all that follows the field itself.
        depth: how many entries must be decoded before this one.
        meta_size: bytes between head and content.
        base: the place of the entry that this one builds on; its own for a whole one.
        raw_size: bytes of the content when decompressed.
        size: bytes of the content as it is in the file.
        head_size: bytes of the head itself.
    """

    crc: int
    kind: Kind
    depth: int
    meta_size: int
    base: int
    raw_size: int
    size: int
    head_size: int

    @property
    def whole_size(self) -> int:
        return self.head_size + self.meta_size + self.size


class ArrayForm(msgspec.Struct, frozen=True):
    """How the bytes of an array are read; ``dtype`` as in a .npy file's header."""

    dtype: Any
    shape: tuple[int, ...]
    row_bytes: int

    def numpy_dtype(self) -> np.dtype[Any]:
        return dtype_from_json(self.dtype)


def pack_entry(kind: Kind, *, offset: int, depth: int, base: int, meta: bytes, raw_size: int, content: bytes) -> bytes:
    """An entry with its check sum, to stand at ``offset``; ``content`` is compressed already."""
    back, size = offset - base, len(content)
    if max(back, raw_size, size) < 1 << 32 and depth < 1 << 8 and len(meta) < 1 << 16:
        magic, packed = _MAGIC, _HEAD.pack(_MAGIC, 0, kind, depth, len(meta), back, raw_size, size)
    else:
        magic, packed = _WIDE_MAGIC, _WIDE.pack(_WIDE_MAGIC, 0, kind, depth, len(meta), base, raw_size, size)
    after_crc = packed[8:]
    crc = zlib.crc32(content, zlib.crc32(meta, zlib.crc32(after_crc)))
    return b"".join((magic, crc.to_bytes(4, "little"), after_crc, meta, content))


def parse_head(data: bytes, offset: int) -> Head:
    """The head of the entry at ``offset``.

    Raises:
        DatasetError: if these bytes are none.
    """
    form = {_MAGIC: _HEAD, _WIDE_MAGIC: _WIDE}.get(data[:4])
    if form is None or len(data) < form.size:
        raise DatasetError("not the beginning of a frame")
    _, crc, kind, depth, meta_size, base, raw_size, size = form.unpack_from(data)
    if kind not in _KINDS:
        raise DatasetError(f"a frame of the unknown kind {kind}; a later agentgym may read it")
    if form is _HEAD:
        base = offset - base
    return Head(crc, Kind(kind), depth, meta_size, base, raw_size, size, form.size)


def verify(head: Head, entry: bytes) -> None:
    """Checks a whole entry against its head.

    Raises:
        DatasetError: if it is cut short or damaged.
    """
    if len(entry) != head.whole_size:
        raise DatasetError(f"a frame is cut short: {len(entry)} of {head.whole_size} bytes")
    if zlib.crc32(memoryview(entry)[8:]) != head.crc:
        raise DatasetError("a frame is damaged: its check sum is wrong")


def pack_boxes(boxes: Sequence[Box]) -> tuple[Kind, bytes]:
    """The boxes, and the kind of entry that has them in this form."""
    if max(map(max, boxes)) < 1 << 16:
        return Kind.SMALL_BOXES, b"".join([_BOX.pack(*box) for box in boxes])
    return Kind.BOXES, b"".join([_WIDE_BOX.pack(*box) for box in boxes])


def boxes_from(kind: Kind, meta: bytes) -> list[Box]:
    return list((_BOX if kind is Kind.SMALL_BOXES else _WIDE_BOX).iter_unpack(meta))


def array_form(array: np.ndarray[Any, Any], row_bytes: int) -> bytes:
    return msgspec.json.encode(ArrayForm(dtype_to_json(array.dtype), array.shape, row_bytes))


def dtype_to_json(dtype: np.dtype[Any]) -> Any:
    """A text such as ``"|u1"``; a list of fields for a structured dtype."""
    return np.lib.format.dtype_to_descr(dtype)


def dtype_from_json(descr: Any) -> np.dtype[Any]:
    return np.dtype(descr) if isinstance(descr, str) else np.lib.format.descr_to_dtype(_tuples(descr))


class Compressor:
    """Zstandard at a level that fits the size: fast enough for every step."""

    def __init__(self) -> None:
        self._small = zstandard.ZstdCompressor(level=_LEVEL)
        self._large = zstandard.ZstdCompressor(level=_LARGE_LEVEL)

    def compress(self, content: bytes | memoryview) -> bytes:
        return (self._small if len(content) < _LARGE else self._large).compress(content)


def dictionary_compressor(base: bytes) -> zstandard.ZstdCompressor:
    """Compresses what resembles ``base`` to almost nothing."""
    return zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(base))


def decompress_array(content: bytes, size: int) -> npt.NDArray[np.uint8]:
    """The bytes of a whole array, decompressed to where they stay."""
    array = np.empty(size, np.uint8)
    with zstandard.ZstdDecompressor().stream_reader(content) as reader:
        filled = 0
        while filled < size:
            count = reader.readinto(array.data[filled:])
            if count == 0:
                raise DatasetError(f"a frame has {filled} bytes instead of {size}")
            filled += count
    return array


def dictionary_decompressor(base: bytes) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(base))


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _tuples(descr: Any) -> Any:
    """JSON's lists as the tuples that a structured dtype is described by."""
    if isinstance(descr, list):
        return [_field(field) for field in descr]
    return descr


def _field(field: list[Any]) -> tuple[Any, ...]:
    name, descr, *shape = field
    title = tuple(name) if isinstance(name, list) else name
    return (title, _tuples(descr), *(tuple(extent) for extent in shape))
