"""Tasks of Calc on a second sheet, and on sheets themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openpyxl import Workbook

from agentgym.actions import Hotkey, Press, TypeText
from tests.osworld.makers.books import Row, workbook
from tests.osworld.moves import COPY, PASTE, answer, choose, enter, fill_in, go_to, new_sheet
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_INCOME: Sequence[Row] = [
    ("Year", "Sales", "Returns", "Discounts", "Materials", "Labor", "Overhead", "Gross Profit"),
    (2016, 9000, 120, 80.5, 2100, 1500, 640, None),
    (2017, 9800, 75, 95, 2350.25, 1620, 655, None),
    (2018, 11250, 210, 110, 2790, 1710.75, 702, None),
    (2019, 10890, 160, 105, 2660, 1745, 718.5, None),
]


def _years_files() -> Mapping[str, bytes]:
    profits = (4559.5, 5004.75, 5727.25, 5501.5)
    filled = [_INCOME[0], *((*row[:-1], profit) for row, profit in zip(_INCOME[1:], profits, strict=True))]
    texts = ("Year_Profit", "2016_4559", "2017_5004", "2018_5727", "2019_5501")
    return {
        "IncomeStatement2.xlsx": workbook(_INCOME),
        "5_IncomeStatement2_gt1.xlsx": workbook({"Sheet1": filled, "Sheet2": [(text,) for text in texts]}),
    }


def _years() -> Moves:
    yield from fill_in("H2:H5", "=B2-C2-SUM(D2:G2)")
    yield from new_sheet("Sheet2")
    yield from enter("A1", "Year_Profit")
    yield from fill_in("A2:A5", '=Sheet1.A2&"_"&INT(Sheet1.H2)')


_BALANCE: Sequence[Row] = [
    ("Year", "Current Assets", "Fixed Assets", "Other Assets"),
    (2014, 400, 1000, 80),
    (2015, 500, 1100, 60),
    (2016, 450, 1210, 75),
    (2017, 540, 1089, 90),
    (2018, 513, 1306.8, 72),
    (2019, 615.6, 1633.5, 108),
]


def _changes_files() -> Mapping[str, bytes]:
    changes: list[Row] = [
        ("Year", "CA changes", "FA changes", "OA changes"),
        (2015, 0.25, 0.1, -0.25),
        (2016, -0.1, 0.1, 0.25),
        (2017, 0.2, -0.1, 0.2),
        (2018, -0.05, 0.2, -0.2),
        (2019, 0.2, 0.25, 0.5),
    ]
    return {
        "SmallBalanceSheet.xlsx": workbook(_BALANCE),
        "4_SmallBalanceSheet_gt1.xlsx": workbook({"Sheet1": _BALANCE, "Sheet2": changes}),
    }


def _changes() -> Moves:
    yield from new_sheet("Sheet2")
    yield TypeText("Year\tCA changes\tFA changes\tOA changes\n")
    yield from fill_in("A2:A6", "=Sheet1.A3")
    yield from fill_in("B2:D6", "=Sheet1.B3/Sheet1.B2-1")
    yield Hotkey(("ctrl", "shift", "5"))


_NET_INCOME: Sequence[Row] = [
    ("Quarter", "Revenue", "Total Expenses", "Net Income"),
    ("Q1", 51200, 40150, 11050),
    ("Q2", 48750.5, 39900, 8850.5),
    ("Q3", 60310, 44025.25, 16284.75),
    ("Q4", 57420, 43780, 13640),
]


def _copied_files() -> Mapping[str, bytes]:
    revenue = [(row[1],) for row in _NET_INCOME]
    return {
        "NetIncome.xlsx": workbook(_NET_INCOME),
        "3_NetIncome_gt1.xlsx": workbook({"Sheet1": _NET_INCOME, "Sheet2": revenue}),
    }


def _copied() -> Moves:
    yield from go_to("B1:B5")
    yield COPY
    yield from new_sheet("Sheet2")
    yield PASTE


def _sums_files() -> Mapping[str, bytes]:
    sums: list[Row] = [("Total Revenue", "Total Expenses"), (217680.5, 167855.25)]
    return {
        "NetIncome.xlsx": workbook(_NET_INCOME),
        "2_NetIncome_gt1.xlsx": workbook({"Sheet1": _NET_INCOME, "Sheet2": sums}),
    }


def _sums() -> Moves:
    yield from new_sheet("Sheet2")
    yield TypeText("Total Revenue\tTotal Expenses\n")
    yield from fill_in("A2:B2", "=SUM(Sheet1.B2:B5)")


_LISTED: Sequence[Row] = [("Grade", "Resource"), (5, "Matter and energy"), (8, "Forces"), (11, "Ecosystems")]
_OFFLINE: Sequence[Row] = [("Grade", "Shelf"), (5, "A 12"), (8, "B 3")]


def _renamed_files() -> Mapping[str, bytes]:
    return {
        "LARS_Science_Assessment_Resource_List_7-30-21.xlsx": workbook({"Sheet 1": _LISTED, "Sheet 2": _OFFLINE}),
        "LARS_Science_Assessment_Resource_List_7-30-21_gold.xlsx": workbook(
            {
                "LARS Resources": _LISTED,
                "LARS Resources (Backup)": _LISTED,
                "LARS Resources (Offline)": _OFFLINE,
            }
        ),
    }


def _renamed() -> Moves:
    yield from _rename("LARS Resources")
    yield from choose("Duplicate Sheet")
    yield from _rename("LARS Resources (Backup)")
    yield Hotkey(("ctrl", "pagedown"))
    yield from _rename("LARS Resources (Offline)")


def _rename(name: str) -> Moves:
    yield from choose("Rename Sheet", opens="Rename Sheet")
    # The old name is selected.
    yield from answer("Rename Sheet", f"{name}\n")


_FUTURE: Sequence[Row] = [("Rate", "Years", "Future Value"), (0.05, 10, 1628.89), (0.01, 10, 1104.62)]


def _merged_files() -> Mapping[str, bytes]:
    summary: list[Row] = [("Investment Summary",), ("High Interest Rate", None, "Low Interest Rate")]

    def merge(book: Workbook) -> None:
        for cells in ("A1:C1", "A2:B2", "C2:D2"):
            book["Sheet2"].merge_cells(cells)

    return {
        "FutureValue.xlsx": workbook(_FUTURE),
        "5_FutureValue_gt1.xlsx": workbook({"Sheet1": _FUTURE, "Sheet2": summary}, then=merge),
    }


def _merged() -> Moves:
    yield from new_sheet("Sheet2")
    for cells, text in (
        ("A1:C1", "Investment Summary"),
        ("A2:B2", "High Interest Rate"),
        ("C2:D2", "Low Interest Rate"),
    ):
        yield from go_to(cells)
        yield from choose("Merge Cells")
        yield TypeText(f"{text}\n")


_CLASS: Sequence[Row] = [
    (),
    (None, "Subject", "Ana", "Ben", "Cleo", "Dov"),
    (None, "Maths", 81, 67, 92, 75),
    (None, "Physics", 74, 70, 88, 69),
    (None, "History", 90, 58, 79, 83),
]


def _turned_files() -> Mapping[str, bytes]:
    turned = [(None, *column) for column in zip(*(row[1:] for row in _CLASS[1:]), strict=True)]
    return {
        "Students_Class_Subject_Marks.xlsx": workbook(_CLASS),
        "Students_Class_Subject_Marks_gold.xlsx": workbook([*_CLASS, (), (), *turned]),
    }


def _turned() -> Moves:
    yield from go_to("B2:F5")
    yield COPY
    yield from go_to("B8")
    yield Hotkey(("ctrl", "shift", "v"))
    yield Seen("Paste Special")
    # From the first option, a link, to the second.
    yield TypeText("\t ")
    yield Press("enter")
    yield Gone("Paste Special")


SOLUTIONS = (
    Solution("035f41ba-6653-43ab-aa63-c86d449d62e5", "gui", _years_files, _years),
    Solution("04d9aeaf-7bed-4024-bedb-e10e6f00eb7f", "gui", _changes_files, _changes),
    Solution("0cecd4f3-74de-457b-ba94-29ad6b5dafb6", "gui", _renamed_files, _renamed),
    Solution("1273e544-688f-496b-8d89-3e0f40aa0606", "gui", _copied_files, _copied),
    Solution("1d17d234-e39d-4ed7-b46f-4417922a4e7c", "gui", _merged_files, _merged),
    Solution("42e0a640-4f19-4b28-973d-729602b5a4a7", "gui", _sums_files, _sums),
    Solution("eb03d19a-b88d-4de4-8a64-ca0ac66f426b", "gui", _turned_files, _turned),
)
