"""What the rules of ``compare_table`` make of a sheet by default, as OSWorld does, and with ``strict``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, GradientFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import SortCondition, SortState

from agentgym.evaluators import metrics
from tests.evaluators.osworld.workbooks import add_pivot, numbered_anew, with_shared_texts, with_sparklines

_BOTH = {"sheet_idx0": 0, "sheet_idx1": "EI0"}
Change = Callable[[Any], object]


def _book(path: Path, change: Change) -> str:
    book = openpyxl.Workbook()
    for row in (["month", "sold"], ["May", 3], ["June", 5], ["July", 8]):
        book.active.append(row)
    change(book.active)
    book.save(path)
    return str(path)


def _scores(tmp_path: Path, rule: dict[str, Any], result: Change, expected: Change) -> tuple[float, float]:
    """By default, and strictly."""
    return _both(_book(tmp_path / "r.xlsx", result), _book(tmp_path / "e.xlsx", expected), rule)


def _both(result: str, expected: str, rule: dict[str, Any]) -> tuple[float, float]:
    told = [rule if "sheet_idx" in rule or rule["type"] == "sheet_name" else {**_BOTH, **rule}]
    by_default, strictly = (metrics["compare_table"](result, expected, rules=told, strict=how) for how in (False, True))
    return by_default, strictly


def _font(color: Any) -> Change:
    return lambda sheet: setattr(sheet["B4"], "font", Font(color=color))


def _link(target: str) -> Change:
    return lambda sheet: setattr(sheet["B4"], "hyperlink", target)


def _gradient(color: str) -> Change:
    return lambda sheet: setattr(sheet["B4"], "fill", GradientFill(stop=("FF0000", color)))


def _counting(ref: str, fields: int = 1) -> Change:
    """A pivot table of the cells of a range, whose cache knows so many fields."""
    return lambda sheet: add_pivot(sheet, ["month"], ref=ref, rows=0, data=0, known=fields)


def _above(limit: int) -> Change:
    green = Font(color="FF00FF00")
    return lambda sheet: sheet.conditional_formatting.add("B2:B4", CellIsRule("greaterThan", [str(limit)], font=green))


@pytest.mark.parametrize(
    ("props", "result", "expected", "scores"),
    [
        (["font_color"], _font(Color(theme=4)), _font(Color(theme=5)), (1, 0)),
        (["font_color"], _font(Color(theme=1)), _font("FF000000"), (0, 1)),
        (["font_color"], _font("FF00FF00"), _font("FF000000"), (0, 0)),
        (["hyperlink"], _link("http://a.example"), _link("http://b.example"), (1, 0)),
        (["bgcolor"], _gradient("00FF00"), _gradient("0000FF"), (1, 0)),
        # Of 3, 5 and 8 the same are above.
        (["font_color"], _above(6), _above(7), (1, 0)),
        (["font_color"], _above(6), _above(4), (0, 0)),
        (["font_italic"], _above(6), _above(7), (1, 1)),
    ],
)
def test_looks(tmp_path: Path, props: list[str], result: Change, expected: Change, scores: tuple[int, int]) -> None:
    assert _scores(tmp_path, {"type": "style", "props": props}, result, expected) == scores


def _chart(*, line: bool = False, width: float = 15) -> Change:
    def change(sheet: Any) -> None:
        chart = BarChart()
        chart.add_data(Reference(sheet, 2, 1, 2, 4), titles_from_data=True)
        if line:
            more = LineChart()
            more.add_data(Reference(sheet, 2, 1, 2, 3), titles_from_data=True)
            chart += more
        chart.width = width
        sheet.add_chart(chart, "E5")

    return change


def test_charts(tmp_path: Path) -> None:
    assert _scores(tmp_path, {"type": "chart", "chart_props": ["type"]}, _chart(), _chart(line=True)) == (1, 0)
    assert _scores(tmp_path, {"type": "chart", "chart_props": ["width"]}, _chart(), _chart(width=9)) == (1, 0)
    assert _scores(tmp_path, {"type": "chart", "chart_props": ["width"]}, _chart(), _chart()) == (1, 1)


def test_sheet_that_is_a_chart(tmp_path: Path) -> None:
    def drawn(sheet: Any) -> None:
        chart = BarChart()
        chart.add_data(Reference(sheet, 2, 1, 2, 4))
        sheet.parent.create_chartsheet("Drawn", index=0).add_chart(chart)

    assert _scores(tmp_path, {"type": "sheet_name"}, drawn, lambda _: None) == (1, 0)
    assert _scores(tmp_path, {"type": "sheet_data"}, drawn, lambda _: None) == (1, 1)


def test_small_charts_in_cells(tmp_path: Path) -> None:
    expected = tmp_path / "e.xlsx"
    plain = Path(_book(tmp_path / "r.xlsx", lambda _: None)).read_bytes()
    expected.write_bytes(with_sparklines(plain, [("Sheet!B2:B4", "C1")]))
    for drawn, scores in (
        ([("Sheet!B2:B4", "C1")], (1, 1)),
        ([("Sheet!$B$2:$B$4", "C1")], (0, 1)),
        ([("Sheet!B2:B3", "C1")], (0, 0)),
        ([("Sheet!B2:B4", "C2")], (0, 0)),
    ):
        (tmp_path / "r.xlsx").write_bytes(with_sparklines(plain, drawn))
        assert _both(str(tmp_path / "r.xlsx"), str(expected), {"type": "sparkline"}) == scores
    (tmp_path / "r.xlsx").write_bytes(plain)
    assert _both(str(tmp_path / "r.xlsx"), str(expected), {"type": "sparkline"}) == (0, 0)


def test_values_of_a_sheet_whose_number_is_that_of_another_part(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    _book(path, lambda sheet: sheet.parent.create_sheet("Two").append(["other"]))
    wanted = {"value": {"method": "eq", "ref": "month"}}
    rule = {"type": "check_cell", "sheet_idx": 0, "coordinate": "A1", "props": wanted}
    for change, scores in (
        (lambda content: content, (1, 1)),
        (with_shared_texts, (1, 1)),
        (numbered_anew, (0, 1)),
    ):
        path.write_bytes(change(_saved(path)))
        assert _both(str(path), str(path), rule) == scores


def _saved(path: Path) -> bytes:
    return Path(_book(path, lambda sheet: sheet.parent.create_sheet("Two").append(["other"]))).read_bytes()


def test_ranges_of_a_validation(tmp_path: Path) -> None:
    def validated(sheet: Any) -> None:
        validation = DataValidation(type="list", formula1='"a"')
        validation.add("A1:A2")
        validation.add("A3:A4")
        sheet.add_data_validation(validation)

    wanted = [{"ranges": {"method": "spreadsheet_range", "ref": ["A1:A4", "A1:A9"]}}]
    rule = {"type": "data_validation", "sheet_idx": 0, "dv_props": wanted}
    assert _scores(tmp_path, rule, validated, validated) == (0, 1)


def test_columns_in_a_group(tmp_path: Path) -> None:
    def one_by_one(sheet: Any) -> None:
        for letter in "BC":
            sheet.column_dimensions[letter].hidden = True

    def together(sheet: Any) -> None:
        sheet.column_dimensions.group("B", "C", hidden=True)

    assert _scores(tmp_path, {"type": "col_props", "props": ["hidden"]}, one_by_one, together) == (0, 1)


def test_what_a_filter_sorts_by(tmp_path: Path) -> None:
    def by(column: str) -> Change:
        def change(sheet: Any) -> None:
            sheet.auto_filter.ref = "A1:B4"
            sheet.auto_filter.sortState = SortState(
                ref="A2:B4", sortCondition=[SortCondition(ref=f"{column}2:{column}4")]
            )

        return change

    assert _scores(tmp_path, {"type": "filter"}, by("A"), by("A")) == (1, 1)
    assert _scores(tmp_path, {"type": "filter"}, by("A"), by("B")) == (0, 0)


def test_last_sheet_is_also_counted_from_the_end(tmp_path: Path) -> None:
    rule = {"type": "sheet_data", "sheet_idx0": -1, "sheet_idx1": "EI-1"}
    assert _scores(tmp_path, rule, lambda _: None, lambda _: None) == (1, 1)
    assert _scores(tmp_path, rule, lambda sheet: sheet.append([1]), lambda _: None) == (0, 0)


@pytest.mark.parametrize("ref", ["A:C", "1:3", "$A$1:$C$3", "#REF!:#REF!", "A1", "Numbers"])
def test_pivot_tables_of_odd_ranges_are_told_by_what_is_said(ref: str, tmp_path: Path) -> None:
    rule = {"type": "pivot_table", "pivot_props": ["row_fields"]}
    assert _scores(tmp_path, rule, _counting(ref), _counting(ref)) == (1, 1)
    assert _scores(tmp_path, rule, _counting("A1:B4"), _counting(ref))[0] == 0


def test_pivot_table_whose_cache_lacks_its_fields_is_none(tmp_path: Path) -> None:
    rule = {"type": "pivot_table", "pivot_props": ["row_fields"]}
    damaged = _counting("A1:B4", fields=0)
    assert _scores(tmp_path, rule, damaged, _counting("A1:B4"))[1] == 0
    assert _scores(tmp_path, rule, damaged, damaged)[1] == 0


@pytest.mark.parametrize("kind", ["style", "freeze", "filter", "row_props", "sheet_print", "zoom", "pivot_table"])
def test_sheet_that_is_a_chart_is_as_good_as_none(kind: str, tmp_path: Path) -> None:
    def with_chart_sheet(sheet: Any) -> None:
        chart = BarChart()
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=4), titles_from_data=True)
        sheet.parent.create_chartsheet("Data").add_chart(chart)

    def scores(name: str) -> tuple[float, float]:
        which = {"sheet_idx": name} if kind == "zoom" else {"sheet_idx0": name, "sheet_idx1": "EI0"}
        more = {"props": ["hidden" if kind == "row_props" else "font_bold"], "pivot_props": ["name"]}
        return _both(*books, {"type": kind, **which, **more, "method": "eq", "ref": 7})

    books = _book(tmp_path / "r.xlsx", with_chart_sheet), _book(tmp_path / "e.xlsx", lambda sheet: None)
    assert scores("RNData") == scores("RNNone")
