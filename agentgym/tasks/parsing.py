"""A task read from JSON as OSWorld writes it, and written back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from agentgym.errors import TaskError
from agentgym.tasks.task import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = ["parse_task", "task_of", "task_to_dict"]

_Getter = dict[str, Any]

_KINDS = {type(None): "null", bool: "a truth", int: "a number", float: "a number", str: "a text", list: "a list"}


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
        where: named in errors.

    Raises:
        TaskError: gives ``where`` and the JSON path of the fault.
    """
    try:
        return task_of(raw)
    except TaskError as error:
        raise TaskError(f"{where}: {error}") from error.__cause__


def task_of(raw: Any) -> Task:
    """A task from what JSON gave.

    Raises:
        TaskError: ends with the JSON path of the fault.
    """
    if not isinstance(raw, Mapping):
        raise TaskError(f"a task is an object, not {_KINDS.get(type(raw), type(raw).__name__)} - at $")
    try:
        read = msgspec.convert(dict(raw), _File)
    except msgspec.ValidationError as error:
        message = str(error)
        raise TaskError(message if " - at `$" in message else f"{message} - at $") from error
    if not read.id:
        raise TaskError("a task needs an id that is not empty - at $.id")
    if read.max_steps is not None and read.max_steps < 1:
        raise TaskError(f"max_steps is {read.max_steps}; it must be at least 1 - at $.max_steps")
    _check_steps(raw.get("config", ()), "$.config")
    return Task(
        id=read.id,
        instruction=read.instruction,
        setup=tuple(read.config),
        evaluator=None if read.evaluator is None else _evaluator(read.evaluator, raw["evaluator"]),
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


def _evaluator(read: _Evaluator, raw: Mapping[str, Any]) -> EvaluatorSpec:
    _check_keys(raw, _Evaluator, "$.evaluator")
    _check_steps(raw.get("postconfig", ()), "$.evaluator.postconfig")
    postconfig = tuple(read.postconfig)
    if read.func == "infeasible":
        return EvaluatorSpec((), read.conj, postconfig, infeasible=True)
    names = [read.func] if isinstance(read.func, str) else read.func
    if not names:
        raise TaskError("an evaluator needs at least one metric - at $.evaluator.func")
    if "infeasible" in names:
        raise TaskError("'infeasible' is no metric among others: it stands alone, as text - at $.evaluator.func")
    results = _getters(read, "result", len(names))
    expected = _getters(read, "expected", len(names))
    options = _column(read, "options", len(names))
    checks = tuple(
        Check(name, results[index], expected[index], options[index] or {}) for index, name in enumerate(names)
    )
    return EvaluatorSpec(checks, read.conj, postconfig)


def _column(read: _Evaluator, key: str, length: int) -> list[Any]:
    """What an evaluator says under a key, once for each metric."""
    value: Any = getattr(read, key)
    if value is None:
        return [None] * length
    if isinstance(read.func, str) and not isinstance(value, list):
        return [value]
    # Some of OSWorld's have an empty list for nothing.
    if isinstance(read.func, str) and not value:
        return [None]
    if not isinstance(value, list) or len(value) != length:
        raise TaskError(f"{key} must be a list of {length}, one for each metric in func - at $.evaluator.{key}")
    return value


def _getters(read: _Evaluator, key: str, length: int) -> list[GetterSpec | None]:
    value = getattr(read, key)
    single = not isinstance(value, list)
    return [
        _getter(one, f"$.evaluator.{key}" if single else f"$.evaluator.{key}[{index}]")
        for index, one in enumerate(_column(read, key, length))
    ]


def _getter(value: dict[str, Any] | None, where: str) -> GetterSpec | None:
    if not value:
        return None
    if not isinstance(value.get("type"), str):
        raise TaskError(f"this needs a 'type' that names a getter; given was {value!r} - at {where}")
    return GetterSpec(value["type"], value)


def _check_steps(steps: Iterable[Mapping[str, Any]], where: str) -> None:
    for index, step in enumerate(steps):
        _check_keys(step, SetupStep, f"{where}[{index}]")


def _check_keys(raw: Mapping[str, Any], form: type[msgspec.Struct], where: str) -> None:
    """Refuses what would be passed over; a key that begins with ``_`` is a note."""
    known = form.__struct_fields__
    unknown = next((key for key in raw if key not in known and not key.startswith("_")), None)
    if unknown is not None:
        close = get_close_matches(unknown, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"
        raise TaskError(f"no key {unknown!r} is known here; {hint} - at {where}")


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
