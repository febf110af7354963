"""What can be known to be wrong with an evaluator before the episode, so that none is played for nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from agentgym.errors import TaskError, UnknownNameError
from agentgym.evaluators.getters import check_names, getters, is_true
from agentgym.evaluators.metrics import Metric, metrics, option_checks
from agentgym.setup import check_step, unknown_keyword
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

__all__ = ["check_spec"]


class _Rule(msgspec.Struct):
    rules: Any


class _Files(msgspec.Struct):
    path: str | list[str]
    dest: str | list[str] | None = None
    multi: bool | str = False
    gives: tuple[int, ...] = (0,)


class _Command(msgspec.Struct):
    command: str | list[str]
    shell: bool | str = False


class _Path(msgspec.Struct):
    path: str


class _Content(msgspec.Struct):
    path: str
    file_type: Literal["xlsx"]
    file_content: Literal["last_row"]


class _Application(msgspec.Struct):
    app_class_name: str


_FORMS: Mapping[str, type[msgspec.Struct]] = {
    "rule": _Rule,
    "vm_file": _Files,
    "cloud_file": _Files,
    "cache_file": _Path,
    "content_from_vm_file": _Content,
    "vm_command_line": _Command,
    "vm_command_error": _Command,
    "list_directory": _Path,
    "vm_window_size": _Application,
}
"""What the built-in getters must be told."""


def check_spec(spec: EvaluatorSpec) -> None:
    """Looks at every name that an evaluator uses and at what it is called with.

    Raises:
        TaskError: gives the JSON path, and suggests a close name for a misspelt one.
    """
    for index, step in enumerate(spec.postconfig):
        check_step(step, f"$.evaluator.postconfig[{index}]")
    for index, check in enumerate(spec.checks):
        metric: Metric = _known(metrics, check.metric, f"$.evaluator.func[{index}]")
        for side, getter in (("result", check.result), ("expected", check.expected)):
            if getter is not None:
                _check_getter(getter, f"$.evaluator.{side}[{index}]")
        _check_sides(check, metric, f"$.evaluator.func[{index}]")
        _check_options(check, metric, f"$.evaluator.options[{index}]")


def _known(registry: Mapping[str, Any], name: str, where: str) -> Any:
    try:
        return registry[name]
    except UnknownNameError as error:
        raise TaskError(f"{error} - at {where}") from error


def _check_options(check: Check, metric: Metric, where: str) -> None:
    try:
        signature = inspect.signature(metric)
    except ValueError:
        # What is written in C may have none.
        return
    sides = [side for side in (check.result, check.expected) if side is not None]
    unknown = unknown_keyword(signature, check.options, after=len(sides))
    if unknown is not None:
        raise TaskError(f"metric {check.metric!r} has no option {unknown} - at {where}")
    try:
        signature.bind(*sides, **check.options)
    except TypeError as error:
        raise TaskError(f"metric {check.metric!r}: {error} - at {where}") from error
    if check.metric in option_checks:
        _reporting(lambda: option_checks[check.metric](check.options), f"metric {check.metric!r}", where)


def _check_sides(check: Check, metric: Metric, where: str) -> None:
    """Whether there is something fetched for each that the metric compares."""
    given = sum(side is not None for side in (check.result, check.expected))
    try:
        parameters = inspect.signature(metric).parameters.values()
    except ValueError:
        return
    wanted = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = sum(one.default is one.empty for one in wanted)
    if given < needed:
        sides = "a result and something expected" if needed > 1 else "a result"
        raise TaskError(f"metric {check.metric!r} needs {sides}, each with a getter - at {where}")


def _check_getter(spec: GetterSpec, where: str) -> None:
    _known(getters, spec.type, f"{where}.type")
    if spec.type not in _FORMS:
        return
    try:
        form = msgspec.convert(spec.config, _FORMS[spec.type])
    except msgspec.ValidationError as error:
        says, _, inner = str(error).partition(" - at `$")
        raise TaskError(f"getter {spec.type!r}: {says} - at {where}{inner.rstrip('`')}") from error
    if isinstance(form, _Files):
        _reporting(lambda: _check_files(form), f"getter {spec.type!r}", where)


def _check_files(form: _Files) -> None:
    if not is_true(form.multi):
        if not isinstance(form.path, str) or isinstance(form.dest, list):
            raise ValueError("for several files, say 'multi': true")
        return
    if isinstance(form.path, str) or isinstance(form.dest, str):
        raise ValueError("with 'multi', path and dest are lists")
    dest = form.dest or form.path
    if len(dest) != len(form.path):
        raise ValueError(f"{len(form.path)} paths and {len(dest)} names in dest")
    check_names(dest)
    outside = [place for place in form.gives if not 0 <= place < len(dest)]
    if outside or not form.gives:
        raise ValueError(f"gives is {list(form.gives)}; it picks of the places 0 to {len(dest) - 1}")


def _reporting(look: Callable[[], None], what: str, where: str) -> None:
    try:
        look()
    except ValueError as error:
        raise TaskError(f"{what}: {error} - at {where}") from error
