"""Where the command writes files: looked at before the work, and a refusal is one line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentgym.errors import UsageError

__all__ = ["check_file", "check_folder", "check_target", "make_folder", "writing"]


def check_target(path: Path) -> None:
    """Makes the folder of a file that will be written, so that no work is done for a file that cannot be.

    Raises:
        UsageError: if it cannot be made, or a folder is in the file's place.
    """
    make_folder(path.parent)
    check_file(path)


def check_file(path: Path) -> None:
    """Looks whether a folder is in the file's place.

    Raises:
        UsageError: if so.
    """
    with writing(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def check_folder(path: Path) -> None:
    """Looks whether a folder can be made and written to, and makes none.

    Raises:
        UsageError: if it cannot.
    """
    with writing(path):
        there = next(folder for folder in (path, *path.absolute().parents) if os.path.lexists(folder))
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def make_folder(path: Path) -> None:
    """Makes a folder, and those that lead to it.

    Raises:
        UsageError: if it cannot be made or written to.
    """
    with writing(path):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says of the file system's refusal which path the caller gave.

    Raises:
        UsageError: from an OSError.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
