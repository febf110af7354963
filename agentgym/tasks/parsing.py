"""A task read from JSON as OSWorld writes it, and written back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from agentgym.errors import TaskError
from agentgym.tasks.forms import fields_of, misfits, passed_over
from agentgym.tasks.task import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = ["EvaluatorForm", "TaskForm", "faults_of", "parse_task", "remarks_of", "task_of", "task_to_dict"]

_Getter = dict[str, Any]

_LIKE_A_KNOWN_KEY = 0.8
_LONG = 30
_HOOKS = ("hooks", "reward_hooks")
"""The keys among the metadata that are read wherever a task is played."""
_KINDS = {type(None): "null", bool: "a truth", int: "a number", float: "a number", str: "a text", list: "a list"}


class EvaluatorForm(msgspec.Struct):
    """The evaluator as it stands in a file: one of each, or lists of equal length.

    Args:
        func: the metric's name, or one for each check; ``"infeasible"`` if the agent must say that it cannot be done.
        result: the getter of what the agent made.
        expected: the getter of what it is held against; many metrics want ``{"type": "rule", "rules": …}``.
        options: what the metric is told besides.
        conj: how checks are put together: ``and`` is their mean, or 0 as soon as one is 0; ``or`` is the best of them.
        postconfig: setup steps before the checks, such as one that saves what is open.
        strict: whether metrics judge rightly where they would do as OSWorld's, which reward what was not done.
    """

    func: str | list[str]
    result: _Getter | list[_Getter | None] | None = None
    expected: _Getter | list[_Getter | None] | None = None
    options: dict[str, Any] | list[dict[str, Any] | None] | None = None
    conj: Literal["and", "or"] = "and"
    postconfig: list[SetupStep] = []
    strict: bool = False


class TaskForm(msgspec.Struct):
    """The keys of a task file that mean something; the others are metadata.

    Args:
        id: under which results are kept; no other task of the source has it.
        instruction: what the agent is told.
        config: the setup steps, done in their order before the first observation.
        evaluator: how the end is judged; without one the episode has no score, and every reward is 0.
        tools: the tools it is done with in ``agentgym/Tools-v0``: registered names, or ``module:name``.
        related_apps: the applications it needs; ``agentgym run`` says what is missing before it starts.
        snapshot: OSWorld's word for the state to begin with; kept, and not read: every episode begins afresh.
        max_steps: truncates the episode; ``max_steps=`` of the environment goes before it.
        seed_params: what was drawn for it, where a program made the task; kept for scripts.
    """

    id: str
    instruction: str
    config: list[SetupStep] = []
    evaluator: EvaluatorForm | None = None
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


def faults_of(raw: Any) -> list[str]:
    """Everything for which what JSON gave is no task, each with its JSON path at the end."""
    if not isinstance(raw, Mapping):
        return [f"a task is an object, not {_KINDS.get(type(raw), type(raw).__name__)} - at $"]
    return [*misfits(_told(raw), TaskForm, "$", is_open=True), *_misspelt(raw)]


def remarks_of(raw: Mapping[str, Any]) -> list[str]:
    """What is said of the keys of steps and of the evaluator that nothing reads, each with its JSON path at the end."""
    return list(passed_over(_told(raw), TaskForm, "$"))


def task_of(raw: Any) -> Task:
    """A task from what JSON gave.

    Raises:
        TaskError: ends with the JSON path of the first fault.
    """
    faults = faults_of(raw)
    if faults:
        raise TaskError(faults[0])
    read = msgspec.convert(_told(raw), TaskForm)
    if not read.id:
        raise TaskError("a task needs an id that is not empty - at $.id")
    if read.max_steps is not None and read.max_steps < 1:
        raise TaskError(f"max_steps is {read.max_steps}; it must be at least 1 - at $.max_steps")
    return Task(
        id=read.id,
        instruction=read.instruction,
        setup=tuple(read.config),
        evaluator=None if read.evaluator is None else _evaluator(read.evaluator),
        tools=tuple(read.tools),
        related_apps=tuple(read.related_apps),
        snapshot=read.snapshot,
        max_steps=read.max_steps,
        seed_params=read.seed_params,
        metadata={key: value for key, value in raw.items() if key not in TaskForm.__struct_fields__},
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


def _told(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that mean something; of those that may be left out, null is as good as left out."""
    told = _without_nulls({key: value for key, value in raw.items() if key in fields_of(TaskForm)}, TaskForm)
    if isinstance(told.get("evaluator"), Mapping):
        told["evaluator"] = _without_nulls(told["evaluator"], EvaluatorForm)
        _tell_steps(told["evaluator"], "postconfig")
    _tell_steps(told, "config")
    return told


