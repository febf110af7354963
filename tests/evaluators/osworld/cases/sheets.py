"""Cases of the metric on how workbooks' sheets look, and on what lies in them besides cells."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import AreaChart, BarChart, BarChart3D, LineChart, PieChart, Reference, ScatterChart, Series
from openpyxl.chart.title import title_maker
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import RegularTextRun
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, FormulaRule
from openpyxl.styles import Font, GradientFill, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import (
    CustomFilter,
    CustomFilters,
    FilterColumn,
    Filters,
    SortCondition,
    SortState,
)

from tests.evaluators.osworld.case import Case, Folder
from tests.evaluators.osworld.workbooks import (
    FORMULAS,
    left,
    numbered_anew,
    saved,
    with_results,
    with_shared_texts,
    with_sparklines,
)

_VALUES = (1, 2.5, -3, 7, 12, "a", "b", "bc", None, True, *FORMULAS)
_STYLES = (
    *("number_format", "font_name", "font_family", "font_color", "font_bold", "font_italic", "font_underline"),
    *("font_size", "fill_type", "bgcolor", "fgcolor", "hyperlink", "merge"),
)
_CHARTS = ("title", "legend", "anchor", "width", "height", "type", "direction", "xtitle", "ytitle", "ztitle")
_COLORS: Sequence[Any] = ("FF00FF00", "FFFF0000", Color(theme=1), Color(theme=4), Color(indexed=10))
_OPERATORS = (
    *("lessThan", "lessThanOrEqual", "equal", "notEqual", "greaterThanOrEqual", "greaterThan"),
    *("between", "notBetween"),
)
_Change = Callable[[random.Random, Any], None]


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield _looks(rng, files)


def _looks(rng: random.Random, files: Folder) -> Case:
    kinds = rng.sample(list(_CHANGES), rng.choice((1, 1, 1, 2)))
    seed = rng.random()
    books = [_book(random.Random(seed), kinds) for _ in ("result", "expected")]
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        _CHANGES[rng.choice(kinds)](rng, books[0].worksheets[0])
    rules = [_rule(rng, kind) for kind in kinds]
    known = "; ".join(sorted({why for book in books for why in _why(book, rules)}))
    sparks = [("One!A1:C1", "F1"), ("One!A2:C2", "F2")] if seed < 0.8 else []
    contents = [_content(rng, book, sparks if "sparkline" in kinds else [], "style" in kinds) for book in books]
    if "sparkline" in kinds and rng.random() < 0.6:
        others = (sparks, sparks[::-1], sparks[:1], [("One!$A$1:$C$1", "F1")])
        contents[0] = _content(rng, books[0], rng.choice(others), "style" in kinds)
    if rng.random() < 0.04:
        # What cells hold is then read from another sheet, which no rule of these but `style` does.
        contents[0] = numbered_anew(contents[0])
        known = "a number that is not its part's" if "sparkline" in kinds else known
    return Case(
        "compare_table",
        [left(rng, files, contents[0]), files.write(contents[1], ".xlsx")],
        {"rules": rules},
        known=known,
    )


def _content(rng: random.Random, book: Any, drawn: Sequence[tuple[str, str]], worked_out: bool) -> bytes:
    # Where a format looks at a formula without a result, OSWorld's raises.
    content = with_results(saved(book)) if worked_out or rng.random() < 0.7 else saved(book)
    content = with_shared_texts(content) if rng.random() < 0.5 else content
    return with_sparklines(content, drawn) if drawn else content


def _book(rng: random.Random, kinds: Sequence[str]) -> Any:
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.create_sheet("Two")
    if rng.random() < 0.1:
        drawn = BarChart()
        drawn.add_data(Reference(book.worksheets[0], 1, 1, 1, 3))
        book.create_chartsheet("Drawn", index=rng.randint(0, 2)).add_chart(drawn)
    for sheet in book.worksheets:
        for _ in range(rng.randint(0, 5)):
            sheet.append([rng.choice(_VALUES) for _ in range(rng.randint(1, 4))])
        for kind in kinds:
            for _ in range(rng.randint(0, 2 if kind == "data_validation" else 3)):
                _CHANGES[kind](rng, sheet)
    return book


def _cell(rng: random.Random, sheet: Any) -> Any:
    merged = {place for ranges in sheet.merged_cells.ranges for place in ranges.cells}
    places = [(row, column) for row in range(1, 6) for column in range(1, 5) if (row, column) not in merged]
    return sheet.cell(*rng.choice(places or [(9, 9)]))


def _style(rng: random.Random, sheet: Any) -> None:
    cell = _cell(rng, sheet)
    what = rng.randrange(13)
    if what == 0:
        cell.font = Font(
            name=rng.choice(("Arial", "Calibri")), b=rng.random() < 0.5, i=rng.random() < 0.5, sz=12, color=_COLORS[0]
        )
    elif what == 1:
        cell.font = Font(color=rng.choice(_COLORS), u=rng.choice((None, "single")), family=rng.choice((None, 2)))
    elif what == 2:
        cell.font = Font(b=True)
    elif what == 3:
        cell.fill = PatternFill("solid", rng.choice(_COLORS))
    elif what == 4:
        cell.fill = GradientFill(stop=rng.choice((("FF0000", "0000FF"), ("FF0000", "00FF00"))))
    elif what == 5:
        cell.number_format = rng.choice(("0.00", "0%", "General"))
    elif what == 6:
        cell.hyperlink = rng.choice(("http://a.example", "http://b.example", "#Two!A1"))
    elif what == 7:
        row = rng.randint(6, 9)
        sheet.merge_cells(start_row=row, end_row=row + rng.randint(0, 1), start_column=1, end_column=rng.randint(1, 2))
    elif what == 8:
        cell.value = rng.choice(_VALUES)
    else:
        _format(rng, sheet)


def _format(rng: random.Random, sheet: Any) -> None:
    """A conditional format: mostly one that compares with constants."""
    shown: dict[str, Any] = {"font": Font(color="FF00FF00", b=rng.choice((None, True)))}
    if rng.random() < 0.4:
        shown["fill"] = PatternFill(bgColor=rng.choice(("FFFF0000", "FF00FF00")))
    compares = rng.choice(_OPERATORS)
    constants = rng.choice((["2"], ["7"], ["-3"], ['"a"'], ["2.5", "7"], ["12", "1"], ["TRUE"]))
    if "etween" in compares and len(constants) < len(("least", "most")) and rng.random() < 0.8:
        constants = [*constants, "5"]
    rule = CellIsRule(compares, constants, **shown)
    if rng.random() < 0.25:
        rule = rng.choice((FormulaRule(["A1>2"], **shown), ColorScaleRule(), CellIsRule(compares, ["B1"], **shown)))
    sheet.conditional_formatting.add(rng.choice(("A1:D5", "B1:B4", "A1 C1:C3", "A1:A90")), rule)


def _row(rng: random.Random, sheet: Any) -> None:
    row = sheet.row_dimensions[rng.randint(1, 4)]
    name, value = rng.choice((("hidden", True), ("hidden", False), ("height", 20), ("height", 30), ("collapsed", True)))
    setattr(row, name, value)


def _column(rng: random.Random, sheet: Any) -> None:
    if rng.random() < 0.25:
        sheet.column_dimensions.group("B", rng.choice("CD"), hidden=rng.random() < 0.5)
        return
    column = sheet.column_dimensions[rng.choice("ABC")]
    name, value = rng.choice((("hidden", True), ("width", 20), ("width", 30), ("bestFit", True), ("collapsed", True)))
    setattr(column, name, value)


def _freeze(rng: random.Random, sheet: Any) -> None:
    sheet.freeze_panes = rng.choice(("A2", "B1", "B2", None))


def _filter(rng: random.Random, sheet: Any) -> None:
    found = sheet.auto_filter
    found.ref = found.ref or rng.choice(("A1:B3", "A1:C3"))
    what = rng.randrange(6)
    column = rng.randint(0, 2)
    if what == 0:
        found.ref = rng.choice(("A1:B3", "A1:C3"))
    elif what == 1:
        found.add_filter_column(column, rng.sample(("a", "b", "2"), rng.randint(1, 2)), blank=rng.random() < 0.3)
    elif what == 2:
        conditions = [CustomFilter(rng.choice(("greaterThan", "equal")), str(rng.randint(1, 3)))]
        conditions *= rng.choice((1, 2))
        found.filterColumn.append(
            FilterColumn(colId=column, customFilters=CustomFilters(rng.random() < 0.5, conditions))
        )
    elif what == 3:
        found.filterColumn.append(
            FilterColumn(colId=column, hiddenButton=rng.random() < 0.5, filters=Filters(filter=["a"]))
        )
    elif what == 4:
        found.sortState = SortState(ref="A2:B3", caseSensitive=rng.choice((None, True)))
    elif rng.random() < 0.3:
        found.sortState = SortState(
            ref="A2:B3", sortCondition=[SortCondition(ref="A2:A3", descending=rng.random() < 0.5)]
        )


def _zoom(rng: random.Random, sheet: Any) -> None:
    sheet.sheet_view.zoomScale = rng.choice((80, 100, 260, None))


def _validation(rng: random.Random, sheet: Any) -> None:
    validation = DataValidation(
        type=rng.choice(("list", "list", "list", "list", "whole")),
        formula1=rng.choice(('"a,b"', '"a,b"', '"b,a"', '"b"')),
        formula2=rng.choice(("5", "5", None)),
        operator=rng.choice((None, None, "between")),
        allow_blank=rng.random() < 0.8,
        showErrorMessage=rng.random() < 0.8,
        error=rng.choice(("no", "no", None)),
        promptTitle=rng.choice((None, None, "choose")),
        errorStyle=rng.choice(("warning", "warning", None)),
    )
    for ranges in rng.choice((("A1:A5",), ("B2",), ("A1:A3", "A4:A9"), ("A1:A5", "C1"))):
        validation.add(ranges)
    sheet.add_data_validation(validation)


def _chart(rng: random.Random, sheet: Any) -> None:
    chart: Any = rng.choice((BarChart, BarChart, LineChart, LineChart, AreaChart, PieChart, BarChart3D, ScatterChart))()
    if isinstance(chart, ScatterChart):
        chart.series.append(Series(Reference(sheet, 2, 1, 2, 4), Reference(sheet, 1, 1, 1, 4), title="x"))
    else:
        chart.add_data(Reference(sheet, 2, 1, rng.choice((2, 2, 3)), 4), titles_from_data=True)
        if rng.random() < 0.5:
            chart.set_categories(Reference(sheet, 1, 2, 1, 4))
    chart.title = rng.choice((None, "Sold", "Bought", _of_two_runs("Sold", " again"), _of_two_runs("Sold", " never")))
    for name in ("x_axis", "y_axis", "z_axis"):
        if hasattr(chart, name) and rng.random() < 0.5:
            getattr(chart, name).title = rng.choice((None, "month", "pieces"))
    if isinstance(chart, BarChart):
        chart.type = rng.choice(("bar", "col"))
        if rng.random() < 0.2:
            line = LineChart()
            line.add_data(Reference(sheet, 3, 1, 3, 4), titles_from_data=True)
            chart += line
    if chart.legend is not None and rng.random() < 0.5:
        chart.legend.position = rng.choice("lrtb")
    if rng.random() < 0.2:
        chart.legend = None
    chart.anchor = _anchor(rng)
    sheet.add_chart(chart)


def _of_two_runs(first: str, second: str) -> Any:
    title = title_maker(first)
    title.tx.rich.p[0].r.append(RegularTextRun(t=second))
    return title


def _anchor(rng: random.Random) -> Any:
    if rng.random() < 0.3:
        return rng.choice(("E5", "F9"))
    anchor = TwoCellAnchor(editAs=rng.choice(("oneCell", "twoCell", None)))
    column, row = rng.choice(((4, 4), (4, 6), (5, 4)))
    anchor._from = AnchorMarker(column, 0, row, 0)
    anchor.to = AnchorMarker(column + 6, 0, rng.choice((14, 20)), 0)
    return anchor


def _nothing(_rng: random.Random, _sheet: Any) -> None:
    """What is drawn in cells is added to the file."""


_CHANGES: Mapping[str, _Change] = {
    "style": _style,
    "row_props": _row,
    "col_props": _column,
    "freeze": _freeze,
    "filter": _filter,
    "zoom": _zoom,
    "data_validation": _validation,
    "chart": _chart,
    "sparkline": _nothing,
}


def _rule(rng: random.Random, kind: str) -> dict[str, Any]:  # noqa: PLR0911 - one form for each type
    two = {
        "type": kind,
        "sheet_idx0": 0 if rng.random() < 0.7 else rng.choice(("RI0", "RNOne", "RI1", "RNThree", 2, "RI-1")),
        "sheet_idx1": "EI0" if rng.random() < 0.8 else rng.choice(("ENOne", "EI1", "RI0", "EI-1")),
    }
    one = {"type": kind, "sheet_idx": rng.choice((0, 0, 0, "RI0", "EI0", "RNOne", "RNThree"))}
    if kind == "style":
        # What OSWorld makes of a sheet's formats adds cells to it, so that none is as it was itself.
        two = {**two, "sheet_idx1": "EI0"} if two["sheet_idx1"] == "RI0" else two
        return {**two, "props": rng.sample(_STYLES, rng.choice((1, 1, 2, 3)))}
    if kind == "row_props":
        return {**two, "props": rng.sample(("hidden", "height", "collapsed"), rng.randint(1, 2))}
    if kind == "col_props":
        names = ("hidden", "width", "collapsed", "auto_size", "min", "max")
        return {**two, "props": rng.sample(names, rng.randint(1, 2))}
    if kind == "chart":
        return {**two, **rng.choice(({}, {"chart_props": rng.sample(_CHARTS, rng.randint(0, 3))}))}
    if kind == "zoom":
        return {**one, **rng.choice(_ZOOMS)}
    if kind == "data_validation":
        wanted = [
            dict(rng.sample(list(_WANTED.items()), rng.choice((1, 1, 2)))) for _ in range(rng.choice((0, 1, 1, 1, 2)))
        ]
        return {**one, "dv_props": wanted}
    return two


_ZOOMS: Sequence[dict[str, Any]] = (
    {"method": "gt", "ref": 90},
    {"method": "eq", "ref": 100},
    {"method": "ne", "ref": 80},
    {"method": "le", "ref": 100},
    {"method": "approx:10", "ref": 90},
    {"method": "range.te", "ref": [80, 260]},
)
_WANTED: Mapping[str, dict[str, Any]] = {
    "type": {"method": "eq", "ref": "list"},
    "formula1": {"method": "str_set_eq", "ref": ["a", "b"]},
    "formula2": {"method": "eq", "ref": "5"},
    "operator": {"method": "ne", "ref": "between"},
    "allowBlank": {"method": "eq", "ref": True},
    "showErrorMessage": {"method": "eq", "ref": True},
    "error": {"method": "eq", "ref": "no"},
    "errorStyle": {"method": "eq", "ref": "warning"},
    "promptTitle": {"method": "ne", "ref": "choose"},
    "ranges": {"method": "spreadsheet_range", "ref": ["A1:A5", "A1:A9 C1"]},
}


def _why(book: Any, rules: Sequence[dict[str, Any]]) -> Sequence[str]:
    """Where OSWorld's raises, or works out what ours does not."""
    props = {name for rule in rules for key in ("props", "chart_props") for name in rule.get(key, ())}
    kinds = {rule["type"] for rule in rules}
    numbered = "sparkline" in kinds and book.chartsheets
    reasons = ["a number that is not its part's"] if numbered else []
    for sheet in book.worksheets:
        charts, cells = sheet._charts, [cell for cell in sheet._cells.values() if cell.value is not None]
        formats = [rule for ranges in sheet.conditional_formatting for rule in ranges.rules]
        if "style" in kinds and any(cell.font.color is None for cell in cells) and "font_color" in props:
            reasons.append("a font without a colour")
        if "style" in kinds and any(rule.type != "cellIs" or "B1" in rule.formula for rule in formats):
            reasons.append("a conditional format of another kind")
        if "style" in kinds and formats and "number_format" in props:
            reasons.append("a conditional format without a number format")
        if "direction" in props and any(not hasattr(chart, "barDir") for chart in charts):
            reasons.append("a chart without a direction")
        if "anchor" in props and any(isinstance(chart.anchor, str) for chart in charts):
            reasons.append("a chart without an end")
        state = sheet.auto_filter.sortState
        if "filter" in kinds and state is not None and state.sortCondition:
            reasons.append("sorted by a column")
    return reasons
