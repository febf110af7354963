"""Cases of the metrics on what stands in workbooks' cells."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, GradientFill, PatternFill
from openpyxl.styles.colors import Color

from tests.evaluators.osworld.case import Case, Folder
from tests.evaluators.osworld.workbooks import FORMULAS, left, numbered_anew, saved, with_results, with_shared_texts

_VALUES = (1, 2.0, 2, 2.00004, 2.00006, -3.5, "a", "b", "A", " a", "NA", "2", None, None, True, False, "größer")
_DATES = (dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), dt.date(2024, 1, 2), dt.time(3, 4, 5))
_TYPES = (
    "sheet_name",
    "sheet_data",
    "sheet_data",
    "sheet_print",
    "sheet_fuzzy",
    "sheet_fuzzy",
    "check_cell",
    "check_cell",
)


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
    return Case("compare_conference_city_in_order", [left(rng, files, saved(book)), {"expected": wanted}])


def _table(rng: random.Random, files: Folder) -> Case:
    seed = rng.random()
    expected, result = _book(random.Random(seed)), _book(random.Random(seed))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        _change(rng, result)
    worked_out = rng.random() < 0.8
    contents = [_content(rng, book, worked_out) for book in (result, expected)]
    paths = left(rng, files, contents[0]), files.write(contents[1], ".xlsx")
    kinds = rng.sample(_TYPES, rng.choice((1, 1, 1, 2)))
    if "sheet_print" in kinds:
        _print(rng, paths)
    known = "" if worked_out or "sheet_fuzzy" not in kinds else "a formula without a result"
    return Case("compare_table", list(paths), {"rules": [_rule(rng, kind) for kind in kinds]}, known=known)


def _content(rng: random.Random, book: Any, worked_out: bool) -> bytes:
    content = with_results(saved(book)) if worked_out else saved(book)
    content = with_shared_texts(content, runs=rng.random() < 0.2) if rng.random() < 0.6 else content
    return numbered_anew(content) if rng.random() < 0.05 else content


def _print(rng: random.Random, paths: tuple[str | None, str]) -> None:
    text = rng.choice(("a,b\n1,2\n", "a,b\n1,2\n\n \n", "\n\n", "ä,b\r\n1,2"))
    other = rng.choice((text, text, text.upper(), "a,c\n", f"{text}\n", text.replace("ä", "ö"), f"\ufeff{text}"))
    encoding = rng.choice(("utf-8", "utf-8", "cp1252" if "\ufeff" not in other else "utf-8"))
    for path, content in zip(paths, (other, text), strict=True):
        if path is not None and rng.random() < 0.9:
            Path(path).with_name(f"{Path(path).stem}-One.csv").write_bytes(content.encode(encoding))


def _book(rng: random.Random) -> Any:
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.create_sheet("Two")
    for sheet in book.worksheets:
        for _ in range(rng.randint(0, 5)):
            kind = rng.choice((_VALUES, (1, 2, 3.25), ("a", "b", None), tuple(FORMULAS)))
            sheet.append([rng.choice(kind) for _ in range(rng.randint(1, 4))])
        for _ in range(rng.randint(0, 3)):
            _change(rng, book)
    return book


def _change(rng: random.Random, book: Any) -> None:  # noqa: C901 - one line for each thing that may differ
    sheet = book.worksheets[0]
    cell = sheet.cell(rng.randint(1, 5), rng.randint(1, 4))
    what = rng.randrange(13)
    if what == 0:
        cell.font = Font(name=rng.choice(("Arial", "Calibri")), b=rng.random() < 0.5, i=rng.random() < 0.5, sz=12)
    elif what == 1:
        cell.font = Font(color=rng.choice(("FF00FF00", "FFFF0000", Color(theme=4))), u=rng.choice((None, "single")))
    elif what == 2:
        cell.fill = rng.choice(
            (
                PatternFill("solid", "FF00FF00"),
                PatternFill("solid", "00FF0000"),
                GradientFill(stop=("FF0000", "0000FF")),
            )
        )
    elif what == 3:
        book.worksheets[1].title = rng.choice(("Two", "Three"))
    elif what == 4:
        cell.value = rng.choice(_DATES)
    elif what == 5:
        cell.number_format = rng.choice(("0.00", "0%"))
    elif what == 6:
        cell.hyperlink = "http://a.example"
    elif what == 7 and rng.random() < 0.3:
        chart = BarChart()
        chart.add_data(Reference(sheet, 1, 1, 1, 3))
        book.create_chartsheet("Drawn", index=rng.randint(0, 2)).add_chart(chart)
    elif what == 8 and rng.random() < 0.3:
        book.move_sheet(sheet, 1)
    elif what == 9:
        cell.value = rng.choice(list(FORMULAS))
    else:
        cell.value = rng.choice(_VALUES)


def _rule(rng: random.Random, kind: str) -> dict[str, Any]:
    two = {
        "type": kind,
        "sheet_idx0": rng.choice((0, 0, 0, 0, "RI0", "RNOne", "RI1", "RNThree", 2, -1)),
        "sheet_idx1": rng.choice(("EI0", "EI0", "EI0", "ENOne", "EI1", "RI0", "EI-1")),
    }
    if kind == "sheet_name":
        return {"type": kind}
    if kind == "sheet_data":
        return {**two, **rng.choice(({}, {}, {"precision": 1}, {"precision": 5}))}
    if kind == "sheet_print":
        two = {"sheet_idx0": rng.choice((0, "RNOne")), "sheet_idx1": rng.choice(("EI0", "ENOne"))}
        return {"type": kind, **two, **rng.choice(({}, {"ignore_case": True}))}
    if kind == "sheet_fuzzy":
        return {**two, "rules": [_fuzzy(rng) for _ in range(rng.choice((1, 1, 2)))]}
    return {
        "type": kind,
        "sheet_idx": rng.choice((0, 0, "RI0", "EI0", "RNOne", "RNThree")),
        "coordinate": rng.choice(("A1", "B2", "C3", "D5")),
        "props": _cell(rng),
    }


def _cell(rng: random.Random) -> dict[str, Any]:
    values: tuple[dict[str, Any], ...] = (
        {"method": "eq", "ref": rng.choice((1, 2, "a", 45293.0))},
        {"method": "approx:0.001", "ref": 2},
        {"method": "range.te", "ref": [0, 2]},
        {"method": "ne", "ref": 1},
        {"method": "ge", "ref": 2},
        {"method": "re", "ref": "^[ab]"},
        {"method": "re.I", "ref": "^a$"},
        {"method": "str_set_eq", "ref": ["a"]},
    )
    styles: dict[str, Any] = {
        "font_bold": {"method": "eq", "ref": False},
        "font_italic": {"method": "ne", "ref": True},
        "font_name": {"method": "eq", "ref": "Calibri"},
        "font_family": {"method": "eq", "ref": 2},
        "font_size": {"method": "range.ee", "ref": [11, 12]},
        "font_underline": {"method": "eq", "ref": "single"},
        "font_color": rng.choice(({"method": "eq", "ref": "FF00FF00"}, {"method": "re", "ref": "FF"})),
        "fill_type": {"method": "eq", "ref": "patternFill"},
        "bgcolor": {"method": "eq", "ref": "FF00FF00"},
        "fgcolor": {"method": "ne", "ref": "FF00FF00"},
        "number_format": {"method": "eq", "ref": "General"},
        "hyperlink": rng.choice(({"method": "eq", "ref": ""}, {"method": "re", "ref": "a.example"})),
        "merge": {"method": "eq", "ref": False},
    }
    if rng.random() < 0.5:
        return {"value": rng.choice(values)}
    return dict(rng.sample(list(styles.items()), rng.choice((1, 1, 2))))


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
        "trim_trailings": "0.",
        "normalization": [["a", "b"]],
    }
    return {**rule, **dict(rng.sample(list(more.items()), rng.randint(0, 3)))}
