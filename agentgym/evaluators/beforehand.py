"""What can be known to be wrong with an evaluator before the episode, so that none is played for nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias, get_type_hints

import msgspec

from agentgym.errors import TaskError, UnknownNameError
from agentgym.evaluators.getters.files import Files, check_names
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters
from agentgym.evaluators.metrics import Metric, metrics, option_checks, option_remarks
from agentgym.setup import check_step, unknown_keyword
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec
from agentgym.tasks.forms import is_true, misfits, passed_over

__all__ = ["check_spec", "faults_of_spec", "remarks_on_spec", "rules_form"]

_Place: TypeAlias = Callable[..., str]
"""The JSON path of a key of the evaluator for one check, and of what is within."""


def check_spec(spec: EvaluatorSpec) -> None:
    """Looks at every name that an evaluator uses and at what it is called with.

    Raises:
        TaskError: gives the JSON path, and suggests a close name for a misspelt one.
    """
    for fault in faults_of_spec(spec):
        raise TaskError(fault)


def faults_of_spec(spec: EvaluatorSpec) -> Iterator[str]:
    """All that `check_spec` would raise of, each with its JSON path at the end."""
    for index, step in enumerate(spec.postconfig):
        yield from _said(partial(check_step, step, f"$.evaluator.postconfig[{index}]"))
    for check, place in _placed_checks(spec):
        yield from _faults_of_check(check, place)


def remarks_on_spec(spec: EvaluatorSpec) -> Iterator[str]:
    """What an evaluator says that nothing reads, in OSWorld neither, each with its JSON path at the end."""
    for check, place in _placed_checks(spec):
        if check.metric not in metrics:
            continue
        rules = _rules(check, metrics[check.metric])
        if rules is not None:
            yield from passed_over(*rules, place("expected", ".rules"))
        if check.metric in option_remarks and not list(_faults_of_check(check, place)):
            for said in option_remarks[check.metric](check.options):
                yield _placed(said, place("options"))


def rules_form(metric: Metric) -> Any:
    """What a metric's ``rules`` may be, if it is annotated; None if it compares with what any getter fetched."""
    parameters = _signature(metric)
    rules = None if parameters is None else parameters.parameters.get("rules")
    if rules is None or rules.kind is rules.KEYWORD_ONLY:
        return None
    form = _hints(metric).get("rules")
    return None if form is Any else form


def _placed_checks(spec: EvaluatorSpec) -> Iterator[tuple[Check, _Place]]:
    """Each check, and where it stands; one alone stands there itself, as nearly every task has it, and in no list."""
    for index, check in enumerate(spec.checks):
        yield check, partial(_path, f"[{index}]" if len(spec.checks) > 1 else "")


def _path(index: str, key: str, inner: str = "") -> str:
    return f"$.evaluator.{key}{index}{inner}"


def _faults_of_check(check: Check, where: _Place) -> Iterator[str]:
    for side, getter in (("result", check.result), ("expected", check.expected)):
        if getter is not None:
            yield from _faults_of_getter(getter, where(side))
    place = where("func")
    try:
        metric: Metric = _known(metrics, check.metric, place)
    except TaskError as error:
        yield str(error)
        return
    rules = _rules(check, metric)
    if rules is not None:
        for said in misfits(*rules, where("expected", ".rules"), is_open=True):
            yield f"metric {check.metric!r}: {said}"
    options = where("options")
    unfit = list(_said(partial(_check_sides, check, metric, place)))
    unfit = unfit or list(_said(partial(_check_options, check, metric, options)))
    yield from unfit
    if not unfit:
        yield from (f"metric {check.metric!r}: {said}" for said in _faults_of_options(check, metric, options))


def _faults_of_options(check: Check, metric: Metric, where: str) -> Iterator[str]:
    """What is wrong with the values of options that there are."""
    if check.metric in option_checks:
        yield from (_placed(said, where) for said in option_checks[check.metric](check.options))
        return
    hints = _hints(metric)
    for name, value in check.options.items():
        # A truth that is written as text is one to metrics, too.
        if not (hints.get(name) in (bool, bool | None) and isinstance(value, str) and is_true(value)):
            yield from misfits(value, hints.get(name, Any), f"{where}.{name}")


def _placed(said: str, where: str) -> str:
    """What was said of a place among options, of their place in the task."""
    words, _, place = said.rpartition(" - at $")
    return f"{words} - at {where}{place}"


def _said(look: Callable[[], object]) -> Iterator[str]:
    try:
        look()
    except TaskError as error:
        yield str(error)


def _rules(check: Check, metric: Metric) -> tuple[Any, Any] | None:
    """The rules that stand in a task, and what they may be; None if there are none, or anything will do."""
    form = rules_form(metric)
    if form is None or check.expected is None or check.expected.type != "rule" or "rules" not in check.expected.config:
        return None
    return check.expected.config["rules"], form


def _hints(metric: Metric) -> Mapping[str, Any]:
    try:
        return get_type_hints(metric, include_extras=True)
    except (NameError, TypeError):
        # One of another package may import what it is annotated with for its type checker alone, or be no function.
        return {}


def _signature(metric: Metric) -> inspect.Signature | None:
    try:
        return inspect.signature(metric)
    except ValueError:
        # What is written in C may have none.
        return None


def _known(registry: Mapping[str, Any], name: str, where: str) -> Any:
    try:
        return registry[name]
    except UnknownNameError as error:
        raise TaskError(f"{error} - at {where}") from error


def _check_options(check: Check, metric: Metric, where: str) -> None:
    signature = _signature(metric)
    if signature is None:
        return
    sides = [side for side in (check.result, check.expected) if side is not None]
    unknown = unknown_keyword(signature, check.options, after=len(sides))
    if unknown is not None:
        raise TaskError(f"metric {check.metric!r} has no option {unknown} - at {where}")
    try:
        signature.bind(*sides, **check.options)
    except TypeError as error:
        raise TaskError(f"metric {check.metric!r}: {error} - at {where}") from error


def _check_sides(check: Check, metric: Metric, where: str) -> None:
    """Whether there is something fetched for each that the metric compares."""
    given = sum(side is not None for side in (check.result, check.expected))
    signature = _signature(metric)
    if signature is None:
        return
    wanted = [
        one for one in signature.parameters.values() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    needed = sum(one.default is one.empty for one in wanted)
    if given < needed:
        sides = "a result and something expected" if needed > 1 else "a result"
        raise TaskError(f"metric {check.metric!r} needs {sides}, each with a getter - at {where}")


def _faults_of_getter(spec: GetterSpec, where: str) -> Iterator[str]:
    try:
        _known(getters, spec.type, f"{where}.type")
    except TaskError as error:
        yield str(error)
        return
    if spec.type not in getter_forms:
        return
    form = getter_forms[spec.type]
    told = {key: value for key, value in spec.config.items() if key != "type"}
    faults = [f"getter {spec.type!r}: {said}" for said in misfits(told, form, where)]
    yield from faults
    if issubclass(form, Files) and not faults:
        files = msgspec.convert(told, form)
        yield from _said(partial(_reporting, partial(_check_files, files), f"getter {spec.type!r}", where))


def _check_files(form: Files) -> None:
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
