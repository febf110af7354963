"""What goes into a run's ``.frames`` file: each array and long text against the one before it in the same place."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from agentgym.trajectory.deltas import Box, Table, area, as_table, box_content, changed_boxes, rough_distance, row_bytes
from agentgym.trajectory.frameformat import (
    Compressor,
    Kind,
    array_form,
    dictionary_compressor,
    join_place,
    pack_boxes,
    pack_entry,
)

__all__ = ["FrameLog", "Place", "StoredBlob"]

Place = tuple[str | int, ...]
"""Where in an event a value stands: ``("observation", "screenshot")``."""

_MOST_PLACES = 64
_MOST_DIGESTS = 4096
_WHOLE_SHARE = 0.6
_NEAR_SHARE = 0.01
_NEAR_BYTES = 4096
_MOST_SCENES = 8
_MOST_SCENES_IN_A_ROW = 6
_SCENE_BYTES = 512
_MOST_PATCHED = 2
_DELTA_SHARE = 0.25
_MOST_BLOBS_IN_A_ROW = 8


@dataclass(frozen=True, slots=True)
class StoredBlob:
    offset: int
    sha256: str
    length: int


@dataclass(slots=True, eq=False)
class _Known:
    """An array that is in the file, and how many entries must be decoded for it."""

    table: Table
    offset: int
    depth: int = 0
    patched: int = 0


class _ArrayChain:
    """What came before in one place, dtype and shape: the last array, and scenes that may come back.

    A dialogue opens, and closes again: what is behind it is there already, and need not be stored anew.
    """

    __slots__ = ("last", "longest", "scenes")

    def __init__(self, longest: int) -> None:
        self.last: _Known | None = None
        self.scenes: list[_Known] = []
        self.longest = longest

    def go_back(self, scene: _Known) -> int:
        """The last array is a scene's again."""
        assert self.last is not None
        np.copyto(self.last.table, scene.table)
        self.last = replace(scene, table=self.last.table)
        return scene.offset

    def keep_scene(self) -> None:
        assert self.last is not None
        self.scenes.insert(0, replace(self.last, table=self.last.table.copy()))
        del self.scenes[_MOST_SCENES:]


class _BlobChain:
    """The last blob of one place, as a dictionary for what comes after it."""

    __slots__ = ("compressor", "depth", "offset", "whole_size")

    def __init__(self, base: bytes, offset: int, *, depth: int, whole_size: int) -> None:
        self.compressor: zstandard.ZstdCompressor = dictionary_compressor(base)
        self.offset = offset
        self.depth = depth
        self.whole_size = whole_size


