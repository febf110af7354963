"""The rule of ``compare_table`` on pivot tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.workbooks import Books, Rule, sheets_if_any

__all__ = ["PIVOT", "same_pivots"]

_ORDERED = "ordered"
_NAMED = "data_fields_name"


def same_pivots(books: Books, rule: Rule) -> bool:
    """Whether two sheets have pivot tables that are alike in ``pivot_props``.

    Tables are told by the cells that they count, fields by their places among those that have a choice of values; with
    ``strict``, fields by their names.
    """
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    if rule.get("strict", False):
        told = [unless_damaged(partial(_named, sheet, rule["pivot_props"])) for sheet in pair]
        return None not in told and told[0] == told[1]
    left, right = ({} if sheet is None else _by_source(sheet, rule["pivot_props"]) for sheet in pair)
    return left == right


class _Fields(NamedTuple):
    """A table's fields as OSWorld counts them: from the first one that has items to the last."""

    skipped: int
    left_out: int
    items: list[list[tuple[bool | None, int]]]


def _by_source(sheet: Any, props: Sequence[str]) -> dict[Any, dict[str, Any]]:
    """The last of the tables that count the same cells."""
    told = [(pivot, _fields_with_items(pivot)) for pivot in sheet._pivots]
    return {_source(pivot, fields): _said(pivot, fields, props) for pivot, fields in told}


def _fields_with_items(pivot: Any) -> _Fields:
    items = [[(item.h, item.x) for item in field.items if item.x is not None] for field in pivot.pivotFields]
    skipped = sum(1 for _ in takewhile(lambda one: not one, items))
    left_out = sum(1 for _ in takewhile(lambda one: not one, reversed(items[skipped:])))
    return _Fields(skipped, left_out, items[skipped : len(items) - left_out])


def _source(pivot: Any, fields: _Fields) -> Any:
    from openpyxl.utils.cell import coordinate_to_tuple

    source = pivot.cache.cacheSource
    said = source.worksheetSource
    try:
        first, last = said.ref.split(":")
        (top, left), (bottom, right) = coordinate_to_tuple(first), coordinate_to_tuple(last)
    except (AttributeError, ValueError):
        # A range that has a name, or of another file, or of whole columns: there OSWorld's raises.
        return source.type, None if said is None else (said.name, said.sheet, said.ref)
    return source.type, (top, left + fields.skipped), (bottom, right - fields.left_out), said.sheet


def _said(pivot: Any, fields: _Fields, props: Sequence[str]) -> dict[str, Any]:
    """What OSWorld compares."""
    selection = fields.items if _ORDERED in props else [set(items) for items in fields.items]
    everything = {
        "name": pivot.name,
        "location": pivot.location,
        "show_total": pivot.visualTotals,
        "show_empty_row": pivot.showEmptyRow,
        "show_empty_col": pivot.showEmptyCol,
        "show_headers": pivot.showHeaders,
        "filter": ({field.fld for field in pivot.pageFields}, selection),
        "selection": selection,
        "col_fields": [field.x - fields.skipped for field in pivot.colFields],
        "row_fields": [field.x - fields.skipped for field in pivot.rowFields],
        "data_fields": [
            (data.fld - fields.skipped, data.name if _NAMED in props else "", data.subtotal, data.showDataAs)
            for data in pivot.dataFields
        ],
    }
    return {name: everything[name] for name in props if name in everything}


def _named(sheet: Any, props: Sequence[str]) -> list[str]:
    return sorted(repr([PIVOT[name](pivot) for name in props]) for pivot in sheet._pivots)


def _fields(name: str) -> Callable[[Any], list[str]]:
    # The place -2 stands for the values, if there are several.
    return lambda pivot: [_field(pivot, field.x) for field in getattr(pivot, name)]


def _field(pivot: Any, place: int) -> str:
    return "values" if place < 0 else str(pivot.cache.cacheFields[place].name)


def _hidden(pivot: Any) -> list[tuple[str, list[str]]]:
    items = [
        (_field(pivot, place), sorted(_value(pivot, place, item.x) for item in field.items if item.h))
        for place, field in enumerate(pivot.pivotFields)
    ]
    return [(name, hidden) for name, hidden in items if hidden]


def _order(pivot: Any) -> list[tuple[str, list[str]]]:
    return [
        (_field(pivot, place), [_value(pivot, place, item.x) for item in field.items if item.x is not None])
        for place, field in enumerate(pivot.pivotFields)
    ]


def _value(pivot: Any, place: int, number: int | None) -> str:
    """A value that a field has; each program numbers them in an order of its own."""
    values = pivot.cache.cacheFields[place].sharedItems._fields
    if number is None or number >= len(values):
        return f"item {number}"
    value = getattr(values[number], "v", None)
    # A number may also be written as a text.
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


PIVOT: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda pivot: pivot.name,
    "location": lambda pivot: pivot.location.ref,
    "show_total": lambda pivot: (bool(pivot.rowGrandTotals), bool(pivot.colGrandTotals)),
    "show_empty_row": lambda pivot: bool(pivot.showEmptyRow),
    "show_empty_col": lambda pivot: bool(pivot.showEmptyCol),
    "show_headers": lambda pivot: bool(pivot.showHeaders),
    "filter": lambda pivot: (sorted(_field(pivot, field.fld) for field in pivot.pageFields), _hidden(pivot)),
    "selection": _hidden,
    _ORDERED: _order,
    "col_fields": _fields("colFields"),
    "row_fields": _fields("rowFields"),
    "data_fields": lambda pivot: [
        (_field(pivot, data.fld), data.subtotal, data.showDataAs) for data in pivot.dataFields
    ],
    _NAMED: lambda pivot: [data.name for data in pivot.dataFields],
}
"""What ``pivot_table`` compares with ``strict``; ``selection`` is which items of which field are hidden."""
