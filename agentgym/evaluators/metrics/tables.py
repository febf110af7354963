"""The metric on spreadsheets: a list of rules, each on one thing that a workbook holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from agentgym.evaluators.metrics import cells, sheetobjects, sheetvalues
from agentgym.evaluators.metrics.registry import Metric, OptionCheck, OptionRemarks
from agentgym.evaluators.metrics.structures import check_comparison
from agentgym.evaluators.metrics.workbooks import Books, Rule, check_which, read_book
from agentgym.tasks.forms import unknown_keys

__all__ = ["KINDS", "METRICS", "OPTION_CHECKS", "OPTION_REMARKS", "Kind"]

_ONE = ("sheet_idx",)
_TWO = ("sheet_idx0", "sheet_idx1")


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
    "style": Kind(cells.same_style, (*_TWO, "props"), props=("props", cells.CELL)),
    "row_props": Kind(cells.same_rows, (*_TWO, "props"), props=("props", cells.ROW)),
    "col_props": Kind(cells.same_columns, (*_TWO, "props"), props=("props", cells.COLUMN)),
    "freeze": Kind(sheetobjects.same_freeze),
    "filter": Kind(sheetobjects.same_filter),
    "zoom": Kind(sheetobjects.zoomed, (*_ONE, "method", "ref")),
    "chart": Kind(sheetobjects.same_charts, may=("chart_props",), props=("chart_props", sheetobjects.CHART)),
    "pivot_table": Kind(sheetobjects.same_pivots, (*_TWO, "pivot_props"), props=("pivot_props", sheetobjects.PIVOT)),
    "data_validation": Kind(sheetobjects.validates, (*_ONE, "dv_props"), props=("dv_props", sheetobjects.VALIDATION)),
}


def compare_table(result: str | None, expected: str | None = None, *, rules: Sequence[Rule]) -> float:
    """Whether a workbook fulfils all rules; those that compare have another sheet, mostly the expected book's.

    A sheet is ``0`` or ``"RI0"`` (a place in the result), ``"EI0"`` (in the expected book), ``"RNname"`` or
    ``"ENname"``.

    Raises:
        MissingDependencyError: if openpyxl is not installed.
        ValueError: if a rule is of no such type, or not whole.
    """
    _check_rules({"rules": rules})
    books = read_book(result), read_book(expected)
    if books[0] is None or (expected is not None and books[1] is None):
        return 0.0
    return float(all(KINDS[rule["type"]].holds(books, rule) for rule in rules))


def _check_rules(options: Mapping[str, Any]) -> None:
    rules = options["rules"]
    if not isinstance(rules, Sequence) or isinstance(rules, str) or not rules:
        raise ValueError(f"rules is {rules!r}; it must be a list of at least one rule")
    for number, rule in enumerate(rules):
        try:
            _check_rule(rule)
        except ValueError as error:
            raise ValueError(f"rules[{number}]: {error}") from error


def _check_rule(rule: Any) -> None:
    if not isinstance(rule, Mapping):
        raise ValueError(f"a rule is an object with a type, not {rule!r}")
    if rule.get("type") not in KINDS:
        raise ValueError(f"there is no rule {rule.get('type')!r}; there are {', '.join(KINDS)}")
    kind = KINDS[rule["type"]]
    missing = [key for key in kind.needs if key not in rule]
    if missing:
        raise ValueError(f"a rule {rule['type']!r} needs {', '.join(missing)}")
    for _, said in unknown_keys(rule, ("type", *kind.needs, *kind.may, *kind.unread)):
        raise ValueError(f"in a rule {rule['type']!r}: {said}")
    for key in {*_ONE, *_TWO} & set(kind.needs):
        check_which(rule[key])
    if kind.props is not None:
        _check_props(rule.get(kind.props[0], ()), kind.props[1], rule["type"])
    for comparison in _comparisons(rule):
        check_comparison(comparison)
    if rule["type"] == "sheet_fuzzy":
        for one in rule["rules"]:
            sheetvalues.check_range(one)


def _unread(options: Mapping[str, Any]) -> Iterator[str]:
    for number, rule in enumerate(options["rules"]):
        kind: str = rule["type"]
        for key in KINDS[kind].unread:
            if key in rule:
                yield f"rules[{number}]: nothing reads {key!r} in a rule {kind!r}, which OSWorld passes over, too"


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
OPTION_CHECKS: Mapping[str, OptionCheck] = {"compare_table": _check_rules}
OPTION_REMARKS: Mapping[str, OptionRemarks] = {"compare_table": _unread}
