"""What is done with files on behalf of an agent: only in its home and in ``/tmp``, and never without an end."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator
from typing import Any

_FOLDERS = ("/tmp", "/var/tmp")
_LARGEST = 64 << 20


class Refused(Exception):
    """What was asked cannot be done; the text is for the agent."""


def read(path: str, offset: int = 0, limit: int | None = None) -> str:
    """Lines of a text file, each as it is.

    Args:
        offset: lines before the first.
        limit: how many.
    """
    lines = _text(place_of(path), path).splitlines(keepends=True)
    if offset and offset >= len(lines):
        raise Refused(f"{path} has {len(lines)} lines; offset {offset} is behind the last")
    return "".join(lines[offset:] if limit is None else lines[offset : offset + limit])


def write(path: str, content: str) -> str:
    place = place_of(path)
    if os.path.isdir(place) or path.endswith("/"):
        raise Refused(f"{path} is a folder; give the path of a file in it")
    there = os.path.lexists(place)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    data = content.encode()
    with _opened(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, path) as file:
        file.write(data)
    return f"{'replaced' if there else 'created'} {path}, {len(data)} bytes"


def edit(path: str, old: str, new: str, every: bool = False) -> str:
    """Puts one text in the place of another, which must be there once unless ``every`` is said."""
    place = place_of(path)
    text = _text(place, path)
    count = text.count(old) if old else 0
    if not count:
        raise Refused(f"{path} does not have the text {_short(old)}; nothing was changed")
    if count > 1 and not every:
        raise Refused(f"{path} has the text {_short(old)} {count} times; give more of it, or say every=true")
    with _opened(place, os.O_WRONLY | os.O_TRUNC, path) as file:
        file.write(text.replace(old, new).encode())
    return f"replaced {count} of {path}"


def list_files(path: str = ".", depth: int = 1) -> str:
    """Names, sorted, folders with a slash, files with their sizes, links with what they lead to."""
    place = place_of(path)
    if not os.path.isdir(place):
        raise Refused(_missing(place, path) if not os.path.lexists(place) else f"{path} is no folder")
    return "".join(f"{line}\n" for line in _listed(place, "", depth))


def grep(pattern: str, path: str = ".", glob: str = "*", ignore_case: bool = False) -> str:
    """Lines that match a regular expression of Python, each behind its file's path and number."""
    try:
        wanted = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise Refused(f"{pattern!r} is no regular expression: {error}") from error
    place = place_of(path)
    if not os.path.lexists(place):
        raise Refused(_missing(place, path))
    return "".join(_matches(wanted, place, glob))


def _matches(wanted: re.Pattern[str], place: str, glob: str) -> Iterator[str]:
    for name in _files_below(place):
        if not fnmatch.fnmatch(os.path.basename(name), glob):
            continue
        try:
            text = _text(name, name)
        except Refused:
            # No text, or not to be read: as for the program of this name.
            continue
        shown = os.path.relpath(name)
        for number, line in enumerate(text.splitlines(), 1):
            if wanted.search(line):
                yield f"{shown}:{number}:{line}\n"


def _files_below(place: str) -> Iterator[str]:
    if not os.path.isdir(place):
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def _listed(place: str, indent: str, depth: int) -> Iterator[str]:
    for name in sorted(os.listdir(place)):
        path = os.path.join(place, name)
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            yield f"{indent}{name} -> {os.readlink(path)}"
        elif stat.S_ISDIR(status.st_mode):
            yield f"{indent}{name}/"
            if depth > 1:
                yield from _listed(path, f"{indent}  ", depth - 1)
        else:
            yield f"{indent}{name} {status.st_size}"


def place_of(path: str) -> str:
    """The path without links.

    Raises:
        Refused: if it leads out of the folders that are the agent's.
    """
    if "\0" in path:
        raise Refused(f"{path!r} is no path: it has a zero byte in it")
    home = os.environ["HOME"]
    place = os.path.realpath(os.path.join(home, os.path.expanduser(path)))
    if not any(place == folder or place.startswith(f"{folder}/") for folder in (home, *_FOLDERS)):
        leads = "" if os.path.normpath(os.path.join(home, path)) == place else f", which leads to {place},"
        raise Refused(f"{path}{leads} is outside of {home} and /tmp")
    return place


def _text(place: str, path: str) -> str:
    with _opened(place, os.O_RDONLY, path) as file:
        data: bytes = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise Refused(f"{path} has more than {_LARGEST >> 20} MB")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no text: byte {error.start} is {data[error.start]:#x}, which is not UTF-8") from error


def _opened(place: str, flags: int, path: str) -> Any:
    """The file, unless it is a folder, a device or a pipe, on which one might wait for ever."""
    try:
        descriptor = os.open(place, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileNotFoundError as error:
        raise Refused(_missing(place, path)) from error
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(f"{path} is no regular file")
    return os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "wb")


def _missing(place: str, path: str) -> str:
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        return f"there is no {path}: there is no folder {folder}"
    names = sorted(os.listdir(folder))
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"there is no {path}; its folder has {shown or 'nothing'}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