def _tell_steps(told: dict[str, Any], key: str) -> None:
    if isinstance(told.get(key), list):
        told[key] = [_without_nulls(step, SetupStep) if isinstance(step, Mapping) else step for step in told[key]]


def _without_nulls(told: Mapping[str, Any], form: Any) -> dict[str, Any]:
    optional = {name for name, (_, required) in fields_of(form).items() if not required}
    return {key: value for key, value in told.items() if value is not None or key not in optional}


def _misspelt(keys: Collection[Any]) -> Iterator[str]:
    """What is said of keys that look like others which mean something and are not there, each with its JSON path."""
    known = {*fields_of(TaskForm), *_HOOKS}
    # A note begins with `_`; nothing long is like any of them.
    others = [key for key in keys if isinstance(key, str) and len(key) < _LONG and not key.startswith("_")]
    for key in others:
        close = [] if key in known else get_close_matches(key, known.difference(keys), n=1, cutoff=_LIKE_A_KNOWN_KEY)
        if close:
            yield f"the key {key!r} means nothing; did you mean {close[0]!r}? - at $.{key}"


def _evaluator(read: EvaluatorForm) -> EvaluatorSpec:
    postconfig = tuple(read.postconfig)
    if read.func == "infeasible":
        return EvaluatorSpec((), read.conj, postconfig, infeasible=True, strict=read.strict)
    names = [read.func] if isinstance(read.func, str) else read.func
    if not names:
        raise TaskError("an evaluator needs at least one metric - at $.evaluator.func")
    if "infeasible" in names:
        raise TaskError("'infeasible' is no metric among others: it stands alone, as text - at $.evaluator.func")
    results = _getters(read, "result", len(names))
    expected = _getters(read, "expected", len(names))
    options = _column(read, "options", len(names))
    checks = tuple(
        Check(name, results[index], expected[index], _without_notes(options[index] or {}))
        for index, name in enumerate(names)
    )
    return EvaluatorSpec(checks, read.conj, postconfig, strict=read.strict)


def _without_notes(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if not name.startswith("_")}


def _column(read: EvaluatorForm, key: str, length: int) -> list[Any]:
    """What an evaluator says under a key, once for each metric."""
    value: Any = getattr(read, key)
    # Some of OSWorld's have an empty list or object for nothing.
    if not value:
        return [None] * length
    if isinstance(read.func, str) and not isinstance(value, list):
        return [value]
    if not isinstance(value, list) or len(value) != length:
        raise TaskError(f"{key} must be a list of {length}, one for each metric in func - at $.evaluator.{key}")
    return value


def _getters(read: EvaluatorForm, key: str, length: int) -> list[GetterSpec | None]:
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


def _evaluator_to_dict(spec: EvaluatorSpec) -> dict[str, Any]:
    strict = {"strict": True} if spec.strict else {}
    rest = {"conj": spec.conj, "postconfig": msgspec.to_builtins(spec.postconfig), **strict}
    if spec.infeasible:
        return {"func": "infeasible", **rest}
    return {
        "func": [check.metric for check in spec.checks],
        "result": [check.result and check.result.config for check in spec.checks],
        "expected": [check.expected and check.expected.config for check in spec.checks],
        "options": [check.options for check in spec.checks],
        **rest,
    }
