"""Where a dataset is read from: a folder on this machine, or anything that fsspec opens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from agentgym.errors import DatasetError, MissingDependencyError

__all__ = ["Folder", "LocalFolder", "ReadAt", "RemoteFolder", "folder_at", "is_address"]


class ReadAt(Protocol):
    """Bytes of a file that may be growing: fewer than asked for at its end."""

    def __call__(self, start: int, size: int, /) -> bytes: ...


class Folder(Protocol):
    """Files that are read, by name. Holds none open; can be pickled.

    Raises:
        DatasetError: from ``open`` and what it gives, if a file cannot be read; ``size`` is 0 for one that is missing.
    """

    def names(self) -> list[str]: ...

    def size(self, name: str) -> int: ...

    def open(self, name: str) -> AbstractContextManager[ReadAt]: ...


class LocalFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        try:
            return os.listdir(self.path)
        except OSError as error:
            raise DatasetError(f"{self.path} cannot be read: {error.strerror}") from error

    def size(self, name: str) -> int:
        try:
            return os.stat(self.path / name).st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def open(self, name: str) -> Iterator[ReadAt]:
        path = self.path / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise DatasetError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            yield lambda start, size: os.pread(descriptor, size, start)
        except OSError as error:
            raise DatasetError(f"{path} cannot be read: {error.strerror}") from error
        finally:
            os.close(descriptor)


class RemoteFolder:
    """A folder behind an address that fsspec knows: ``s3://bucket/data``, ``zip://data::archive.zip``."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._system, self._root = _resolve(address)

    def names(self) -> list[str]:
        try:
            found = self._system.ls(self._root, detail=False)
        except OSError as error:
            raise DatasetError(f"{self._address} cannot be read: {error}") from error
        return [str(name).rstrip("/").rpartition("/")[2] for name in found]

    def size(self, name: str) -> int:
        try:
            return int(self._system.size(self._path(name)))
        except FileNotFoundError:
            return 0

    @contextmanager
    def open(self, name: str) -> Iterator[ReadAt]:
        path = self._path(name)
        size = self.size(name)

        def read(start: int, count: int) -> bytes:
            end = min(start + count, size)
            return bytes(self._system.cat_file(path, start=start, end=end)) if start < end else b""

        try:
            yield read
        except OSError as error:
            raise DatasetError(f"{self._address}: {name} cannot be read: {error}") from error

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}" if self._root else name


def folder_at(place: str | os.PathLike[str]) -> Folder:
    """The folder at a path or an address.

    Raises:
        DatasetError: if nothing knows how to open the address.
        MissingDependencyError: for an address, if fsspec or what it needs for it is not installed.
    """
    return RemoteFolder(place) if isinstance(place, str) and is_address(place) else LocalFolder(Path(place))


def is_address(place: str) -> bool:
    return "://" in place or "::" in place


def _resolve(address: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise MissingDependencyError("fsspec is not installed: pip install 'agentgym-envs[fsspec]'") from error
    try:
        system, root = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise MissingDependencyError(f"{address}: {error}") from error
    except (ValueError, OSError) as error:
        raise DatasetError(f"{address} cannot be opened: {error}") from error
    return system, root
