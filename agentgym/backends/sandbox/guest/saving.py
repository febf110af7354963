"""The files of a desktop, saved and brought back."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Entry = dict[str, Any]
State = list[int]


class Saved(NamedTuple):
    """Entries in an order in which they can be made, and the contents of those files that were not known."""

    entries: list[Entry]
    contents: list[bytes]


def save(folders: Iterable[str], known: Mapping[str, State], apart: Collection[str]) -> Saved:
    """Everything below some folders.

    Args:
        known: by path, the state in which a file was when its content was seen; it is not read again.
        apart: folders of the host that are shown there, which are no part of it.
    """
    saved = Saved([], [])
    first: dict[tuple[int, int], str] = {}
    for top in folders:
        for path, status in _below(top, apart):
            entry = _entry(path, status, first)
            if entry is None:
                continue
            saved.entries.append(entry)
            if entry["kind"] == "file" and known.get(path) != entry["state"]:
                saved.contents.append(_content(path))
                # Reading what may not be read has changed it.
                entry.update(read=True, state=_state(path))
    return saved


def differing(states: Mapping[str, State | None]) -> list[str]:
    """The files that are not in the states that are said."""
    return [path for path, state in states.items() if not state or _state(path) != state]


def restore(
    folders: Iterable[str], entries: list[Entry], contents: Mapping[str, bytes], apart: Collection[str]
) -> dict[str, State]:
    """Makes the folders hold what was saved and nothing else.

    Args:
        contents: by path, of the files that differ.
        apart: as for `save`.

    Returns:
        by path, the states of the files that were written.
    """
    wanted = {entry["path"]: entry for entry in entries}
    for top in folders:
        _sweep(top, wanted, apart)
    for entry in entries:
        _make(entry, contents.get(entry["path"]))
    for entry in reversed(entries):
        _finish(entry)
    return {path: _state(path) for path in contents}


def _below(path: str, apart: Collection[str]) -> Iterator[tuple[str, os.stat_result]]:
    if path in apart:
        return
    status = os.lstat(path)
    yield path, status
    if not stat.S_ISDIR(status.st_mode):
        return
    # What its owner may not enter is entered all the same.
    closed = not os.access(path, os.R_OK | os.X_OK)
    if closed:
        os.chmod(path, 0o700)
    for name in sorted(os.listdir(path)):
        yield from _below(f"{path}/{name}", apart)
    if closed:
        os.chmod(path, stat.S_IMODE(status.st_mode))


def _entry(path: str, status: os.stat_result, first: dict[tuple[int, int], str]) -> Entry | None:
    common = {"path": path, "mode": stat.S_IMODE(status.st_mode), "modified": status.st_mtime_ns}
    match stat.S_IFMT(status.st_mode):
        case stat.S_IFDIR:
            return {"kind": "folder", **common}
        case stat.S_IFLNK:
            return {"kind": "link", "to": os.readlink(path), **common}
        case stat.S_IFIFO:
            return {"kind": "pipe", **common}
        case stat.S_IFREG if (status.st_dev, status.st_ino) in first:
            return {"kind": "same", "to": first[status.st_dev, status.st_ino], **common}
        case stat.S_IFREG:
            # Each file system numbers its files by itself.
            first[status.st_dev, status.st_ino] = path
            return {"kind": "file", "state": _state(path), **common}
    # A socket is nothing without the process that listens.
    return None


def _state(path: str) -> State:
    """What differs whenever a file was changed: not even its owner can set the time of its last change of state.

    Nothing of one that cannot be seen, which is no state.
    """
    try:
        status = os.lstat(path)
    except OSError:
        return []
    return [status.st_ino, status.st_size, status.st_ctime_ns]


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except PermissionError:
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        os.chmod(path, 0o600)
        try:
            with open(path, "rb") as file:
                return file.read()
        finally:
            os.chmod(path, mode)


def _sweep(top: str, wanted: Mapping[str, Entry], apart: Collection[str]) -> None:
    """Removes what was not there, and what was of another kind."""
    if not os.access(top, os.R_OK | os.W_OK | os.X_OK):
        os.chmod(top, 0o700)
    for name in os.listdir(top):
        path = f"{top}/{name}"
        if path in apart:
            continue
        if leads_to(path, apart):
            _sweep(path, wanted, apart)
            continue
        entry = wanted.get(path)
        kind = _kind(path)
        if entry is None or kind != {"same": "file"}.get(entry["kind"], entry["kind"]):
            remove(path)
        elif kind == "folder":
            _sweep(path, wanted, apart)


def leads_to(path: str, apart: Collection[str]) -> bool:
    """Whether a folder is on the way to one of those that are apart."""
    return any(one.startswith(f"{path}/") for one in apart)


def _kind(path: str) -> str:
    mode = os.lstat(path).st_mode
    kinds = {stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "pipe", stat.S_IFREG: "file"}
    return kinds.get(stat.S_IFMT(mode), "other")


def remove(path: str) -> None:
    """Removes a file, or a folder with all that is in it, whatever its permissions are."""
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
        return
    # An application may leave a folder that even its owner may not enter.
    os.chmod(path, 0o700)
    for name in os.listdir(path):
        remove(f"{path}/{name}")
    os.rmdir(path)


def _make(entry: Entry, content: bytes | None) -> None:
    path = entry["path"]
    match entry["kind"]:
        case "folder":
            os.makedirs(path, mode=0o700, exist_ok=True)
        case "link":
            if not os.path.islink(path) or os.readlink(path) != entry["to"]:
                _clear(path)
                os.symlink(entry["to"], path)
        case "pipe":
            if not os.path.lexists(path):
                os.mkfifo(path)
        case "same":
            if not os.path.lexists(path) or not os.path.samefile(path, entry["to"]):
                _clear(path)
                os.link(entry["to"], path)
        case "file" if content is not None:
            # Anew, and not into what is there, which may be one with another file by now.
            _clear(path)
            with open(path, "xb") as file:
                file.write(content)


def _clear(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)


def _finish(entry: Entry) -> None:
    """Permissions and time, which making what lies within a folder has changed; the innermost come first."""
    path = entry["path"]
    status = os.lstat(path)
    if entry["kind"] != "link" and stat.S_IMODE(status.st_mode) != entry["mode"]:
        os.chmod(path, entry["mode"])
    if status.st_mtime_ns != entry["modified"]:
        os.utime(path, ns=(entry["modified"], entry["modified"]), follow_symlinks=False)
