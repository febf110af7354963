"""The metric on spreadsheets: a list of rules, each on one thing that a workbook holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agentgym.evaluators.metrics import cells, pivottables, sheetcharts, sheetobjects, sheetstyles, sheetvalues
from agentgym.evaluators.metrics.registry import Metric, OptionCheck, OptionRemarks
from agentgym.evaluators.metrics.structures import check_comparison
from agentgym.evaluators.metrics.workbooks import Books, Rule, check_which, read_book
from agentgym.tasks.forms import misfits, slips, unknown_keys

__all__ = ["KINDS", "METRICS", "OPTION_CHECKS", "OPTION_REMARKS", "Kind"]

_ONE = ("sheet_idx",)
_TWO = ("sheet_idx0", "sheet_idx1")

_FORMS: Mapping[str, Any] = {
    **dict.fromkeys((*_ONE, *_TWO), int | str),
    "chart_props": list[str],
    "coordinate": str,
    "dv_props": list[dict[str, dict[str, Any]]],
    "ignore_case": bool,
    "method": str,
    "pivot_props": list[str],
    "precision": int,
    "props": list[str],
    "ref": Any,
    "rules": list[sheetvalues.FuzzyRule],
}
"""What may stand under each key of a rule."""


class Kind(NamedTuple):
    """A type of rule.

    Args:
        holds: whether a rule of it holds.
        needs: the keys that a rule must have.
        may: the keys that it may have besides.
        props: the key under which properties are named, and those that there are.
        unread: the keys that rules of OSWorld have and that nothing reads, there or here.
    """

    holds: Callable[[Books, Rule], bool]
    needs: Sequence[str] = _TWO
    may: Sequence[str] = ()
    props: tuple[str, Mapping[str, Any]] | None = None
    unread: Sequence[str] = ()


KINDS: Mapping[str, Kind] = {
    "sheet_name": Kind(sheetvalues.same_names, ()),
    "sheet_data": Kind(sheetvalues.same_data, may=("precision",), unread=("ignore_case",)),
    "sheet_print": Kind(sheetvalues.same_print, may=("ignore_case",)),
    "sheet_fuzzy": Kind(sheetvalues.fuzzily_same, (*_TWO, "rules")),
    "check_cell": Kind(cells.same_cell, (*_ONE, "coordinate", "props"), props=("props", cells.CELL)),
    "style": Kind(sheetstyles.same_style, (*_TWO, "props"), props=("props", cells.CELL)),
    "row_props": Kind(cells.same_rows, (*_TWO, "props"), props=("props", cells.ROW)),
    "col_props": Kind(cells.same_columns, (*_TWO, "props"), props=("props", cells.COLUMN)),
    "freeze": Kind(sheetobjects.same_freeze),
    "filter": Kind(sheetobjects.same_filter),
    "zoom": Kind(sheetobjects.zoomed, (*_ONE, "method", "ref")),
    "chart": Kind(sheetcharts.same_charts, may=("chart_props",), props=("chart_props", sheetcharts.CHART)),
    "sparkline": Kind(sheetcharts.same_sparklines),
    "pivot_table": Kind(pivottables.same_pivots, (*_TWO, "pivot_props"), props=("pivot_props", pivottables.PIVOT)),
    "data_validation": Kind(sheetobjects.validates, (*_ONE, "dv_props"), props=("dv_props", sheetobjects.VALIDATION)),
}


def compare_table(
    result: str | None, expected: str | None = None, *, rules: Sequence[Rule], strict: bool = False
) -> float:
    """Whether a workbook fulfils all rules; those that compare have another sheet, mostly the expected book's.

    A sheet is ``0`` or ``"RI0"`` (a place in the result), ``"EI0"`` (in the expected book), ``"RNname"`` or
    ``"ENname"``.

    Args:
        strict: sheets that are compared must be there, which otherwise have nothing if they are not; of what looks
            the same, it does not count how a file says so.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
        ValueError: if a rule is of no such type, or not whole.
    """
    for fault in _faults({"rules": rules}):
        raise ValueError(fault)
    books = read_book(result), read_book(expected)
    if books[0] is None or (expected is not None and books[1] is None):
        return 0.0
    told = [{**rule, "strict": strict} for rule in rules]
    return float(all(KINDS[rule["type"]].holds(books, rule) for rule in told))


def _faults(options: Mapping[str, Any]) -> Iterator[str]:
    rules = options["rules"]
    if not isinstance(rules, Sequence) or isinstance(rules, str) or not rules:
        yield f"rules is {rules!r}; it must be a list of at least one rule - at $.rules"
        return
    for number, rule in enumerate(rules):
        yield from _faults_of_rule(rule, f"$.rules[{number}]")


def _faults_of_rule(rule: Any, place: str) -> Iterator[str]:
    if not isinstance(rule, Mapping) or not isinstance(rule.get("type"), str):
        yield f"a rule is an object with a type, not {rule!r} - at {place}"
        return
    if rule["type"] not in KINDS:
        yield f"there is no rule {rule['type']!r}; there are {', '.join(KINDS)} - at {place}"
        return
    kind = KINDS[rule["type"]]
    for key, said in slips(rule, ("type", *kind.needs, *kind.may, *kind.unread)):
        yield f"{said} - at {place}.{key}"
    missing = [key for key in kind.needs if key not in rule]
    unfit = [
        said
        for key in (*kind.needs, *kind.may)
        if key in rule
        for said in misfits(rule[key], _form(rule["type"], key), f"{place}.{key}")
    ]
    yield from unfit
    if missing:
        yield f"a rule {rule['type']!r} needs {', '.join(missing)} - at {place}"
    elif not unfit:
        try:
            _check_rule(rule, kind)
        except ValueError as error:
            yield f"{error} - at {place}"


def _form(kind: str, key: str) -> Any:
    return dict[str, dict[str, Any]] if (kind, key) == ("check_cell", "props") else _FORMS[key]


def _check_rule(rule: Rule, kind: Kind) -> None:
    for key in {*_ONE, *_TWO} & set(kind.needs):
        check_which(rule[key])
    if kind.props is not None:
        _check_props(rule.get(kind.props[0], ()), kind.props[1], rule["type"])
    for comparison in _comparisons(rule):
        check_comparison(comparison)


def _unread(options: Mapping[str, Any]) -> Iterator[str]:
    for number, rule in enumerate(options["rules"]):
        kind = KINDS[rule["type"]]
        for key, _ in unknown_keys(rule, ("type", *kind.needs, *kind.may)):
            said = f"nothing reads {key!r} in a rule {rule['type']!r}, which OSWorld passes over, too"
            yield f"{said} - at $.rules[{number}].{key}"


def _comparisons(rule: Rule) -> Sequence[Any]:
    match rule["type"]:
        case "zoom":
            return [rule]
        case "check_cell":
            return list(rule["props"].values())
        case "data_validation":
            wanted = [one for props in rule["dv_props"] for one in props.values()]
            return [one for one in wanted if one.get("method") != sheetobjects.RANGE]
    return []


def _check_props(named: Any, known: Mapping[str, Any], kind: str) -> None:
    # ``dv_props`` is a list of such mappings.
    names = [name for one in named for name in (one if isinstance(one, Mapping) else [one])]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"{kind} has no property {unknown[0]!r}; it has {', '.join(known)}")


METRICS: Mapping[str, Metric] = {"compare_table": compare_table}
OPTION_CHECKS: Mapping[str, OptionCheck] = {"compare_table": _faults}
OPTION_REMARKS: Mapping[str, OptionRemarks] = {"compare_table": _unread}
