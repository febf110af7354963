"""Rules of ``compare_table`` on what a sheet has besides its cells: filters, validations, what stays in view, zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from agentgym.evaluators.metrics.structures import compared
from agentgym.evaluators.metrics.workbooks import Books, Rule, sheet_of, sheets_if_any, sheets_of

__all__ = ["RANGE", "VALIDATION", "same_filter", "same_freeze", "validates", "zoomed"]

_Box: TypeAlias = tuple[int, int, int, int]
"""The first column and row, and the last."""

RANGE = "spreadsheet_range"
"""The method that asks whether ranges lie between two others, ``ref``."""


def same_freeze(books: Books, rule: Rule) -> bool:
    """Whether the same rows and columns stay in view."""
    pair = sheets_of(books, rule)
    return pair is not None and bool(pair[0].freeze_panes == pair[1].freeze_panes)


def same_filter(books: Books, rule: Rule) -> bool:
    """Whether the same range has the buttons of a filter, shows the same of each column, and is sorted alike."""
    pair = sheets_if_any(books, rule)
    return pair is not None and _filter(pair[0]) == _filter(pair[1])


def zoomed(books: Books, rule: Rule) -> bool:
    """Whether the zoom, in percent, fulfils a comparison."""
    sheet = sheet_of(books, rule)
    return sheet is not None and compared(sheet.sheet_view.zoomScale or 100, rule)


def validates(books: Books, rule: Rule) -> bool:
    """Whether there are as many data validations as in ``dv_props`` or more, each of which fulfils one of those."""
    sheet = sheet_of(books, rule)
    if sheet is None:
        return False
    found = list(sheet.data_validations.dataValidation)
    wanted = rule["dv_props"]
    strict = rule.get("strict", False)
    return len(found) >= len(wanted) and all(any(_fulfils(one, props, strict) for props in wanted) for one in found)


def _filter(sheet: Any) -> Any:
    if sheet is None:
        return None
    found = sheet.auto_filter
    columns = [
        (one.colId, one.hiddenButton, one.showButton, _shown(one.filters), _conditions(one.customFilters))
        for one in sorted(found.filterColumn, key=lambda one: int(one.colId))
    ]
    return found.ref, columns, _order(found.sortState)


def _order(state: Any) -> Any:
    if state is None:
        return None
    by = [(one.ref, one.sortBy, one.descending, one.customList, one.iconSet, one.iconId) for one in state.sortCondition]
    return state.ref, state.columnSort, state.caseSensitive, state.sortMethod, by


def _shown(values: Any) -> Any:
    return None if values is None else (values.blank, set(values.filter))


def _conditions(found: Any) -> Any:
    return None if found is None else (found._and, {(one.operator, one.val) for one in found.customFilter})


def _fulfils(validation: Any, props: Mapping[str, Rule], strict: bool) -> bool:
    return all(_fits(VALIDATION[name](validation), wanted, strict) for name, wanted in props.items())


def _fits(value: Any, wanted: Rule, strict: bool) -> bool:
    if wanted.get("method") != RANGE:
        return compared(value, wanted)
    from openpyxl.worksheet.cell_range import MultiCellRange

    inner, outer = (MultiCellRange(ranges) for ranges in wanted["ref"])
    lies_in = _covers if strict else _has_whole
    return lies_in(MultiCellRange(value), inner) and lies_in(outer, MultiCellRange(value))


def _covers(ranges: Any, others: Any) -> bool:
    """Whether each of the others lies in the ranges together."""
    left = [one.bounds for one in others.ranges]
    for cut in ranges.ranges:
        left = [piece for box in left for piece in _without(box, cut.bounds)]
    return not left


def _without(box: _Box, cut: _Box) -> Iterator[_Box]:
    """What of a box lies outside another."""
    (left, top, right, bottom), (first, upper, last, lower) = box, cut
    if first > right or last < left or upper > bottom or lower < top:
        yield box
        return
    if top < upper:
        yield left, top, right, upper - 1
    if lower < bottom:
        yield left, lower + 1, right, bottom
    top, bottom = max(top, upper), min(bottom, lower)
    if left < first:
        yield left, top, first - 1, bottom
    if last < right:
        yield last + 1, top, right, bottom


def _has_whole(ranges: Any, others: Any) -> bool:
    """Whether each of the others lies in a single one of the ranges."""
    return all(one in ranges for one in others)


VALIDATION: Mapping[str, Callable[[Any], Any]] = {
    "ranges": attrgetter("sqref"),
    "type": attrgetter("type"),
    "formula1": attrgetter("formula1"),
    "formula2": attrgetter("formula2"),
    "operator": attrgetter("operator"),
    "allowBlank": attrgetter("allowBlank"),
    "showDropDown": attrgetter("showDropDown"),
    "showInputMessage": attrgetter("showInputMessage"),
    "showErrorMessage": attrgetter("showErrorMessage"),
    "error": attrgetter("error"),
    "errorTitle": attrgetter("errorTitle"),
    "errorStyle": attrgetter("errorStyle"),
    "prompt": attrgetter("prompt"),
    "promptTitle": attrgetter("promptTitle"),
    "imeMode": attrgetter("imeMode"),
}
"""What ``data_validation`` looks at."""
