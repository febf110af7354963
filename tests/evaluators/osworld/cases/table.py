"""Cases of the metrics on workbooks."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from tests.evaluators.osworld.case import Case, Folder, damaged

_VALUES = (1, 2.0, 2, 2.00004, 2.00006, -3.5, "a", "b", "A", " a", "NA", "", "2", None, None, True, False, "größer")
_TYPES = (
    *("sheet_name", "sheet_data", "sheet_print", "sheet_fuzzy", "chart", "freeze", "filter", "zoom"),
    *("style", "row_props", "col_props", "check_cell", "data_validation"),
)
_STYLES = ("font_name", "font_bold", "font_italic", "font_underline", "font_size", "font_color", "bgcolor", "fill_type")


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield (_cities if rng.random() < 0.05 else _table)(rng, files)


def _cities(rng: random.Random, files: Folder) -> Case:
    names = ("Vienna", "Lille", "Sydney", "Online")
    wanted: list[Any] = [rng.choice(names) for _ in range(rng.choice((21, 21, 21, 20, 23)))]
    book = openpyxl.Workbook()
    for row, name in enumerate(wanted):
        book.active.cell(row + 2, 3, f"{name}, AT")
    if rng.random() < 0.4:
        book.active.cell(rng.randint(1, 23), 3, rng.choice(("Lille", None, 3, "=A1")))
    wanted = [name if rng.random() < 0.8 else [name, "x"] for name in wanted]
    return Case("compare_conference_city_in_order", [_left(rng, files, _saved(book)), {"expected": wanted}])


def _table(rng: random.Random, files: Folder) -> Case:
    seed = rng.random()
    changes = rng.choice((0, 0, 1, 1, 2))
    expected, result = _book(random.Random(seed)), _book(random.Random(seed))
    for _ in range(changes):
        _change(rng, result)
    paths = _left(rng, files, _saved(result)), files.write(_saved(expected), ".xlsx")
    kinds = [rng.choice(_TYPES) for _ in range(rng.choice((1, 1, 1, 2)))]
    if "sheet_print" in kinds:
        _print(rng, paths)
    rules = [_rule(rng, kind) for kind in kinds]
    known = "a font without a colour" if any("font_color" in rule.get("props", ()) for rule in rules) else ""
    return Case("compare_table", list(paths), {"rules": rules}, known=known)


def _print(rng: random.Random, paths: tuple[str | None, str]) -> None:
    text = rng.choice(("a,b\n1,2\n", "a,b\n1,2\n\n \n", "\n\n"))
    other = rng.choice((text, text, text.upper(), "a,c\n", f"{text}\n"))
    for path, content in zip(paths, (other, text), strict=True):
        if path is not None and rng.random() < 0.9:
            Path(path).with_name(f"{Path(path).stem}-One.csv").write_bytes(content.encode())


def _book(rng: random.Random) -> Any:
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.create_sheet("Two")
    for sheet in book.worksheets:
        for _ in range(rng.randint(0, 5)):
            kind = rng.choice((_VALUES, (1, 2, 3.25), ("a", "b", None)))
            sheet.append([rng.choice(kind) for _ in range(rng.randint(1, 4))])
        for _ in range(rng.randint(0, 3)):
            _change(rng, book)
    return book


def _change(rng: random.Random, book: Any) -> None:  # noqa: C901, PLR0912 - one line for each thing that may differ
    sheet = book.worksheets[0]
    cell = sheet.cell(rng.randint(1, 5), rng.randint(1, 4))
    what = rng.randrange(15)
    if what == 0:
        cell.value = rng.choice(_VALUES)
    elif what == 1:
        cell.font = Font(name=rng.choice(("Arial", "Calibri")), b=rng.random() < 0.5, i=rng.random() < 0.5, sz=12)
    elif what == 2:
        cell.font = Font(color=rng.choice(("FF00FF00", "FFFF0000")), u=rng.choice((None, "single")))
    elif what == 3:
        cell.fill = PatternFill("solid", rng.choice(("FF00FF00", "00FF0000")))
    elif what == 4:
        sheet.freeze_panes = rng.choice(("A2", "B1", None))
    elif what == 5:
        sheet.auto_filter.ref = rng.choice(("A1:B3", "A1:C3"))
        if rng.random() < 0.5:
            sheet.auto_filter.add_filter_column(rng.randint(0, 1), ["a"])
    elif what == 6:
        sheet.sheet_view.zoomScale = rng.choice((80, 100, 260))
    elif what == 7:
        validation = DataValidation(type="list", formula1=rng.choice(('"a,b"', '"b"')), allow_blank=True)
        validation.add(rng.choice(("A1:A5", "B2")))
        sheet.add_data_validation(validation)
    elif what == 8:
        sheet.row_dimensions[rng.randint(1, 4)].hidden = rng.random() < 0.8
    elif what == 9:
        sheet.row_dimensions[rng.randint(1, 4)].height = rng.choice((20, 30))
    elif what == 10:
        sheet.column_dimensions[rng.choice("ABC")].width = rng.choice((20, 30))
    elif what == 11:
        book.worksheets[1].title = rng.choice(("Two", "Three"))
    elif what == 12:
        cell.value = rng.choice((dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4)))
    else:
        _draw(rng, sheet)


def _draw(rng: random.Random, sheet: Any) -> None:
    chart = rng.choice((BarChart, LineChart))()
    chart.add_data(Reference(sheet, 2, 1, rng.choice((2, 2, 3)), 4), titles_from_data=True)
    if rng.random() < 0.5:
        chart.set_categories(Reference(sheet, 1, 2, 1, 4))
    chart.title = rng.choice((None, "Sold", "Bought"))
    chart.x_axis.title = rng.choice((None, "month"))
    if isinstance(chart, BarChart):
        chart.type = rng.choice(("bar", "col"))
    if rng.random() < 0.3:
        chart.legend = None
    sheet.add_chart(chart, "E5")


def _rule(rng: random.Random, kind: str) -> dict[str, Any]:  # noqa: C901, PLR0911 - one form for each type
    two = {
        "sheet_idx0": rng.choice((0, 0, 0, "RI0", "RNOne", "RI1", "RNThree", 2)),
        "sheet_idx1": rng.choice(("EI0", "EI0", "EI0", "ENOne", "EI1", "RI0")),
    }
    if kind == "sheet_name":
        return {"type": kind}
    if kind == "sheet_data":
        return {"type": kind, **two, **rng.choice(({}, {}, {"precision": 1}, {"precision": 5}))}
    if kind == "sheet_print":
        two = {"sheet_idx0": rng.choice((0, "RNOne")), "sheet_idx1": rng.choice(("EI0", "ENOne"))}
        return {"type": kind, **two, **rng.choice(({}, {"ignore_case": True}))}
    if kind == "sheet_fuzzy":
        return {"type": kind, **two, "rules": [_fuzzy(rng)]}
    if kind == "chart":
        props = rng.sample(("type", "title", "xtitle", "ytitle", "legend"), rng.randint(0, 3))
        return {"type": kind, **two, **rng.choice(({}, {"chart_props": props}))}
    if kind == "style":
        return {"type": kind, **two, "props": rng.sample(_STYLES, rng.randint(1, 3))}
    if kind == "row_props":
        return {"type": kind, **two, "props": rng.sample(("hidden", "height", "collapsed"), rng.randint(1, 2))}
    if kind == "col_props":
        return {"type": kind, **two, "props": rng.sample(("hidden", "width"), rng.randint(1, 2))}
    one = {"type": kind, "sheet_idx": rng.choice((0, 0, "RI0", "EI0", "RNOne", "RNThree"))}
    if kind == "zoom":
        return {**one, **rng.choice(({"method": "gt", "ref": 90}, {"method": "eq", "ref": 100}))}
    if kind == "data_validation":
        wanted = {"formula1": {"method": "eq", "ref": '"a,b"'}, "type": {"method": "eq", "ref": "list"}}
        ranges = {"ranges": {"method": "spreadsheet_range", "ref": ["A1:A5", "A1:A9"]}}
        return {**one, "dv_props": rng.choice(([wanted], [ranges], [wanted, ranges], []))}
    if kind == "check_cell":
        return {**one, "coordinate": rng.choice(("A1", "B2", "C3", "D5")), "props": _cell(rng)}
    return {"type": kind, **two}


def _cell(rng: random.Random) -> dict[str, Any]:
    values: tuple[dict[str, Any], ...] = (
        {"method": "eq", "ref": rng.choice((1, 2, "a"))},
        {"method": "approx:0.001", "ref": 2},
        {"method": "range.te", "ref": [0, 2]},
        {"method": "ne", "ref": 1},
        {"method": "re", "ref": "^[ab]"},
    )
    styles: dict[str, Any] = {
        "font_bold": {"method": "eq", "ref": False},
        "bgcolor": {"method": "eq", "ref": "FF00FF00"},
    }
    return {"value": rng.choice(values)} if rng.random() < 0.6 else dict([rng.choice(list(styles.items()))])


def _fuzzy(rng: random.Random) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "range": rng.choice((["A1:B4"], ["A1", "C2:D3"], ["B2"])),
        "type": rng.choice(("includes", "included_by", "fuzzy_match", "exact_match")),
    }
    more = {
        "threshold": 80,
        "ignore_case": True,
        "ignore_chars": " .",
        "trim_leadings": " a",
        "normalization": [["a", "b"]],
    }
    return {**rule, **dict(rng.sample(list(more.items()), rng.randint(0, 3)))}


def _left(rng: random.Random, files: Folder, content: bytes) -> str | None:
    if rng.random() < 0.9:
        return files.write(content, ".xlsx")
    return rng.choice((None, files.missing(".xlsx"), files.write(damaged(rng, content), ".xlsx")))


def _saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
