"""Tasks: what is to be done, how the machine is prepared, how the result is judged. Written as OSWorld writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from agentgym.errors import TaskError, UsageError

__all__ = ["Check", "EvaluatorSpec", "GetterSpec", "SetupStep", "Task", "parse_task", "read_tasks", "task_to_dict"]


class SetupStep(msgspec.Struct, frozen=True):
    """One setup or postconfig step, in OSWorld's form ``{"type": …, "parameters": {…}}``."""

    type: str
    parameters: dict[str, Any] = {}


class GetterSpec(msgspec.Struct, frozen=True):
    """What to fetch: the getter's name and the whole dict of the task, ``type`` included, that it is called with."""

    type: str
    config: dict[str, Any] = {}


class Check(msgspec.Struct, frozen=True):
    """One metric, applied to what one or two getters fetch."""

    metric: str
    result: GetterSpec | None = None
    expected: GetterSpec | None = None
    options: dict[str, Any] = {}


class EvaluatorSpec(msgspec.Struct, frozen=True):
    """How a task is judged: all checks (``and``) or the best of them (``or``), after the ``postconfig`` steps.

    An ``infeasible`` task is solved by saying so.
    """

    checks: tuple[Check, ...] = ()
    conj: Literal["and", "or"] = "and"
    postconfig: tuple[SetupStep, ...] = ()
    infeasible: bool = False


class Task(msgspec.Struct, frozen=True):
    """One task. Everything in it is plain data that survives JSON.

    Args:
        seed_params: what was drawn for it, where a family made it.
        metadata: whatever else its file says.
    """

    id: str
    instruction: str
    setup: tuple[SetupStep, ...] = ()
    evaluator: EvaluatorSpec | None = None
    tools: tuple[str, ...] = ()
    related_apps: tuple[str, ...] = ()
    snapshot: str | None = None
    max_steps: int | None = None
    seed_params: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


_Getter = dict[str, Any]


class _Evaluator(msgspec.Struct):
    """The evaluator as it stands in a file: one of each, or lists of equal length."""

    func: str | list[str]
    result: _Getter | list[_Getter | None] | None = None
    expected: _Getter | list[_Getter | None] | None = None
    options: dict[str, Any] | list[dict[str, Any] | None] | None = None
    conj: Literal["and", "or"] = "and"
    postconfig: list[SetupStep] = []


class _File(msgspec.Struct):
    """The keys of a task file that mean something; the others are metadata."""

    id: str
    instruction: str
    config: list[SetupStep] = []
    evaluator: _Evaluator | None = None
    tools: list[str] = []
    related_apps: list[str] = []
    snapshot: str | None = None
    max_steps: int | None = None
    seed_params: dict[str, Any] = {}


def parse_task(raw: Mapping[str, Any], *, where: str = "task") -> Task:
    """A task from a dict in OSWorld's format.

    Args:
        where: named in errors: a file, with the line in JSONL.

    Raises:
        TaskError: gives ``where`` and the JSON path of the fault.
    """
    try:
        read = msgspec.convert(dict(raw), _File)
    except msgspec.ValidationError as error:
        raise TaskError(f"{where}: {error}") from error
    if not read.id:
        raise TaskError(f"{where}: a task needs an id that is not empty - at $.id")
    if read.max_steps is not None and read.max_steps < 1:
        raise TaskError(f"{where}: max_steps is {read.max_steps}; it must be at least 1 - at $.max_steps")
    return Task(
        id=read.id,
        instruction=read.instruction,
        setup=tuple(read.config),
        evaluator=None if read.evaluator is None else _evaluator(read.evaluator, where),
        tools=tuple(read.tools),
        related_apps=tuple(read.related_apps),
        snapshot=read.snapshot,
        max_steps=read.max_steps,
        seed_params=read.seed_params,
        metadata={key: value for key, value in raw.items() if key not in _File.__struct_fields__},
    )


def task_to_dict(task: Task) -> dict[str, Any]:
    """The task as a dict in OSWorld's format, which `parse_task` reads back as the same task."""
    return {
        **task.metadata,
        "id": task.id,
        "instruction": task.instruction,
        "config": msgspec.to_builtins(task.setup),
        **({} if task.evaluator is None else {"evaluator": _evaluator_to_dict(task.evaluator)}),
        "tools": list(task.tools),
        "related_apps": list(task.related_apps),
        "snapshot": task.snapshot,
        "max_steps": task.max_steps,
        "seed_params": task.seed_params,
    }


