"""Rules of ``compare_table`` on what lies in a sheet besides its cells: charts, pivot tables, filters and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from agentgym.evaluators.metrics.structures import compared
from agentgym.evaluators.metrics.workbooks import Books, Rule, sheet_of, sheets_if_any, sheets_of

__all__ = [
    "CHART",
    "PIVOT",
    "RANGE",
    "VALIDATION",
    "same_charts",
    "same_filter",
    "same_freeze",
    "same_pivots",
    "validates",
    "zoomed",
]

RANGE = "spreadsheet_range"
"""The method that asks whether ranges lie between two others, ``ref``."""


def same_freeze(books: Books, rule: Rule) -> bool:
    """Whether the same rows and columns stay in view."""
    pair = sheets_of(books, rule)
    return pair is not None and bool(pair[0].freeze_panes == pair[1].freeze_panes)


def same_filter(books: Books, rule: Rule) -> bool:
    """Whether the same range has the buttons of a filter, and shows the same of each column."""
    pair = sheets_if_any(books, rule)
    return pair is not None and _filter(pair[0]) == _filter(pair[1])


def zoomed(books: Books, rule: Rule) -> bool:
    """Whether the zoom, in percent, fulfils a comparison."""
    sheet = sheet_of(books, rule)
    return sheet is not None and compared(sheet.sheet_view.zoomScale or 100, rule)


def same_charts(books: Books, rule: Rule) -> bool:
    """Whether two sheets have charts of the same series, alike in ``chart_props``."""
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    listed = _charts if rule.get("strict", False) else _charts_by_series
    one, other = ([] if sheet is None else listed(sheet, rule.get("chart_props", ())) for sheet in pair)
    return one == other


def same_pivots(books: Books, rule: Rule) -> bool:
    """Whether two sheets have pivot tables that are alike in ``pivot_props``; fields are told by their names."""
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    one, other = ([] if sheet is None else _pivots(sheet, rule["pivot_props"]) for sheet in pair)
    return one == other


def validates(books: Books, rule: Rule) -> bool:
    """Whether there are as many data validations as in ``dv_props`` or more, each of which fulfils one of those."""
    sheet = sheet_of(books, rule)
    if sheet is None:
        return False
    found = list(sheet.data_validations.dataValidation)
    wanted = rule["dv_props"]
    return len(found) >= len(wanted) and all(any(_fulfils(one, props) for props in wanted) for one in found)


def _filter(sheet: Any) -> Any:
    if sheet is None:
        return None
    found = sheet.auto_filter
    columns = [
        (one.colId, one.hiddenButton, one.showButton, _shown(one.filters), _conditions(one.customFilters))
        for one in sorted(found.filterColumn, key=lambda one: int(one.colId))
    ]
    return found.ref, columns


def _shown(values: Any) -> Any:
    return None if values is None else (values.blank, set(values.filter))


def _conditions(found: Any) -> Any:
    return None if found is None else (found._and, {(one.operator, one.val) for one in found.customFilter})


def _charts(sheet: Any, props: Sequence[str]) -> list[str]:
    return sorted(repr((_series(chart), [CHART[name](chart) for name in props])) for chart in sheet._charts)


def _charts_by_series(sheet: Any, props: Sequence[str]) -> list[tuple[str, Any]]:
    """As OSWorld tells charts: by the places of their values as written, and the last of those that have the same."""
    told = {
        ";".join(f"{_written(one.val)},{_written(one.cat)}" for one in chart.series): [
            CHART[name](chart) for name in props
        ]
        for chart in sheet._charts
    }
    return sorted(told.items())


def _written(source: Any) -> str:
    references = (getattr(source, name, None) for name in ("numRef", "strRef"))
    return next((str(one.f) for one in references if one is not None), "")


def _pivots(sheet: Any, props: Sequence[str]) -> list[str]:
    return sorted(repr([PIVOT[name](pivot) for name in props]) for pivot in sheet._pivots)


def _fulfils(validation: Any, props: Mapping[str, Rule]) -> bool:
    return all(_fits(VALIDATION[name](validation), wanted) for name, wanted in props.items())


def _fits(value: Any, wanted: Rule) -> bool:
    if wanted.get("method") != RANGE:
        return compared(value, wanted)
    from openpyxl.worksheet.cell_range import MultiCellRange

    inner, outer = (set(_places(MultiCellRange(ranges))) for ranges in wanted["ref"])
    return inner <= set(_places(MultiCellRange(value))) <= outer


def _places(ranges: Any) -> Iterator[tuple[int, int]]:
    for one in ranges.ranges:
        yield from one.cells


def _series(chart: Any) -> list[tuple[str, ...]]:
    """Where the numbers of each series and what they are of stand."""
    return sorted(
        tuple(_place(getattr(series, name, None)) for name in ("val", "yVal", "cat", "xVal"))
        for part in chart._charts
        for series in part.series
    )


def _place(source: Any) -> str:
    if source is None:
        return ""
    references = (getattr(source, name, None) for name in ("numRef", "strRef", "multiLvlStrRef"))
    # Programs write the same place with and without what says that it is absolute.
    return next((str(one.f).replace("$", "").replace("'", "") for one in references if one is not None), "")


def _text(title: Any) -> str | None:
    """The words of a title; None if there is none that was written."""
    rich = getattr(getattr(title, "tx", None), "rich", None)
    if rich is None:
        return None
    return "\n".join("".join(run.t for run in paragraph.r or ()) for paragraph in rich.p)


def _axis_title(name: str) -> Callable[[Any], str | None]:
    return lambda chart: _text(getattr(getattr(chart, name, None), "title", None))


def _anchor(chart: Any) -> tuple[int, int] | None:
    corner = getattr(chart.anchor, "_from", None)
    return None if corner is None else (corner.col, corner.row)


CHART: Mapping[str, Callable[[Any], Any]] = {
    "type": lambda chart: sorted(part.tagname for part in chart._charts),
    "title": lambda chart: _text(chart.title),
    "xtitle": _axis_title("x_axis"),
    "ytitle": _axis_title("y_axis"),
    "direction": lambda chart: getattr(chart, "barDir", None),
    "legend": lambda chart: chart.legend and chart.legend.position,
    "anchor": _anchor,
}
"""What ``chart`` compares; ``anchor`` is the cell under the top left corner."""


def _fields(name: str) -> Callable[[Any], list[str]]:
    # The place -2 stands for the values, if there are several.
    return lambda pivot: [_field(pivot, field.x) for field in getattr(pivot, name)]


def _field(pivot: Any, place: int) -> str:
    return "values" if place < 0 else str(pivot.cache.cacheFields[place].name)


def _hidden(pivot: Any) -> list[tuple[str, list[int]]]:
    items = [
        (_field(pivot, place), [number for number, item in enumerate(field.items) if item.h])
        for place, field in enumerate(pivot.pivotFields)
    ]
    return [(name, hidden) for name, hidden in items if hidden]


PIVOT: Mapping[str, Callable[[Any], Any]] = {
    "name": lambda pivot: pivot.name,
    "location": lambda pivot: pivot.location.ref,
    "show_total": lambda pivot: (bool(pivot.rowGrandTotals), bool(pivot.colGrandTotals)),
    "filter": lambda pivot: sorted(_field(pivot, field.fld) for field in pivot.pageFields),
    "selection": _hidden,
    "col_fields": _fields("colFields"),
    "row_fields": _fields("rowFields"),
    "data_fields": lambda pivot: [
        (_field(pivot, data.fld), data.subtotal, data.showDataAs) for data in pivot.dataFields
    ],
}
"""What ``pivot_table`` compares; ``selection`` is which items of which field are hidden."""

VALIDATION: Mapping[str, Callable[[Any], Any]] = {
    "ranges": lambda validation: str(validation.sqref),
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
