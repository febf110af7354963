"""Rules of ``compare_table`` on looks and on what lies in a sheet besides its cells."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.datavalidation import DataValidation

from agentgym.errors import TaskError
from agentgym.evaluators import check_spec, metrics
from agentgym.tasks import parse_task
from tests.evaluators.osworld.workbooks import add_pivot

_BOTH = {"sheet_idx0": 0, "sheet_idx1": "EI0"}
Change = Callable[[Any], object]


def _nothing(_sheet: Any) -> None:
    pass


def _book(path: Path, change: Change) -> str:
    book = openpyxl.Workbook()
    for row in (["month", "sold", "kind"], ["May", 3, "a"], ["June", 5, "b"], ["July", 8, "a"]):
        book.active.append(row)
    change(book.active)
    book.save(path)
    return str(path)


def _score(tmp_path: Path, rule: dict[str, Any], result: Change, expected: Change) -> float:
    books = [_book(tmp_path / name, change) for name, change in (("r.xlsx", result), ("e.xlsx", expected))]
    return metrics["compare_table"](*books, rules=[rule if "sheet_idx" in rule else {**_BOTH, **rule}], strict=True)


def _with(place: str, **styles: Any) -> Change:
    def change(sheet: Any) -> None:
        for name, value in styles.items():
            setattr(sheet[place], name, value)

    return change


_GREEN = _with("B4", font=Font(color="FF00FF00"))


@pytest.mark.parametrize(
    ("props", "result", "score"),
    [
        (["font_color"], _GREEN, 1),
        (["font_color"], _nothing, 0),
        (["font_color"], _with("B3", font=Font(color="FF00FF00")), 0),
        (["font_color"], _with("B4", font=Font(color=Color(theme=4))), 0),
        (["font_bold"], _nothing, 1),
        (["font_color", "bgcolor"], _with("B4", font=Font(color="FF00FF00"), fill=PatternFill("solid", "FF0000")), 0),
        # An empty cell has no font that shows.
        (["font_bold"], _with("Z99", font=Font(bold=True)), 1),
        (["bgcolor"], _with("Z99", fill=PatternFill("solid", "FF0000")), 0),
    ],
)
def test_style_is_that_of_every_cell(tmp_path: Path, props: list[str], result: Change, score: float) -> None:
    assert _score(tmp_path, {"type": "style", "props": props}, result, _GREEN) == score


def test_colors_of_the_theme_are_told_apart(tmp_path: Path) -> None:
    themed = [_with("B4", font=Font(color=Color(theme=number))) for number in (4, 5)]
    rule = {"type": "style", "props": ["font_color"]}
    assert _score(tmp_path, rule, themed[0], themed[0]) == 1.0
    assert _score(tmp_path, rule, themed[0], themed[1]) == 0.0


def _conditional(limit: int, color: str) -> Change:
    def change(sheet: Any) -> None:
        sheet.conditional_formatting.add("B2:B4", CellIsRule("greaterThan", [str(limit)], font=Font(color=color)))

    return change


def test_conditional_formats_belong_to_the_style_that_they_change(tmp_path: Path) -> None:
    green = _conditional(6, "FF00FF00")
    for result, expected, score in (
        (green, green, 1),
        (_conditional(4, "FF00FF00"), green, 0),
        (_conditional(6, "FFFF0000"), green, 0),
        (_nothing, green, 0),
        (green, _nothing, 0),
    ):
        assert _score(tmp_path, {"type": "style", "props": ["font_color"]}, result, expected) == score
    red = _conditional(6, "FFFF0000")
    assert _score(tmp_path, {"type": "style", "props": ["font_bold"]}, red, green) == 1.0


def _hidden(*rows: int) -> Change:
    def change(sheet: Any) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return change


def test_rows_are_compared_in_what_is_asked_for(tmp_path: Path) -> None:
    rule = {"type": "row_props", "props": ["hidden"]}
    assert _score(tmp_path, rule, _hidden(2, 4), _hidden(2, 4)) == 1.0
    for result in (_nothing, _hidden(2), _hidden(2, 3, 4), _hidden(2, 30)):
        assert _score(tmp_path, rule, result, _hidden(2, 4)) == 0.0

    def higher(sheet: Any) -> None:
        sheet.row_dimensions[2].height = 40

    assert _score(tmp_path, rule, higher, _nothing) == 1.0
    assert _score(tmp_path, {**rule, "props": ["height"]}, higher, _nothing) == 0.0


def test_columns_said_one_by_one_or_together_are_the_same(tmp_path: Path) -> None:
    def together(sheet: Any) -> None:
        sheet.column_dimensions.group("B", "C", hidden=True)

    def one_by_one(sheet: Any) -> None:
        for letter in "BC":
            sheet.column_dimensions[letter].hidden = True

    rule = {"type": "col_props", "props": ["hidden"]}
    assert _score(tmp_path, rule, one_by_one, together) == 1.0
    assert _score(tmp_path, rule, _nothing, together) == 0.0


def _chart(kind: Any = BarChart, *, title: str | None = "Sold", rows: int = 4, place: str = "E2") -> Change:
    def change(sheet: Any) -> None:
        chart = kind()
        chart.title = title
        chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=rows), titles_from_data=True)
        chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows))
        sheet.add_chart(chart, place)

    return change


@pytest.mark.parametrize(
    ("result", "props", "score"),
    [
        (_chart(), ["type", "title"], 1),
        (_chart(LineChart), ["type"], 0),
        (_chart(LineChart), ["title"], 1),
        (_chart(title="Sol"), ["title"], 0),
        (_chart(title=None), ["title"], 0),
        (_chart(rows=3), ["type"], 0),
        (_chart(place="A9"), ["type"], 1),
        (_chart(place="A9"), ["anchor"], 0),
        (_chart(), ["width", "height", "ztitle"], 1),
        (_nothing, ["type"], 0),
        (_nothing, [], 0),
    ],
)
def test_charts_are_those_of_the_same_series(tmp_path: Path, result: Change, props: list[str], score: float) -> None:
    assert _score(tmp_path, {"type": "chart", "chart_props": props}, result, _chart()) == score


def _pivot(rows: int = 2, data: int = 1, subtotal: str = "sum", pages: tuple[int, ...] = ()) -> Change:
    return lambda sheet: add_pivot(
        sheet, ["month", "sold", "kind"], ref="A1:C4", rows=rows, data=data, subtotal=subtotal, pages=pages
    )


@pytest.mark.parametrize(
    ("result", "score"),
    [
        (_pivot(), 1),
        (_pivot(rows=0), 0),
        (_pivot(subtotal="count"), 0),
        (_pivot(data=0), 0),
        (_pivot(pages=(0,)), 0),
        (_nothing, 0),
    ],
)
def test_pivot_tables_are_told_by_their_fields(tmp_path: Path, result: Change, score: float) -> None:
    rule = {"type": "pivot_table", "pivot_props": ["col_fields", "filter", "row_fields", "data_fields", "show_headers"]}
    assert _score(tmp_path, rule, result, _pivot()) == score


def _list_of(choices: str, ranges: str = "C2:C4") -> Change:
    def change(sheet: Any) -> None:
        validation = DataValidation(type="list", formula1=f'"{choices}"')
        for one in ranges.split():
            validation.add(one)
        sheet.add_data_validation(validation)

    return change


def test_data_validations_fulfil_their_comparisons(tmp_path: Path) -> None:
    wanted = {
        "type": {"method": "eq", "ref": "list"},
        "formula1": {"method": "str_set_eq", "ref": ["a", "b"]},
        "ranges": {"method": "spreadsheet_range", "ref": ["C2:C3", "C1:C9"]},
    }
    rule = {"type": "data_validation", "sheet_idx": 0, "dv_props": [wanted]}
    for result, score in (
        (_list_of("b,a"), 1),
        (_list_of("a"), 0),
        (_list_of("a,b", "C2"), 0),
        (_list_of("a,b", "C2:C99"), 0),
        (_list_of("a,b", "C1:C2 C3:C5 C6:C9"), 1),
        (_list_of("a,b", "C1:C2 C4:C9"), 0),
        (_list_of("a,b", "A1:XFD1048576"), 0),
        (_nothing, 0),
    ):
        assert _score(tmp_path, rule, result, _nothing) == score


def _sparks(path: Path, **sparks: str) -> None:
    """Gives the second sheet of a book small charts in cells, as Excel and LibreOffice write them."""
    book = openpyxl.Workbook()
    book.create_sheet("Front", 0)
    book.save(path)
    told = "".join(
        f"<x14:sparkline><xm:f>{of}</xm:f><xm:sqref>{at}</xm:sqref></x14:sparkline>" for at, of in sparks.items()
    )
    names = 'uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}" '
    names += 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    names += 'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"'
    group = f"<x14:sparklineGroup><x14:sparklines>{told}</x14:sparklines></x14:sparklineGroup>"
    extension = f"<extLst><ext {names}><x14:sparklineGroups>{group}</x14:sparklineGroups></ext></extLst></worksheet>"
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(b"</worksheet>", extension.encode())
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)


@pytest.mark.filterwarnings("ignore:Sparkline Group extension is not supported")
@pytest.mark.parametrize(
    ("sparks", "score"),
    [
        ({"F3": "Sheet!C3:E3", "F2": "Sheet!C2:E2"}, 1),
        ({"F2": "Sheet!C2:E2", "F3": "Sheet!C3:E4"}, 0),
        ({"F2": "Sheet!C2:E2"}, 0),
        ({}, 0),
    ],
)
def test_sparklines_are_those_of_the_same_cells(tmp_path: Path, sparks: dict[str, str], score: float) -> None:
    result, expected = tmp_path / "r.xlsx", tmp_path / "e.xlsx"
    _sparks(result, **sparks)
    _sparks(expected, F2="Sheet!C2:E2", F3="Sheet!C3:E3")
    rule = {"type": "sparkline", "sheet_idx0": 1, "sheet_idx1": "ENSheet"}
    assert metrics["compare_table"](str(result), str(expected), rules=[rule]) == score
    empty = {"type": "sparkline", "sheet_idx0": "RNFront", "sheet_idx1": "EI0"}
    assert metrics["compare_table"](str(result), str(expected), rules=[empty]) == 1
    missing = {"type": "sparkline", "sheet_idx0": "RNNone", "sheet_idx1": "EI0"}
    assert metrics["compare_table"](str(result), str(expected), rules=[missing]) == 0


def test_filters_are_those_of_the_same_range(tmp_path: Path) -> None:
    def filtered(sheet: Any) -> None:
        sheet.auto_filter.ref = "A1:C4"

    assert _score(tmp_path, {"type": "filter"}, filtered, filtered) == 1.0
    assert _score(tmp_path, {"type": "filter"}, _nothing, filtered) == 0.0


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([], "at least one rule"),
        ("sheet_data", "must be a list"),
        (["sheet_data"], r"a rule is an object.*\.rules\[0\]$"),
        (
            [{"type": "sheet_name"}, {"type": "sparkles"}],
            r"there is no rule 'sparkles'; there are .*chart.*\.rules\[1\]$",
        ),
        ([{"type": "sheet_data", "sheet_idx0": 0}], "'sheet_data' needs sheet_idx1"),
        ([{**_BOTH, "type": "sheet_data", "precison": 2}], r"did you mean 'precision'.*rules\[0\]\.precison$"),
        (
            [{**_BOTH, "type": "sheet_fuzzy", "rules": [{"range": [], "type": "includes", "ignore_cas": True}]}],
            "no key 'ignore_cas' is known here; did you mean 'ignore_case'",
        ),
        ([{"type": "freeze", "sheet_idx0": 0, "sheet_idx1": "Sheet1"}], "'Sheet1' is no sheet"),
        ([{**_BOTH, "type": "style", "props": ["smell"]}], "style has no property 'smell'; it has .*font_color"),
        ([{**_BOTH, "type": "chart", "chart_props": ["depth"]}], "chart has no property 'depth'"),
        ([{**_BOTH, "type": "row_props", "props": ["width"]}], "row_props has no property 'width'"),
        ([{"type": "data_validation", "sheet_idx": 0, "dv_props": [{"tpe": {}}]}], "no property 'tpe'"),
        ([{"type": "zoom", "sheet_idx": 0, "method": "eqq", "ref": 1}], "no comparison 'eqq'"),
        ([{"type": "check_cell", "sheet_idx": 0, "coordinate": "A1", "props": {"value": {}}}], "a comparison is"),
        (
            [{**_BOTH, "type": "sheet_fuzzy", "rules": [{"range": ["A1"], "type": "near"}]}],
            "'near'; the choices are 'fuzzy_match'",
        ),
        ([{**_BOTH, "type": "sheet_fuzzy", "rules": [{"range": "A1", "type": "includes"}]}], r"`str` - at .*\.range$"),
        ([{**_BOTH, "type": "style", "props": 5}], r"`int` - at .*rules\[0\]\.props$"),
        ([{"type": "check_cell", "sheet_idx": 0, "coordinate": "A1", "props": ["value"]}], r"`array` - at .*\.props$"),
        ([{"type": ["zoom"]}], "a rule is an object with a type"),
    ],
)
def test_rule_that_cannot_be_done_is_told_before_the_episode(rules: Any, says: str) -> None:
    file = {"type": "vm_file", "path": "~/a.xlsx", "dest": "a.xlsx"}
    evaluator = {"func": "compare_table", "result": file, "expected": file, "options": {"rules": rules}}
    spec = parse_task({"id": "t", "instruction": "", "evaluator": evaluator}).evaluator
    assert spec is not None
    with pytest.raises(TaskError, match=rf"metric 'compare_table': .*{says}") as caught:
        check_spec(spec)
    assert " - at $.evaluator.options.rules" in str(caught.value)


@pytest.mark.desktop
@pytest.mark.slow
def test_what_libreoffice_saves_again_is_still_the_same(tmp_path: Path) -> None:
    def looks(sheet: Any) -> None:
        for change in (_GREEN, _hidden(3), _chart(), _list_of("a,b")):
            change(sheet)

    rules = [
        {**_BOTH, "type": "sheet_data"},
        {**_BOTH, "type": "style", "props": ["font_color", "font_bold"]},
        {**_BOTH, "type": "row_props", "props": ["hidden"]},
        {**_BOTH, "type": "chart", "chart_props": ["type", "title", "direction"]},
        {"type": "data_validation", "sheet_idx": 0, "dv_props": [{"type": {"method": "eq", "ref": "list"}}]},
    ]
    pivots = {**_BOTH, "type": "pivot_table", "pivot_props": ["col_fields", "filter", "row_fields", "data_fields"]}
    assert _scores_after_libreoffice(tmp_path, looks, rules) == [1.0] * len(rules)
    # It fills in the cells of the pivot table, so that the values are others.
    assert _scores_after_libreoffice(tmp_path, _pivot(pages=(0,)), [pivots]) == [1.0]


def _scores_after_libreoffice(tmp_path: Path, change: Change, rules: list[dict[str, Any]]) -> list[float]:
    written = _book(tmp_path / "e.xlsx", change)
    program = shutil.which("soffice")
    assert program is not None
    command = [program, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(tmp_path / "saved"), written]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return [
        metrics["compare_table"](str(tmp_path / "saved/e.xlsx"), written, rules=[rule], strict=True) for rule in rules
    ]
