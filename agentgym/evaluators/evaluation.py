"""Applies a task's checks to a machine."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from agentgym.actions import Action, Fail
from agentgym.backends.base import Backend
from agentgym.errors import (
    AgentGymError,
    BackendError,
    EvaluationError,
    MissingDependencyError,
    TaskError,
    UnknownNameError,
)
from agentgym.evaluators.getters.registry import Fetched, getters, reads_kept
from agentgym.evaluators.metrics import metrics, takes_strict
from agentgym.registry import Registry
from agentgym.setup import run_steps
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

__all__ = ["Score", "evaluate"]

_Kept = Mapping[str, bytes]

# What an agent left may be too deep, too large or too garbled for whoever reads it. It is then as good as not there:
# an episode that was lost must not get out of its score.
_BEYOND_READING = (RecursionError, MemoryError, OverflowError, UnicodeError)


class Score(msgspec.Struct, frozen=True):
    """A result in [0, 1], with the result of each check by its place and metric: ``"0:exact_match"``."""

    value: float
    terms: dict[str, float] = {}


class _Room(NamedTuple):
    """Where the files of one side of a check are put."""

    folder: Callable[[], Path]
    side: str


class _MissingError(Exception):
    """What was to be judged is not there, or cannot be read."""


def evaluate(
    spec: EvaluatorSpec, backend: Backend, last_action: Action | None, *, kept: Mapping[str, bytes] | None = None
) -> Score:
    """Scores the machine's current state.

    ``and`` is the mean of the checks, or 0 as soon as one is exactly 0; ``or`` is their maximum. An infeasible task
    scores 1 if the last action said so; any other scores 0 then. A file that is missing is a fact: that check is 0.
    So is what is nested too deep, too large or no text where one should be, as an agent may leave it.
    Semantics of OSWorld's ``DesktopEnv.evaluate``, but for a missing file under ``or``, which there leaves the check
    before it in force.

    Args:
        spec: the task's checks.
        backend: the machine, after the last action has settled.
        last_action: None if the agent never acted.
        kept: what the task's setup steps and the episode's tools kept, by name; that of ``postconfig`` joins it.

    Raises:
        EvaluationError: if a postconfig step, a getter or a metric fails. The episode is then unscored.
        BackendError: if the machine broke.
    """
    known = {**(kept or {}), **_prepared(spec, backend)}
    gave_up = isinstance(last_action, Fail)
    if spec.infeasible:
        return Score(float(gave_up), {"0:infeasible": float(gave_up)})
    if gave_up:
        return Score(0.0, {f"{index}:{check.metric}": 0.0 for index, check in enumerate(spec.checks)})
    terms: dict[str, float] = {}
    for index, check in enumerate(spec.checks):
        value = _apply(_strictly(check) if spec.strict else check, backend, known, f"$.evaluator, check {index}")
        terms[f"{index}:{check.metric}"] = value
        if value == (0.0 if spec.conj == "and" else 1.0):
            return Score(value, terms)
    return Score(_joined(spec, list(terms.values())), terms)


def _prepared(spec: EvaluatorSpec, backend: Backend) -> _Kept:
    try:
        return run_steps(spec.postconfig, backend, where="$.evaluator.postconfig")
    except (MissingDependencyError, TaskError) as error:
        raise EvaluationError(f"postconfig: {error}") from error
    except BackendError as error:
        if _passes(error):
            raise
        raise _unscored(error, "postconfig", "$.evaluator.postconfig") from error


def _passes(error: Exception) -> bool:
    """Whether an error is attributed already. What a server elsewhere did is not: the machine itself is alive."""
    return isinstance(error, EvaluationError) or (isinstance(error, BackendError) and error.kind != "network")


def _unscored(error: Exception, what: str, where: str) -> EvaluationError:
    said = str(error) if isinstance(error, AgentGymError) else repr(error)
    return EvaluationError(f"{what} raised {said} - at {where}")


def _joined(spec: EvaluatorSpec, values: list[float]) -> float:
    if not values:
        return 0.0
    return math.fsum(values) / len(values) if spec.conj == "and" else max(values)


def _strictly(check: Check) -> Check:
    """The check as a strict evaluator has it; what its own options say goes before."""
    if check.metric not in metrics or not takes_strict(metrics[check.metric]):
        return check
    return msgspec.structs.replace(check, options={"strict": True, **check.options})


def _apply(check: Check, backend: Backend, kept: _Kept, where: str) -> float:
    with ExitStack() as stack:
        # Made for the first file: most checks of small tasks have none, and a folder costs more than such a check.
        folder = cache(lambda: Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="agentgym-check-"))))
        try:
            arguments = [
                _get(getter, backend, kept, room=_Room(folder, side), where=f"{where}, {side}")
                for side, getter in (("result", check.result), ("expected", check.expected))
                if getter is not None
            ]
            return _measure(check, arguments, where)
        except _MissingError:
            return 0.0


def _get(spec: GetterSpec, backend: Backend, kept: _Kept, *, room: _Room, where: str) -> Any:
    getter = _known(getters, spec.type, where)
    try:
        found = getter(backend, {**spec.config, "kept": kept} if spec.type in reads_kept else spec.config)
    except (FileNotFoundError, *_BEYOND_READING) as error:
        raise _MissingError from error
    except Exception as error:  # a boundary to getters that others wrote
        if _passes(error):
            raise
        raise _unscored(error, f"getter {spec.type!r}", where) from error
    try:
        return _on_disk(found, room)
    except (OSError, ValueError) as error:
        raise EvaluationError(f"what getter {spec.type!r} fetched cannot be handed on: {error} - at {where}") from error


def _known(registry: Registry[Any], name: str, where: str) -> Any:
    try:
        return registry[name]
    except UnknownNameError as error:
        raise EvaluationError(f"{error} - at {where}") from error


def _on_disk(found: Any, room: _Room) -> Any:
    """Metrics take files as paths, as OSWorld's do; they last as long as the check."""
    if isinstance(found, Fetched):
        folder = room.folder() / room.side
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / Path(found.name).name
        path.write_bytes(found.content)
        for side in found.beside:
            _on_disk(side, room)
        return str(path)
    if isinstance(found, list):
        return [_on_disk(one, room) for one in found]
    return found


def _measure(check: Check, arguments: list[Any], where: str) -> float:
    metric = _known(metrics, check.metric, where)
    try:
        value: object = metric(*arguments, **check.options)
    except _BEYOND_READING as error:
        raise _MissingError from error
    except Exception as error:  # a boundary to metrics that others wrote
        if _passes(error):
            raise
        raise _unscored(error, f"metric {check.metric!r}", where) from error
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise EvaluationError(f"metric {check.metric!r} gave {value!r}; it must give a number from 0 to 1 - at {where}")
    return float(value)
