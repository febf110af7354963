"""Whether somebody still writes a run: its writer holds a lock on the records, which vanishes with the process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from pathlib import Path

__all__ = ["hold", "is_held"]

# `struct flock` of fcntl(2): type, whence, start, length (0: to the end, wherever that moves), process.
_FLOCK = struct.Struct("@hhqqi0q")


def hold(descriptor: int) -> None:
    """Locks the file for as long as this descriptor, or a forked child's copy of it, is open.

    Nobody is kept from anything: only `is_held` looks at it. On a file system that has no locks nothing happens.
    """
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))


def is_held(path: Path) -> bool:
    """Whether somebody holds the file. To look takes no lock, so that looking never disturbs a writer."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)