def read_tasks(source: str | Path) -> Sequence[Task]:
    """The tasks of a JSON file (one task or a list), a JSONL file, a folder of such files, or OSWorld's own tree.

    OSWorld's tree is a folder with ``test_all.json`` (``{domain: [id, …]}``) and ``examples/<domain>/<id>.json``, or
    any such index file beside ``examples``.

    Raises:
        UsageError: if there is nothing at that path.
        TaskError: gives file, line and JSON path of the fault.
    """
    path = Path(source)
    if path.is_dir():
        index = path / "test_all.json"
        return list(_indexed(index) if index.is_file() else _folder(path))
    if not path.is_file():
        raise UsageError(f"no tasks at {str(source)!r}: it is no file, no folder and no suite's name")
    if path.suffix == ".jsonl":
        return list(_lines(path))
    return list(_document(path))


def _folder(folder: Path) -> Iterator[Task]:
    for path in sorted((*folder.rglob("*.json"), *folder.rglob("*.jsonl"))):
        yield from read_tasks(path)


def _lines(path: Path) -> Iterator[Task]:
    for number, line in enumerate(_text(path).splitlines(), 1):
        if line.strip():
            where = f"{path}:{number}"
            yield parse_task(_object(_decoded(line, where), where), where=where)


def _document(path: Path) -> Iterator[Task]:
    document = _decoded(_text(path), str(path))
    if _is_index(document) and (path.parent / "examples").is_dir():
        yield from _indexed(path)
    elif isinstance(document, list):
        for number, one in enumerate(document):
            yield parse_task(_object(one, f"{path}[{number}]"), where=f"{path}[{number}]")
    else:
        yield parse_task(_object(document, str(path)), where=str(path))


def _indexed(index: Path) -> Iterator[Task]:
    for domain, names in _decoded(_text(index), str(index)).items():
        for name in names:
            path = index.parent / "examples" / domain / f"{name}.json"
            if not path.is_file():
                raise TaskError(f"{index}: there is no {path} - at $.{domain}")
            yield from _document(path)


def _is_index(document: Any) -> bool:
    return isinstance(document, dict) and bool(document) and all(isinstance(names, list) for names in document.values())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError(f"{path}: {error}") from error


def _decoded(text: str, where: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise TaskError(f"{where}: {error}") from error


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TaskError(f"{where}: a task is an object, not {type(value).__name__} - at $")
    return value


def _evaluator(read: _Evaluator, where: str) -> EvaluatorSpec:
    postconfig = tuple(read.postconfig)
    if read.func == "infeasible":
        return EvaluatorSpec((), read.conj, postconfig, infeasible=True)
    names = [read.func] if isinstance(read.func, str) else read.func
    if not names:
        raise TaskError(f"{where}: an evaluator needs at least one metric - at $.evaluator.func")
    columns = {
        key: _column(getattr(read, key), len(names), read.func, f"{where}: $.evaluator.{key}")
        for key in ("result", "expected", "options")
    }
    checks = tuple(
        Check(
            metric=name,
            result=_getter(columns["result"][index], f"{where}: $.evaluator.result"),
            expected=_getter(columns["expected"][index], f"{where}: $.evaluator.expected"),
            options=columns["options"][index] or {},
        )
        for index, name in enumerate(names)
    )
    return EvaluatorSpec(checks, read.conj, postconfig)


def _column(value: Any, length: int, func: str | list[str], where: str) -> list[Any]:
    if value is None:
        return [None] * length
    if isinstance(func, str):
        return [value[0] if isinstance(value, list) and value else value]
    if not isinstance(value, list) or len(value) != length:
        raise TaskError(f"{where} must be a list of {length}, one for each metric in func")
    return value


def _getter(value: dict[str, Any] | None, where: str) -> GetterSpec | None:
    if not value:
        return None
    if not isinstance(value.get("type"), str):
        raise TaskError(f"{where} needs a 'type' that names a getter; given was {value!r}")
    return GetterSpec(value["type"], value)


def _evaluator_to_dict(spec: EvaluatorSpec) -> dict[str, Any]:
    rest = {"conj": spec.conj, "postconfig": msgspec.to_builtins(spec.postconfig)}
    if spec.infeasible:
        return {"func": "infeasible", **rest}
    return {
        "func": [check.metric for check in spec.checks],
        "result": [check.result and check.result.config for check in spec.checks],
        "expected": [check.expected and check.expected.config for check in spec.checks],
        "options": [check.options for check in spec.checks],
        **rest,
    }
