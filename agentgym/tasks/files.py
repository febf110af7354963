"""Tasks as they lie in files: which file, which line, and the task or what is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import TaskError, UsageError
from agentgym.tasks.jsonplace import line_of
from agentgym.tasks.parsing import faults_of, remarks_of, task_of
from agentgym.tasks.task import Task

__all__ = ["TaskEntry", "read_each", "read_tasks"]

_PATH = re.compile(r" - at `?(\$[^`\s]*)`?$")
_OF_ONE_CHECK = re.compile(r"\.evaluator\.(?P<key>func|result|expected|options)(?!\[|\w)")
_INDEX = "test_all.json"
_BYTE = re.compile(r" \(byte (\d+)\)$")


@dataclass(frozen=True)
class TaskEntry:
    """One task of a file, or the faults that take its place.

    Attributes:
        file: where it stands.
        task: None if it is malformed.
        faults: all that is wrong then, each with file, line and JSON path.
    """

    file: Path
    task: Task | None = None
    faults: tuple[str, ...] = ()
    # None of one that is malformed, whose faults are told by their places in the file.
    _raw: Any = None
    _text: str = ""
    _line: int | None = None
    _root: str = "$"

    @property
    def remarks(self) -> list[str]:
        """What its steps and evaluator say that nothing reads, with file, line and JSON path."""
        return [] if self._raw is None else list(map(self.placed, remarks_of(self._raw)))

    def placed(self, message: str) -> str:
        """A sentence about this task, with file and line in front; it ends with the JSON path of what it is about."""
        path = _PATH.search(message)
        inner = self._as_written(path[1][1:]) if path else ""
        said = _PATH.sub("", message)
        line = self._line if self._line is not None else line_of(self._text, self._root + inner)
        return f"{self.file}:{line}: {said} - at {self._root}{inner}"

    def _as_written(self, path: str) -> str:
        """The path in the file of what is said of the only check, which stands there alone or in a list of one."""
        found = _OF_ONE_CHECK.match(path)
        if found is None or self._raw is None or not isinstance(self._raw["evaluator"].get(found["key"]), list):
            return path
        return f"{found[0]}[0]{path[found.end() :]}"


def read_tasks(source: str | Path) -> Sequence[Task]:
    """The tasks of a JSON file (one task or a list), a JSONL file, a folder of such files, or OSWorld's own tree.

    OSWorld's tree is a folder with ``test_all.json`` (``{domain: [id, …]}``) and ``examples/<domain>/<id>.json``, or
    any such index file beside ``examples``, or the folder above that has it as ``evaluation_examples``. A folder
    without ``test_all.json`` is read whole, and by no index.

    Raises:
        UsageError: if there is nothing at that path.
        TaskError: gives file, line and JSON path of the first fault.
    """
    return [_whole(entry) for entry in read_each(source)]


def read_each(source: str | Path) -> Iterator[TaskEntry]:
    """The tasks as `read_tasks` finds them, a fault in the place of each that is malformed.

    Raises:
        UsageError: if there is nothing at that path.
    """
    path = Path(source)
    if path.is_dir():
        indexes = path / _INDEX, path / "evaluation_examples" / _INDEX
        index = next((one for one in indexes if one.is_file()), None)
        return _folder(path) if index is None else _file(index)
    if not path.is_file():
        raise UsageError(f"no tasks at {str(source)!r}: it is no file, no folder and no suite's name")
    return _file(path)


def _whole(entry: TaskEntry) -> Task:
    if entry.task is None:
        raise TaskError(entry.faults[0])
    return entry.task


def _folder(folder: Path) -> Iterator[TaskEntry]:
    unreadable: list[OSError] = []
    # Unlike `rglob`, which passes over folders that may not be read.
    found = [
        Path(place, name)
        for place, _, names in os.walk(folder, onerror=unreadable.append)
        for name in names
        if name.endswith((".json", ".jsonl"))
    ]
    for error in unreadable:
        yield TaskEntry(Path(error.filename), faults=(f"{error.filename}: {error.strerror}",))
    for path in sorted(found):
        # What an index lists lies in the folder itself.
        yield from _file(path, with_index=False)


def _file(path: Path, *, with_index: bool = True) -> Iterator[TaskEntry]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        yield TaskEntry(path, faults=(f"{path}: {error.strerror}",))
        return
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        yield TaskEntry(path, faults=(f"{path}:{line}: byte {error.object[error.start]:#x} is no UTF-8 text",))
        return
    yield from _lines(path, text) if path.suffix == ".jsonl" else _document(path, text, with_index=with_index)


def _lines(path: Path, text: str) -> Iterator[TaskEntry]:
    # Not `splitlines`, for which characters within a text end a line, too.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            raw = _decoded(line)
        except TaskError as error:
            yield TaskEntry(path, faults=(f"{path}:{number}: {_BYTE.sub('', str(error))}",))
            continue
        yield _entry(TaskEntry(path, _line=number), raw)


def _document(path: Path, text: str, *, with_index: bool) -> Iterator[TaskEntry]:
    try:
        document = _decoded(text)
    except TaskError as error:
        yield TaskEntry(path, faults=(f"{path}:{_line_of_byte(text, str(error))}: {_BYTE.sub('', str(error))}",))
        return
    if _is_index(document):
        if with_index or not _examples(path).is_dir():
            yield from _indexed(path, text, document)
    elif isinstance(document, list):
        for number, one in enumerate(document):
            yield _entry(TaskEntry(path, _text=text, _root=f"$[{number}]"), one)
    else:
        yield _entry(TaskEntry(path, _text=text), document)


def _entry(empty: TaskEntry, raw: Any) -> TaskEntry:
    faults = faults_of(raw)
    if faults:
        return TaskEntry(empty.file, faults=tuple(map(empty.placed, faults)))
    try:
        return replace(empty, task=task_of(raw), _raw=raw)
    except TaskError as error:
        return TaskEntry(empty.file, faults=(empty.placed(str(error)),))


def _indexed(index: Path, text: str, document: dict[str, list[Any]]) -> Iterator[TaskEntry]:
    entry = TaskEntry(index, _text=text)
    examples = _examples(index)
    if not examples.is_dir():
        yield TaskEntry(index, faults=(entry.placed(f"this lists tasks that lie in {examples}, which is no folder"),))
        return
    for domain, names in document.items():
        for number, name in enumerate(names):
            path = examples / domain / f"{name}.json"
            if path.is_file():
                yield from _file(path)
            else:
                yield TaskEntry(index, faults=(entry.placed(f"there is no {path} - at $.{domain}[{number}]"),))


def _examples(index: Path) -> Path:
    """Where the tasks lie that an index lists."""
    return index.parent / "examples"


def _is_index(document: Any) -> bool:
    return isinstance(document, dict) and bool(document) and all(isinstance(names, list) for names in document.values())


def _decoded(text: str) -> Any:
    if not text.strip():
        raise TaskError("there is nothing in it; a task is a JSON object with id and instruction")
    try:
        return msgspec.json.decode(text)
    except RecursionError as error:
        raise TaskError("JSON is nested too deeply") from error
    except msgspec.DecodeError as error:
        # Also said of a string or list that is never closed.
        raise TaskError(str(error).replace("Input data was truncated", "JSON ends too early")) from error


def _line_of_byte(text: str, message: str) -> int:
    byte = _BYTE.search(message)
    before = text.encode()[: int(byte[1])] if byte else text.rstrip().encode()
    return before.count(b"\n") + 1
