"""Getters of files: of the machine, from an address, or kept by a step; of their names, and of what is in one."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import Fetched, getters, reads_kept
from agentgym.evaluators.metrics.workbooks import read_book
from agentgym.setup.downloads import fetch
from agentgym.tasks.forms import is_true

__all__ = ["Files", "check_names", "read_file"]

_TIME_FORMAT = "%Y%m%d_%H%M%S"


class Files(msgspec.Struct):
    """One file, or several.

    Args:
        path: where it is; with ``multi``, a list.
        dest: the name, or with ``multi`` the names, under which the metric sees it; as it is called there otherwise.
        multi: whether these are several.
        gives: with ``multi``, the places of those that go to the metric; the others only lie beside them.
    """

    path: str | list[str]
    dest: str | list[str] | None = None
    multi: bool | str = False
    gives: tuple[int, ...] = (0,)


class MachineFiles(Files):
    """One file, or several.

    Args:
        path: where it is; with ``multi``, a list.
        dest: the name, or with ``multi`` the names, under which the metric sees it; as it is called there otherwise.
        multi: whether these are several.
        gives: with ``multi``, the places of those that go to the metric; the others only lie beside them.
        time_suffix: of one file, whether the time stands in the name, after ``_``.
        time_format: how, in the words of ``strftime``.
    """

    time_suffix: bool | str = False
    time_format: str = _TIME_FORMAT


class Kept(msgspec.Struct):
    """A file that a step kept.

    Args:
        path: the name that the step was told, as ``stdout`` or ``stderr``.
    """

    path: str


class Folder(msgspec.Struct):
    """A folder.

    Args:
        path: where it is.
    """

    path: str


class Content(msgspec.Struct):
    """A part of a file's content.

    Args:
        path: where the file is.
        file_type: the only kind of file there is.
        file_content: the only part there is.
    """

    path: str
    file_type: Literal["xlsx"]
    file_content: Literal["last_row"]


@getters.register("vm_file")
def vm_file(backend: Backend, config: dict[str, Any]) -> Fetched | list[Fetched | None]:
    """The file at ``path``, under the name ``dest``.

    With ``multi``, both are lists: those that ``gives`` picks by place ([0] if it is not there) go to the metric,
    None for one that is missing; the others lie beside the first of them.

    A folder, or a file that may not be read, is no file either. With ``time_suffix``, the time stands in the name.

    Raises:
        FileNotFoundError: if the only one that is picked is missing.
    """
    if is_true(config.get("time_suffix")) and not is_true(config.get("multi")):
        name = PurePosixPath(config.get("dest") or config["path"])
        now = datetime.now().strftime(config.get("time_format", _TIME_FORMAT))
        config = {**config, "dest": f"{name.stem}_{now}{name.suffix}"}
    return _files(config, partial(read_file, backend))


@getters.register("cloud_file")
def cloud_file(_backend: Backend, config: dict[str, Any]) -> Fetched | list[Fetched | None]:
    """The file at the address ``path``, or several, as ``vm_file``; what was fetched once is kept."""
    return _files(config, fetch)


@getters.register("cache_file")
def cache_file(_backend: Backend, config: dict[str, Any]) -> Fetched:
    """What a step kept under the name ``path``, such as ``execute`` with ``stdout``.

    Raises:
        KeyError: if no step did, which is a fault of the task.
    """
    kept: Mapping[str, bytes] = config["kept"]
    if config["path"] not in kept:
        raise KeyError(f"no step kept {config['path']!r}; kept are {', '.join(kept) or 'none'}")
    return Fetched(PurePosixPath(config["path"]).name, kept[config["path"]])


@getters.register("content_from_vm_file")
def content_from_vm_file(backend: Backend, config: dict[str, Any]) -> list[str] | None:
    """The last row of the first sheet of a workbook, as texts, an empty cell ``"nan"``; None if it is no workbook.

    OSWorld reads with pandas, which also writes whole numbers as ``3.0`` where their column or row has others.

    Raises:
        FileNotFoundError: if there is no such file.
        MissingDependencyError: if openpyxl is not installed.
    """
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(read_file(backend, config["path"]))
        file.flush()
        book = read_book(file.name)
    if book is None:
        return None
    rows = [
        row for row in book.content.worksheets[0].iter_rows(values_only=True) if any(cell is not None for cell in row)
    ]
    return ["nan" if cell is None else str(cell) for cell in rows[-1]] if len(rows) > 1 else []


@getters.register("list_directory")
def list_directory(backend: Backend, config: dict[str, Any]) -> dict[str, Any]:
    """The tree of a folder, ``{"type", "name", "children"}`` within one another, sorted by name.

    Raises:
        FileNotFoundError: if there is no such folder.
    """
    done = backend.run(["find", config["path"], "-mindepth", "1", "-printf", "%y %P\\0"])
    if done.returncode:
        raise FileNotFoundError(config["path"])
    root: dict[str, Any] = {"type": "directory", "name": PurePosixPath(config["path"]).name, "children": []}
    folders = {PurePosixPath("."): root}
    for entry in sorted(done.stdout.decode("utf-8", "replace").split("\0")):
        kind, _, name = entry.partition(" ")
        if name:
            folders[PurePosixPath(name)] = {
                "type": "directory" if kind == "d" else "file",
                "name": name.rpartition("/")[2],
            }
    for path, node in sorted(folders.items()):
        if node["type"] == "directory":
            node.setdefault("children", [])
        if node is not root:
            folders[path.parent].setdefault("children", []).append(node)
    return root


def read_file(backend: Backend, path: str) -> bytes:
    """The content of a file of the machine.

    Raises:
        FileNotFoundError: if there is none that can be read, such as a folder, or links that lead to one another.
    """
    try:
        return backend.read(path)
    except OSError as error:
        raise FileNotFoundError(f"no file that can be read at {path!r}: {error}") from error


def check_names(names: Sequence[str]) -> None:
    """Returns if files of these names can lie in one folder.

    Raises:
        ValueError: names the first that cannot.
    """
    places = Counter(PurePosixPath(name).name for name in names)
    wrong = next((name for name in names if PurePosixPath(name).name in ("", "..")), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no name of a file")
    twice = [name for name, count in places.items() if count > 1]
    if twice:
        raise ValueError(f"{places[twice[0]]} files are named {twice[0]!r}; each needs a name of its own in dest")


def _files(config: dict[str, Any], read: Callable[[str], bytes]) -> Fetched | list[Fetched | None]:
    if not is_true(config.get("multi")):
        return Fetched(config.get("dest") or PurePosixPath(config["path"]).name, read(config["path"]))
    paths: Sequence[str] = config["path"]
    names: Sequence[str] = config.get("dest") or [PurePosixPath(path).name for path in paths]
    check_names(names)
    files = [_file_or_none(name, path, read) for name, path in zip(names, paths, strict=True)]
    picked = sorted(set(config.get("gives", [0])))
    beside = tuple(file for index, file in enumerate(files) if file is not None and index not in picked)
    given = [_with_beside(files[index], beside if index == picked[0] else ()) for index in picked]
    if len(given) > 1:
        return given
    if given[0] is None:
        raise FileNotFoundError(paths[picked[0]])
    return given[0]


def _file_or_none(name: str, path: str, read: Callable[[str], bytes]) -> Fetched | None:
    try:
        return Fetched(name, read(path))
    except FileNotFoundError:
        return None


def _with_beside(file: Fetched | None, beside: tuple[Fetched, ...]) -> Fetched | None:
    return None if file is None else Fetched(file.name, file.content, beside)


reads_kept.register("cache_file", True)
getter_forms.register("cache_file", Kept)
getter_forms.register("cloud_file", Files)
getter_forms.register("content_from_vm_file", Content)
getter_forms.register("list_directory", Folder)
getter_forms.register("vm_file", MachineFiles)
