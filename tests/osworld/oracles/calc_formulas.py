"""Tasks of Calc that are solved by formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from tests.osworld.makers.books import Row, beside, csv_of, workbook
from tests.osworld.moves import AS_DATE, enter, fill_down, fill_in
from tests.osworld.solution import Moves, Solution

__all__ = ["SOLUTIONS"]

_WEEKS: Sequence[Row] = [
    ("Week", "Sales", "COGS"),
    (1, 2510, 1275),
    (2, 3120, 1430.5),
    (3, 1985, 990),
    (4, 2764.25, 1377),
    (5, 3301, 2012.75),
]


def _profit_files() -> Mapping[str, bytes]:
    return {
        "WeeklySales.xlsx": workbook(_WEEKS),
        "6_WeeklySales_gt1.xlsx": workbook(beside(_WEEKS, ("Profit", 1235, 1689.5, 995, 1387.25, 1288.25))),
    }


def _profit() -> Moves:
    yield from enter("D1", "Profit")
    yield from fill_in("D2:D6", "=B2-C2")


_BLANK = None
_LEVELS: Sequence[Row] = [
    ("No.", "Level", "Term", "Subject", "Hours", "Note"),
    (1, "Beginner", "Spring", "Reading", 2, "new"),
    *((number, _BLANK, _BLANK, _BLANK, _BLANK, _BLANK) for number in range(2, 10)),
    (10, "Intermediate", "Spring", "Writing", 4, _BLANK),
    *((number, _BLANK, _BLANK, _BLANK, _BLANK, _BLANK) for number in range(11, 22)),
    (22, "Advanced", "Autumn", "Speaking", 3, "full"),
    *((number, _BLANK, _BLANK, _BLANK, _BLANK, _BLANK) for number in range(23, 30)),
]


def _blanks_files() -> Mapping[str, bytes]:
    filled: list[Row] = []
    for row in _LEVELS:
        above = filled[-1] if filled else row
        filled.append((row[0], *(new or old for new, old in zip(row[1:5], above[1:5], strict=True)), row[5]))
    return {
        "Student_Level_Fill_Blank.xlsx": workbook(_LEVELS),
        "Student_Level_Fill_Blank_gold.xlsx": workbook(filled),
    }


def _blanks() -> Moves:
    yield from fill_down("B2:E10")
    yield from fill_down("B11:E22")
    yield from fill_down("B23:E30")


_OLD_IDS = (4, 71, 305, 2210, 18004, 640021, 7700013)


def _padding_files() -> Mapping[str, bytes]:
    padded = ["0000004", "0000071", "0000305", "0002210", "0018004", "0640021", "7700013"]
    name = "Customers_New_7digit_Id"
    old: list[Row] = [("Old ID", "New 7 Digit Id"), *((number,) for number in _OLD_IDS)]
    new: list[Row] = [("Old ID", "New 7 Digit Id"), *zip(_OLD_IDS, padded, strict=True)]
    return {
        f"{name}.xlsx": workbook(old),
        f"{name}_gold.xlsx": workbook(new),
        f"{name}_gold.csv": csv_of(new),
    }


def _padding() -> Moves:
    yield from fill_in("B2:B8", '=TEXT(A2;"0000000")')


_PARAMETERS = (110_000_000, 345_000_000, 1_500_000_000, 6_740_000_000, 13_000_000_000, 175_250_000_000)


def _millions_files() -> Mapping[str, bytes]:
    name = "Represent_in_millions_billions"
    head = ("Parameter", "Millions (M)", "Billions (B)")
    old: list[Row] = [head, *((number,) for number in _PARAMETERS)]
    millions = ("110.0 M", "345.0 M", "1500.0 M", "6740.0 M", "13000.0 M", "175250.0 M")
    billions = ("0.1 B", "0.3 B", "1.5 B", "6.7 B", "13.0 B", "175.3 B")
    new: list[Row] = [head, *zip(_PARAMETERS, millions, billions, strict=True)]
    return {f"{name}.xlsx": workbook(old), f"{name}_gold.xlsx": workbook(new), f"{name}_gold.csv": csv_of(new)}


def _millions() -> Moves:
    yield from fill_in("B2:B7", '=TEXT(ROUND(A2/1000000;1);"0.0")&" M"')
    yield from fill_in("C2:C7", '=TEXT(ROUND(A2/1000000000;1);"0.0")&" B"')


_STAFF = (
    ("Ada", "Quill", "Manager"),
    ("Bertrand", "Osei", "Clerk"),
    ("Chiyo", "Lund", "Engineer"),
    ("Dmitri", "Varga", "Analyst"),
    ("Esther", "Novak", "Director"),
)


def _ranks_files() -> Mapping[str, bytes]:
    head = ("Employee", "First Name", "Last Name", "Rank")
    mixed = [" ".join(one) for one in _STAFF]
    return {
        "Employee_Roles_and_Ranks.xlsx": workbook([head, *((text,) for text in mixed)]),
        "Employee_Roles_and_Ranks_gold.xlsx": workbook(
            [head, *((text, *one) for text, one in zip(mixed, _STAFF, strict=True))]
        ),
    }


def _ranks() -> Moves:
    for column, place in zip("BCD", (1, 2, 3), strict=True):
        yield from fill_in(f"{column}2:{column}6", f'=REGEX($A2;"[^ ]+";;{place})')


_LOANS: Sequence[Row] = [
    ("Loan", "Start Date", "Term (months)"),
    ("L-01", datetime(2021, 3, 15), 12),
    ("L-02", datetime(2021, 6, 1), 36),
    ("L-03", datetime(2022, 1, 20), 24),
    ("L-04", datetime(2022, 11, 9), 6),
]


def _maturity_files() -> Mapping[str, bytes]:
    due = (datetime(2022, 3, 15), datetime(2024, 6, 1), datetime(2024, 1, 20), datetime(2023, 5, 9))
    return {
        "MaturityDate.xlsx": workbook(_LOANS),
        "1_MaturityDate_gt1.xlsx": workbook(beside(_LOANS, ("Maturity Date", *due))),
    }


def _maturity() -> Moves:
    yield from enter("D1", "Maturity Date")
    yield from fill_in("D2:D5", "=EDATE(B2;C2)")
    yield AS_DATE


_RAMP: Sequence[Row] = [
    ("Ramp Up", "Up Acceleration", "Ramp Down", "Down Acceleration"),
    (10, 0.3333333, 48, 1.6),
    (24, None, 36, None),
    (33, None, 21, None),
    (51, None, 9, None),
]


def _ramp_files() -> Mapping[str, bytes]:
    def formulas(rows: Sequence[Row]) -> list[Row]:
        return [rows[0], (10, "=A2/30", 48, "=C2/30"), *rows[2:]]

    filled: list[Row] = [(10, 1 / 3, 48, 1.6), (24, 0.8, 36, 1.2), (33, 1.1, 21, 0.7), (51, 1.7, 9, 0.3)]
    words = [", ".join(f"{name}: {value:.2f}" for name, value in zip(_RAMP[0], row, strict=True)) for row in filled]
    return {
        "RampUpAndDown.xlsx": workbook(formulas(_RAMP)),
        "3_RampUpAndDown_gt1.xlsx": workbook(beside([_RAMP[0], *filled], ["Combined Data", *words])),
    }


def _ramp() -> Moves:
    yield from fill_down("B2:B5")
    yield from fill_down("D2:D5")
    yield from enter("E1", "Combined Data")
    parts = '&", "&'.join(f'{column}$1&": "&TEXT({column}2;"0.00")' for column in "ABCD")
    yield from fill_in("E2:E5", f"={parts}")


_BIRTHDAYS = (date(1961, 2, 28), date(1975, 12, 31), date(1988, 7, 4), date(1999, 10, 17), date(2001, 1, 1))


def _ages_files() -> Mapping[str, bytes]:
    today = date.today()
    head = ("Name", "Birthday", "Age")
    names = ("Alva", "Boris", "Carmen", "Dag", "Edith")
    ages = [today.year - born.year - ((today.month, today.day) < (born.month, born.day)) for born in _BIRTHDAYS]
    people = list(zip(names, _BIRTHDAYS, strict=True))
    return {
        "Employee_Age_By_Birthday.xlsx": workbook([head, *people]),
        "Employee_Age_By_Birthday_gold.xlsx": workbook(
            [head, *((*person, age) for person, age in zip(people, ages, strict=True))]
        ),
    }


def _ages() -> Moves:
    yield from fill_in("C2:C6", '=DATEDIF(B2;TODAY();"y")')


def _text_files() -> Mapping[str, bytes]:
    name = "Padding_Decimals_In_Formular"

    def rows(formula: object) -> list[Row]:
        return [("Item", "Amount", "Sentence"), ("Rent", 812.5, formula)]

    # What the cell shows beside it, 812.5, is what is to be changed.
    shown = "The rent is 812.50 a month"
    return {
        f"{name}.xlsx": workbook(rows('="The rent is "&B2&" a month"')),
        f"{name}_gold.xlsx": workbook(rows(shown)),
        f"{name}_gold-Sheet1.csv": csv_of(rows(shown)),
    }


def _text() -> Moves:
    yield from enter("C2", '="The rent is "&TEXT(B2;"0.00")&" a month"')


_TITLES = (
    ("  the   GODFATHER ", "The Godfather"),
    ("pulp    fiction", "Pulp Fiction"),
    (" SEVEN samurai", "Seven Samurai"),
    ("city  of  GOD  ", "City Of God"),
    ("lAwReNcE of arabia", "Lawrence Of Arabia"),
)


def _titles_files() -> Mapping[str, bytes]:
    head = ("Garbage Movie Titles", "Clean Movie Titles")
    return {
        "Movie_titles_garbage_clean.xlsx": workbook([head, *((dirty,) for dirty, _ in _TITLES)]),
        "Movie_titles_garbage_clean_gold.xlsx": workbook([head, *_TITLES]),
    }


def _titles() -> Moves:
    yield from fill_in("B2:B6", "=PROPER(TRIM(A2))")


_NAMES = ("Mira", "Otto", "Mira", "Selin", "Otto", "Pavel", "Mira", "Selin", "Quentin")


def _unique_files() -> Mapping[str, bytes]:
    head = ("Names with duplicates", "Unique Names")
    unique = list(dict.fromkeys(_NAMES))
    padded = [*unique, *[None] * (len(_NAMES) - len(unique))]
    return {
        "Names_Duplicate_Unique.xlsx": workbook([head, *((name,) for name in _NAMES)]),
        "Names_Duplicate_Unique_gold.xlsx": workbook([head, *zip(_NAMES, padded, strict=True)]),
    }


def _unique() -> Moves:
    yield from enter("B2", "Mira", "Otto", "Selin", "Pavel", "Quentin")


_SCALE: Sequence[Row] = [
    ("Marks from", "Grade"),
    (0, "F"),
    (50, "D"),
    (60, "C"),
    (75, "B"),
    (90, "A"),
    (),
    ("Student", "Marks", "Grade"),
]
_MARKS = (("Ines", 91), ("Jonas", 60), ("Kira", 49.5), ("Leo", 74), ("Mona", 80), ("Nils", 55))


def _grades_files() -> Mapping[str, bytes]:
    name = "Student_Grades_and_Remarks"
    given = zip(_MARKS, "ACFCBD", strict=True)
    return {
        f"{name}.xlsx": workbook([*_SCALE, *_MARKS]),
        f"{name}_gold.xlsx": workbook([*_SCALE, *((*one, grade) for one, grade in given)]),
    }


def _grades() -> Moves:
    yield from fill_in("C9:C14", "=VLOOKUP(B9;$A$2:$B$6;2)")


SOLUTIONS = (
    Solution("01b269ae-2111-4a07-81fd-3fcd711993b0", "gui", _blanks_files, _blanks),
    Solution("0bf05a7d-b28b-44d2-955a-50b41e24012a", "gui", _padding_files, _padding),
    Solution("1e8df695-bd1b-45b3-b557-e7d599cf7597", "gui", _profit_files, _profit),
    Solution("21df9241-f8d7-4509-b7f1-37e501a823f7", "gui", _millions_files, _millions),
    Solution("37608790-6147-45d0-9f20-1137bb35703d", "gui", _ranks_files, _ranks),
    Solution("4172ea6e-6b77-4edb-a9cc-c0014bd1603b", "gui", _maturity_files, _maturity),
    Solution("4de54231-e4b5-49e3-b2ba-61a0bec721c0", "gui", _ramp_files, _ramp),
    Solution("4e6fcf72-daf3-439f-a232-c434ce416af6", "gui", _ages_files, _ages, afresh=True),
    Solution("4f07fbe9-70de-4927-a4d5-bb28bc12c52c", "gui", _text_files, _text),
    Solution("a9f325aa-8c05-4e4f-8341-9e4358565f4f", "gui", _titles_files, _titles),
    Solution("abed40dc-063f-4598-8ba5-9fe749c0615d", "gui", _unique_files, _unique),
    Solution("d681960f-7bc3-4286-9913-a8812ba3261a", "gui", _grades_files, _grades),
)