class FrameLog:
    """Turns arrays and blobs into entries to be appended; remembers the last of each place.

    Nothing is written here: ``take`` gives the bytes, and whoever cannot write them calls ``forget``.

    Args:
        key_frame_every: at most so many entries must be decoded for any one; None for what suits the array's size.
    """

    def __init__(self, *, key_frame_every: int | None = None) -> None:
        self._longest = None if key_frame_every is None else key_frame_every - 1
        self._part = 0
        self._end = 0
        self._entries: list[bytes] = []
        self._arrays: OrderedDict[tuple[Any, ...], _ArrayChain] = OrderedDict()
        self._blobs: OrderedDict[Place, _BlobChain] = OrderedDict()
        self._known: OrderedDict[bytes, StoredBlob] = OrderedDict()
        self._compressor = Compressor()

    def put_array(self, place: Place, array: npt.NDArray[Any]) -> int:
        """Keeps a non-empty array of plain values; returns its place in the run's files."""
        table = as_table(array, row_bytes(array.shape, array.itemsize))
        chain = self._chain((place, array.dtype, array.shape), table.size)
        last = chain.last
        if last is None:
            return self._place(self._put_whole(chain, array, table))
        boxes = changed_boxes(last.table, table)
        if not boxes:
            return self._place(last.offset)
        changed = area(boxes)
        is_near = changed <= max(_NEAR_BYTES, _NEAR_SHARE * table.size) and last.depth < chain.longest
        if not (is_near and last.patched + changed <= _MOST_PATCHED * table.size):
            base, boxes, changed = _nearest(chain, table, boxes, changed)
            if base is None:
                return self._place(self._put_whole(chain, array, table))
            if base is not last:
                chain.scenes.remove(base)
                chain.scenes.insert(0, base)
            if not boxes:
                return self._place(chain.go_back(base))
        else:
            base = last
        content = self._compressor.compress(box_content(table, boxes))
        kind, meta = pack_boxes(boxes)
        offset = self._add(
            kind,
            depth=base.depth + 1,
            base=base.offset,
            meta=meta,
            raw_size=changed,
            content=content,
        )
        if base is last:
            for top, bottom, left, right in boxes:
                last.table[top:bottom, left:right] = table[top:bottom, left:right]
        else:
            np.copyto(last.table, table)
        chain.last = _Known(last.table, offset, base.depth + 1, base.patched + changed)
        if len(content) > max(_SCENE_BYTES, table.size >> 10) and base.depth < _MOST_SCENES_IN_A_ROW:
            chain.keep_scene()
        return self._place(offset)

    def put_blob(self, place: Place, blob: bytes) -> StoredBlob:
        """Keeps bytes, once however often they come; returns where they are."""
        digest = hashlib.sha256(blob)
        known = self._known.get(digest.digest())
        if known is not None:
            self._known.move_to_end(digest.digest())
            return known
        stored = StoredBlob(self._place(self._put_new_blob(place, blob)), digest.hexdigest(), len(blob))
        self._known[digest.digest()] = stored
        _trim(self._known, _MOST_DIGESTS)
        return stored

    def take(self) -> bytes:
        """The entries that were added since the last call, to be appended to the file."""
        data = b"".join(self._entries)
        self._entries.clear()
        return data

    def forget(self, offset: int, part: int = 0) -> None:
        """Drops what was not taken, and builds on nothing that is in the files already.

        Args:
            offset: the size of the file that is appended to from now on.
            part: which of the run's files that is, from 0.
        """
        self._part = part
        self._end = offset
        self._entries.clear()
        self._arrays.clear()
        self._blobs.clear()
        self._known.clear()

    def _place(self, offset: int) -> int:
        return join_place(self._part, offset)

    def _chain(self, key: tuple[Any, ...], size: int) -> _ArrayChain:
        chain = self._arrays.get(key)
        if chain is None:
            chain = self._arrays[key] = _ArrayChain(_longest(size) if self._longest is None else self._longest)
            _trim(self._arrays, _MOST_PLACES)
        else:
            self._arrays.move_to_end(key)
        return chain

    def _put_whole(self, chain: _ArrayChain, array: npt.NDArray[Any], table: Table) -> int:
        content = self._compressor.compress(table.reshape(-1).data)
        form = array_form(array, table.shape[1])
        offset = self._add(Kind.ARRAY, depth=0, base=self._end, meta=form, raw_size=table.size, content=content)
        if chain.last is None:
            chain.last = _Known(table.copy(), offset)
        else:
            np.copyto(chain.last.table, table)
            chain.last = _Known(chain.last.table, offset)
        chain.keep_scene()
        return offset

    def _put_new_blob(self, place: Place, blob: bytes) -> int:
        chain = self._blobs.get(place)
        if chain is not None and chain.depth < _MOST_BLOBS_IN_A_ROW:
            self._blobs.move_to_end(place)
            delta = chain.compressor.compress(blob)
            if len(delta) <= _DELTA_SHARE * chain.whole_size:
                offset = self._add(
                    Kind.BLOB_DELTA,
                    depth=chain.depth + 1,
                    base=chain.offset,
                    meta=b"",
                    raw_size=len(blob),
                    content=delta,
                )
                self._blobs[place] = _BlobChain(blob, offset, depth=chain.depth + 1, whole_size=chain.whole_size)
                return offset
        content = self._compressor.compress(blob)
        offset = self._add(Kind.BLOB, depth=0, base=self._end, meta=b"", raw_size=len(blob), content=content)
        self._blobs[place] = _BlobChain(blob, offset, depth=0, whole_size=len(content))
        _trim(self._blobs, _MOST_PLACES)
        return offset

    def _add(self, kind: Kind, *, depth: int, base: int, meta: bytes, raw_size: int, content: bytes) -> int:
        offset = self._end
        entry = pack_entry(kind, offset=offset, depth=depth, base=base, meta=meta, raw_size=raw_size, content=content)
        self._entries.append(entry)
        self._end += len(entry)
        return offset


def _nearest(chain: _ArrayChain, table: Table, boxes: list[Box], changed: int) -> tuple[_Known | None, list[Box], int]:
    """What of all that came before differs least, and where; None if all differ too much or lie too deep."""
    last = chain.last
    best: _Known | None = None
    if last is None or last.depth >= chain.longest or last.patched + changed > _MOST_PATCHED * table.size:
        changed = table.size
    else:
        best = last
    scenes = [scene for scene in chain.scenes if scene.depth < chain.longest]
    if scenes:
        scene = min(scenes, key=lambda scene: rough_distance(scene.table, table))
        others = changed_boxes(scene.table, table)
        size = area(others)
        if size < changed:
            best, boxes, changed = scene, others, size
    return (best if changed <= _WHOLE_SHARE * table.size else None), boxes, changed


def _longest(size: int) -> int:
    """How many deltas may follow an array of so many bytes.

    Bounds random access: on small arrays an entry costs the reader as much as a whole array does.
    """
    return min(64, max(16, math.isqrt(size) // 24))


def _trim(table: OrderedDict[Any, Any], most: int) -> None:
    while len(table) > most:
        table.popitem(last=False)
