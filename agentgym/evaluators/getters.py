"""Getters: what is fetched from a machine, by OSWorld's names."""

from __future__ import annotations

import shlex
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import msgspec

from agentgym.backends.base import Backend, Completed
from agentgym.backends.qt.apps import STATE_FILE
from agentgym.evaluators.metrics.workbooks import read_book
from agentgym.registry import Registry
from agentgym.setup.downloads import fetch
from agentgym.tasks import EvaluatorSpec

__all__ = [
    "Fetched",
    "Getter",
    "check_names",
    "getter_needs",
    "getters",
    "is_true",
    "needs_of",
    "read_file",
    "reads_kept",
]


class Fetched(msgspec.Struct, frozen=True):
    """A file that a getter fetched. Metrics find it on disk, under its name, while they run.

    Args:
        beside: files that lie in the same folder, though the metric is not handed their paths.
    """

    name: str
    content: bytes
    beside: tuple[Fetched, ...] = ()


_TIME_FORMAT = "%Y%m%d_%H%M%S"

Getter: TypeAlias = Callable[[Backend, dict[str, Any]], Any]
"""Fetches one thing. ``FileNotFoundError`` says that it is not there, which scores 0."""

getters: Registry[Getter] = Registry("getter")

getter_needs: Registry[Sequence[str]] = Registry("getter need")
"""By the getter's name: the kinds of observation that it looks at, which a machine may have to be made for."""
getter_needs.register("accessibility_tree", ("accessibility_tree",))
getter_needs.register("vm_terminal_output", ("terminal",))


reads_kept: Registry[bool] = Registry("getter of what was kept", plugins=False)
"""By the getter's name: whether ``kept`` is in its config, what steps and tools kept for the judging, by name."""
for _name in ("answer", "cache_file", "evidence", "findings", "tool_calls"):
    reads_kept.register(_name, True)


def needs_of(spec: EvaluatorSpec) -> frozenset[str]:
    """The kinds of observation that an evaluator's getters look at."""
    sides = [side for check in spec.checks for side in (check.result, check.expected) if side is not None]
    return frozenset(kind for side in sides if side.type in getter_needs for kind in getter_needs[side.type])


@getters.register("rule")
def rule(_backend: Backend, config: dict[str, Any]) -> Any:
    """What stands in the task itself, under ``rules``; nothing is fetched."""
    return config["rules"]


@getters.register("app_state")
def app_state(backend: Backend, _config: dict[str, Any]) -> dict[str, Any]:
    """What the application of a small task says of itself: ``progress`` and ``score`` in [0, 1], and ``over``."""
    return msgspec.json.decode(backend.read(STATE_FILE), type=dict[str, Any])


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


@getters.register("vm_command_line")
def vm_command_line(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard output.

    Raises:
        FileNotFoundError: if there is no such program, or it does not end, which OSWorld's metrics are given None for.
    """
    return _said(_run(backend, config).stdout)


@getters.register("vm_command_error")
def vm_command_error(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard error.

    Raises:
        FileNotFoundError: if there is no such program, or it does not end.
    """
    return _said(_run(backend, config).stderr)


@getters.register("accessibility_tree")
def accessibility_tree(backend: Backend, _config: dict[str, Any]) -> str | None:
    """The accessibility tree of the whole desktop, as XML in OSWorld's form; None without one."""
    return _text(backend, "accessibility_tree")


@getters.register("vm_terminal_output")
def vm_terminal_output(backend: Backend, _config: dict[str, Any]) -> str | None:
    """The text of the focused terminal; None if there is none."""
    return _text(backend, "terminal")


@getters.register("vm_screen_size")
def vm_screen_size(backend: Backend, _config: dict[str, Any]) -> dict[str, int]:
    """The size of the screen, ``{"width", "height"}`` in pixels."""
    width, height = backend.screen
    return {"width": width, "height": height}


@getters.register("vm_window_size")
def vm_window_size(backend: Backend, config: dict[str, Any]) -> dict[str, int] | None:
    """The size of the uppermost window of a class, ``{"width", "height"}`` in pixels; None if there is none."""
    name = config["app_class_name"].lower()
    for window in reversed(backend.windows()):
        if name in window.app_class.lower():
            return {"width": window.width, "height": window.height}
    return None


@getters.register("vm_window_titles")
def vm_window_titles(backend: Backend, _config: dict[str, Any]) -> list[str]:
    """The titles of all windows, the lowest first; ours."""
    return [window.title for window in backend.windows()]


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


def _text(backend: Backend, kind: str) -> str | None:
    text = backend.observe([kind])[kind]
    return None if text is None else str(text)


def _run(backend: Backend, config: dict[str, Any]) -> Completed:
    command = config["command"]
    if is_true(config.get("shell")):
        argv: Sequence[str] = ["sh", "-c", command if isinstance(command, str) else shlex.join(command)]
    else:
        argv = shlex.split(command) if isinstance(command, str) else command
    try:
        return backend.run(argv)
    except TimeoutError as error:
        # What hangs in a machine is what the agent made of it: the episode must not get out of its score.
        raise FileNotFoundError(f"{command!r} says nothing: {error}") from error


def _said(output: bytes) -> str:
    """Text with the ends of lines that OSWorld's server gives it."""
    return output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


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


def is_true(value: object) -> bool:
    """Whether a flag of a task is set."""
    # Task files of OSWorld have the string "true", too.
    return str(value).lower() == "true"
