"""A file that only grows, and that a failed write leaves as long as it was."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from pathlib import Path

__all__ = ["AppendOnlyFile"]


class AppendOnlyFile:
    """A file that is as long as what was appended, or has a tail that `cut` takes off. Made at the first append."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._finalizer: weakref.finalize[..., AppendOnlyFile] | None = None
        self.end = 0

    @property
    def is_closed(self) -> bool:
        return self._descriptor is None

    def create(self) -> int:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._finalizer = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def append(self, data: bytes) -> None:
        descriptor = self.create() if self._descriptor is None else self._descriptor
        # A file whose last name is gone still takes data and loses all of it.
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(errno.ENOENT, "the file was removed while it was being written", str(self._path))
        rest = memoryview(data)
        at = self.end
        while rest:
            written = os.pwrite(descriptor, rest, at)
            at += written
            rest = rest[written:]
        self.end = at

    def sync(self) -> None:
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def cut(self, end: int) -> None:
        """Takes off what comes after ``end``, as far as the disk lets us; readers pass over it otherwise."""
        if self._descriptor is None or os.fstat(self._descriptor).st_size <= end:
            return
        self.end = end
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, end)

    def close(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._descriptor = None

    def remove(self) -> None:
        """Takes away the file, if it was made here."""
        if self._descriptor is not None:
            self.close()
            with contextlib.suppress(OSError):
                self._path.unlink()
