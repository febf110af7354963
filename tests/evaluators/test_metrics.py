"""Each metric on what is right, wrong, missing and damaged."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from openpyxl.styles import Font

from agentgym.errors import MissingDependencyError
from agentgym.evaluators import metrics
from agentgym.evaluators.metrics.structures import compared


def _file(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "result", "rules", "options", "score"),
    [
        ("exact_match", "a", {"expected": "a"}, {}, 1),
        ("exact_match", "A", {"expected": "a"}, {}, 0),
        ("fuzzy_match", "abcd", {"expected": "abce"}, {}, 0.75),
        ("fuzzy_match", None, {"expected": "abce"}, {}, 0),
        ("literal_match", 3, "3", {}, 1),
        ("literal_match", "A", "a", {"ignore_case": True}, 1),
        ("literal_match", ["a", "b"], ["b", "a"], {"type": "list"}, 0),
        ("literal_match", [1, "B"], ["1", "b"], {"type": "list", "ignore_case": True}, 1),
        ("literal_match", None, ["a"], {"type": "list"}, 0),
        ("literal_match", "ab", ["a", "b"], {"type": "list"}, 0),
        ("check_include_exclude", "one two", {"include": ["one"], "exclude": ["three"]}, {}, 1),
        ("check_include_exclude", "one two", {"include": ["one"], "exclude": ["two"]}, {}, 0),
        ("check_include_exclude", "one two", {"include": ["three"]}, {}, 0),
        ("check_include_exclude", None, {"include": []}, {}, 0),
        ("is_in_list", ["a", "b"], {"expected": "b"}, {}, 1),
        ("is_in_list", ["a", "b"], {"expected": "c"}, {}, 0),
        ("is_in_list", None, {"expected": "c"}, {}, 0),
        ("match_in_list", "b", {"expected": ["a", "b"]}, {}, 1),
        ("match_in_list", "c", {"expected": ["a", "b"]}, {}, 0),
        ("check_direct_json_object", '{"a": 1, "b": 2}', {"expected": {"a": 1}}, {}, 1),
        ("check_direct_json_object", {"a": 2}, {"expected": {"a": 1}}, {}, 0),
        ("check_direct_json_object", {"a": "x1y"}, {"expected": {"a": "1"}, "expect_in_result": True}, {}, 1),
        ("check_direct_json_object", {"a": "x1y"}, {"expected": {"a": 1}, "expect_in_result": True}, {}, 0),
        (
            "check_direct_json_object",
            {"a": ["x", "y"]},
            {"expected": {"a": ["y", "z"]}, "expect_in_result": True},
            {},
            1,
        ),
        ("check_direct_json_object", {"a": "y"}, {"expected": {"a": ["y", "z"]}, "expect_in_result": True}, {}, 1),
        ("check_direct_json_object", {"a": "yz"}, {"expected": {"a": ["y", "z"]}, "expect_in_result": True}, {}, 0),
        ("check_direct_json_object", "{'a': 'it'}", {"expected": {"a": "it"}}, {}, 1),
        ("check_direct_json_object", """{"a": "it's"}""", {"expected": {"a": "it's"}}, {}, 1),
        ("check_direct_json_object", None, {"expected": {"a": 1}}, {}, 0),
        ("check_direct_json_object", {}, {"expected": {"a": 1}}, {}, 0),
        ("check_direct_json_object", "{broken", {"expected": {}}, {}, 0),
    ],
)
def test_value_is_scored(name: str, result: Any, rules: Any, options: dict[str, Any], score: float) -> None:
    assert metrics[name](result, rules, **options) == pytest.approx(score)


@pytest.mark.parametrize(
    ("name", "content", "rules", "score"),
    [
        ("is_file_exist", "", None, 1),
        ("check_list", "one\ntwo\n", {"expect": ["^t.o$"], "unexpect": ["three"]}, 1),
        ("check_list", "one\ntwo\n", {"expect": ["one", "three"]}, 0),
        ("check_list", "one\r\ntwo\r\n", {"expect": ["^one\\n"]}, 1),
        ("check_list", "one\ntwo\n", {"expect": [], "unexpect": ["two"]}, 0),
        ("file_contains", "one two", {"expected": ["one", "two"]}, 1),
        ("file_contains", "one two", {"expected": ["one", "three"]}, 0),
        ("file_contains", b"\xff\xfe", {"expected": []}, 0),
        ("check_json", '{"a": [{"b": 3}]}', {"expect": [{"key": ["a", 0, "b"], "method": "eq", "ref": 3}]}, 1),
        ("check_json", '{"a": [{"b": 3}]}', {"expect": [{"key": ["a", 1, "b"], "method": "eq", "ref": 3}]}, 0),
        ("check_json", '{"a": 3}', {"expect": [{"key": ["a"], "method": "approx:0.5", "ref": 3.4}]}, 1),
        ("check_json", '{"a": 3}', {"unexpect": [{"key": ["a"], "method": "ge", "ref": 3}]}, 0),
        ("check_json", '{"a": "x"}', {"expect": [{"key": ["a"], "method": "lt", "ref": 3}]}, 0),
        ("check_json", "{", {"expect": []}, 0),
        ("check_json", '{"a": 1}', {"expect": [{"key": ["b"], "method": "ne", "ref": 1}]}, 0),
        ("check_json", '{"a": 1}', {"unexpect": [{"key": ["b"], "method": "eq", "ref": 1}]}, 1),
        ("check_json", '{"a": 1}', {"unexpect": [{"key": ["b"], "method": "ne", "ref": 1}]}, 0),
    ],
)
def test_file_is_scored(tmp_path: Path, name: str, content: Any, rules: Any, score: float) -> None:
    assert metrics[name](_file(tmp_path, "result", content), rules) == score


@pytest.mark.parametrize("name", ["is_file_exist", "check_list", "file_contains", "check_json"])
def test_missing_file_scores_zero(name: str) -> None:
    assert metrics[name](None, {"expected": [], "expect": []}) == 0.0


@pytest.mark.parametrize(
    ("name", "result", "expected", "options", "score"),
    [
        ("compare_text_file", "a b\n", "a b\n", {}, 1),
        ("compare_text_file", "a  b", "a b\n", {}, 0),
        ("compare_text_file", "a  b", "a\tb\n", {"ignore_blanks": True}, 1),
        ("compare_text_file", "A", "a", {"ignore_case": True}, 1),
        ("compare_text_file", b"\xff", b"\xff", {}, 0),
        ("compare_text_file", "a\r\nb", "a\nb", {}, 1),
        ("compare_csv", b"\xe9,1\n", b"\xe9,1\n", {}, 1),
        ("compare_csv", b"\xe9,1\n", b"\xe8,1\n", {}, 0),
        ("diff_text_file", "a\nb\nc\nd\n", "a\nb\nc\ne\n", {}, 0.75),
        ("compare_csv", "a,b\n1,2\n", "a,b\n1,2\n", {}, 1),
        ("compare_csv", "a,b \n1,2", "a,b\n1,2\n", {}, 0),
        ("compare_csv", "a,b \n1,2", "a,b\n1,2\n", {"strict": False}, 1),
        ("compare_csv", "A,b", "a,B", {"ignore_case": True}, 1),
    ],
)
def test_files_are_compared(
    tmp_path: Path, name: str, result: Any, expected: Any, options: dict[str, Any], score: float
) -> None:
    left, right = _file(tmp_path, "left", result), _file(tmp_path, "right", expected)
    assert metrics[name](left, right, **options) == score
    assert metrics[name](None, right, **options) == 0.0


def test_csv_may_be_one_of_several(tmp_path: Path) -> None:
    wanted = [_file(tmp_path, name, name) for name in ("a", "b")]
    assert metrics["compare_csv"](_file(tmp_path, "r", "b"), wanted) == 1.0
    assert metrics["compare_csv"](_file(tmp_path, "r", "c"), wanted) == 0.0


def _book(folder: Path, name: str, rows: list[list[Any]], *, sheet: str = "Sheet1") -> str:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(row)
    page.freeze_panes = "A2"
    page.sheet_view.zoomScale = 120
    book.save(folder / name)
    return str(folder / name)


_DATA = {"type": "sheet_data", "sheet_idx0": 0, "sheet_idx1": "EI0"}


@pytest.mark.parametrize(
    ("rows", "rule", "score"),
    [
        ([["a", 1], ["b", 2.00001]], _DATA, 1),
        ([["a", 1], ["b", 3]], _DATA, 0),
        ([["a", 1]], _DATA, 0),
        ([["a", 1], ["b", 2.5]], {**_DATA, "precision": 0}, 1),
        ([["A", 1], ["B", 2]], {"type": "sheet_print", "sheet_idx0": 0, "sheet_idx1": "EI0", "ignore_case": True}, 1),
        ([["A", 1], ["B", 2]], {"type": "sheet_print", "sheet_idx0": "RNSheet1", "sheet_idx1": "ENSheet1"}, 0),
        ([["a", 1]], {"type": "sheet_data", "sheet_idx0": "RNNone", "sheet_idx1": 0}, 0),
        ([["a", 1]], {"type": "sheet_name"}, 1),
        ([["a", 1]], {"type": "freeze", "sheet_idx0": 0, "sheet_idx1": "EI0"}, 1),
        ([["a", 1]], {"type": "zoom", "sheet_idx": 0, "method": "gt", "ref": 100}, 1),
        (
            [["a", 5]],
            {"type": "check_cell", "sheet_idx": 0, "coordinate": "B1", "props": {"value": {"method": "eq", "ref": 5}}},
            1,
        ),
        (
            [["a", 5]],
            {"type": "check_cell", "sheet_idx": 0, "coordinate": "B1", "props": {"value": {"method": "eq", "ref": 6}}},
            0,
        ),
    ],
)
def test_workbook_is_scored_by_its_rules(tmp_path: Path, rows: Any, rule: Any, score: float) -> None:
    result = _book(tmp_path, "r.xlsx", rows)
    expected = _book(tmp_path, "e.xlsx", [["a", 1], ["b", 2]])
    assert metrics["compare_table"](result, expected, rules=[rule], strict=True) == score


def test_damaged_and_missing_workbooks_score_zero(tmp_path: Path) -> None:
    expected = _book(tmp_path, "e.xlsx", [["a", 1]])
    for result in (None, _file(tmp_path, "d.xlsx", b"PK\x03\x04broken"), _file(tmp_path, "t.txt", "a,1")):
        assert metrics["compare_table"](result, expected, rules=[_DATA]) == 0.0


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"type": "colour"}, "no rule 'colour'"),
        ({**_DATA, "sheet_idx1": "XI0"}, "'XI0' is no sheet"),
        ({"type": "check_cell", "sheet_idx": 0, "coordinate": "A1", "props": {"smell": {}}}, "no property 'smell'"),
        ({"type": "zoom", "sheet_idx": 0, "method": "eqq", "ref": 1}, "no comparison 'eqq'"),
        (
            {**_DATA, "type": "sheet_fuzzy", "rules": [{"range": ["A1"], "type": "nearly"}]},
            "'nearly'; the choices are 'fuzzy_match'",
        ),
    ],
)
def test_unknown_word_in_a_rule_is_an_error(tmp_path: Path, rule: dict[str, Any], says: str) -> None:
    book = _book(tmp_path, "e.xlsx", [["a", 1]])
    with pytest.raises(ValueError, match=says):
        metrics["compare_table"](book, book, rules=[rule])


def test_sheet_by_number_is_of_the_result_on_both_sides(tmp_path: Path) -> None:
    expected = _book(tmp_path, "e.xlsx", [["b"]])
    rule = {"type": "sheet_data", "sheet_idx0": 0, "sheet_idx1": 1}
    for rows, score in (([["a"]], 1.0), ([["b"]], 0.0)):
        book = openpyxl.load_workbook(_book(tmp_path, "r.xlsx", [["a"]]))
        for row in rows:
            book.create_sheet("copy").append(row)
        book.save(tmp_path / "r.xlsx")
        assert metrics["compare_table"](str(tmp_path / "r.xlsx"), expected, rules=[rule]) == score


def test_printed_sheet_is_the_csv_beside_the_book(tmp_path: Path) -> None:
    result, expected = (_book(tmp_path, name, [["same"]]) for name in ("r.xlsx", "e.xlsx"))
    rule = {"type": "sheet_print", "sheet_idx0": "RNSheet1", "sheet_idx1": "ENSheet1"}
    assert metrics["compare_table"](result, expected, rules=[rule], strict=True) == 1.0
    _file(tmp_path, "e-Sheet1.csv", "1.50,A\n")
    assert metrics["compare_table"](result, expected, rules=[rule], strict=True) == 0.0
    _file(tmp_path, "r-Sheet1.csv", "1.50,a\n\n")
    assert metrics["compare_table"](result, expected, rules=[rule], strict=True) == 0.0
    assert metrics["compare_table"](result, expected, rules=[{**rule, "ignore_case": True}]) == 1.0


@pytest.mark.parametrize(
    ("rule", "score"),
    [
        ({"range": ["A1:B1", "A2"], "type": "exact_match"}, 0),
        ({"range": ["A1:A2"], "type": "exact_match", "ignore_case": True, "trim_trailings": " "}, 1),
        ({"range": ["A1"], "type": "includes", "normalization": [["Main", "main"]]}, 1),
        ({"range": ["A1"], "type": "included_by"}, 0),
        ({"range": ["A1"], "type": "exact_match", "ignore_chars": "Mm "}, 1),
        ({"range": ["B1:B2"], "type": "fuzzy_match", "threshold": 70}, 1),
        ({"range": ["B1:B2"], "type": "fuzzy_match"}, 0),
    ],
)
def test_ranges_are_compared_fuzzily(tmp_path: Path, rule: dict[str, Any], score: float) -> None:
    result = _book(tmp_path, "r.xlsx", [["Main Road ", "Lane"], [2]])
    expected = _book(tmp_path, "e.xlsx", [["main Road", "Land"], [2.0]])
    rules = [{"type": "sheet_fuzzy", "sheet_idx0": "RI0", "sheet_idx1": "EI0", "rules": [rule]}]
    # By default a text with a blank at its end is equal to none, if openpyxl wrote it.
    assert metrics["compare_table"](result, expected, rules=rules, strict=True) == score


def test_cell_is_looked_at_in_its_styles(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(_book(tmp_path, "r.xlsx", [["a", None, dt.date(2024, 1, 2)]]))
    book.active["A1"].font = Font(name="Arial", bold=True, color="FFFF0000")
    book.active.merge_cells("A1:B1")
    book.save(tmp_path / "r.xlsx")

    def cell(place: str, **properties: Any) -> float:
        props = {name: {"method": "eq", "ref": value} for name, value in properties.items()}
        rule = {"type": "check_cell", "sheet_idx": 0, "coordinate": place, "props": props}
        return metrics["compare_table"](str(tmp_path / "r.xlsx"), rules=[rule])

    assert cell("A1", font_name="Arial", font_bold=True, font_color="FFFF0000", merge=False) == 1.0
    assert cell("A1", font_italic=True) == 0.0
    assert cell("B1", merge=True, value=None, font_name=None) == 1.0
    assert cell("C1", value=45293) == 1.0


@pytest.mark.parametrize(
    ("value", "method", "ref", "fulfilled"),
    [
        ("One", "re", "one", False),
        ("One", "re.I", "^one$", True),
        (3, "re", "3", False),
        (2, "range.te", [0, 2], True),
        (0, "range.te", [0, 2], False),
        ("'b,a'", "str_list_eq", ["a", "b"], False),
        ("'b,a'", "str_set_eq", ["a", "b"], True),
        (None, "str_set_eq", ["a"], False),
        ("x", "approx:0.1", 1, False),
    ],
)
def test_value_is_compared(value: Any, method: str, ref: Any, fulfilled: bool) -> None:
    assert compared(value, {"method": method, "ref": ref}) is fulfilled


def _document(folder: Path, name: str, *paragraphs: tuple[str, str]) -> str:
    document = docx.Document()
    for text, style in paragraphs:
        document.add_paragraph(text, style=style)
    document.save(str(folder / name))
    return str(folder / name)


def test_documents_are_compared_by_their_paragraphs(tmp_path: Path) -> None:
    one = _document(tmp_path, "1.docx", ("Title here", "Heading 1"), ("Some text.", "Normal"))
    two = _document(tmp_path, "2.docx", ("Title here", "Normal"), ("Some  text.", "Normal"))
    three = _document(tmp_path, "3.docx", ("Some text.", "Normal"), ("TITLE here", "Normal"))
    compare = metrics["compare_docx_files"]
    assert compare(one, two) == 1.0
    assert compare(one, two, ignore_blanks=False) == 0.0
    assert compare(one, three) == 0.0
    assert compare(one, three, ignore_order=True, ignore_case=True) == 1.0
    assert 0 < compare(one, three, content_only=True) < 1
    assert compare(one, two, fuzzy_match=True) == 1.0
    assert 0.9 < compare(one, two, fuzzy_match=True, ignore_blanks=False) < 1.0
    four = _document(tmp_path, "4.docx", ("Title here", "Normal"), ("", "Normal"), ("Some text.", "Normal"))
    assert compare(one, four, ignore_blanks=False) == 0.0
    assert compare(one, four, ignore_blanks=False, fuzzy_match=True) == 0.0
    assert compare(one, four, ignore_blanks=False, delete_empty_lines=True) == 1.0
    assert compare(None, one) == compare(_file(tmp_path, "d.docx", b"broken"), one) == 0.0


def test_paragraphs_are_found_in_order_with_their_styles(tmp_path: Path) -> None:
    path = _document(tmp_path, "1.docx", ("Title", "Heading 1"), ("a", "Normal"), ("b", "Normal"))
    check = metrics["check_docx_paragraphs"]
    assert check(path, {"expected": [["Title", "Heading 1"], ["b", None]]}) == 1.0
    assert check(path, {"expected": [["Title", "Normal"]]}) == 0.0
    assert check(path, {"expected": [["b", None], ["a", None]]}) == 0.0
    assert check(None, {"expected": []}) == 0.0


_TREE = """<desktop-frame xmlns:st="https://accessibility.ubuntu.example.org/ns/state">
<application name="editor"><text name="note" st:focused="true">hello</text><text name="b">other</text></application>
</desktop-frame>"""


@pytest.mark.parametrize(
    ("rule", "score"),
    [
        ({"xpath": "//text[@st:focused='true']"}, 1),
        ({"xpath": "//text[@st:focused='true']", "text": "hello"}, 1),
        ({"xpath": "//text", "text": "nothing"}, 0),
        ({"xpath": "//text", "text": "hella", "exact": False}, 0.8),
        ({"xpath": "//button"}, 0),
        ({"selectors": ["application[name=editor] text[st|focused=true]"]}, 1),
    ],
)
def test_accessibility_tree_is_searched(rule: dict[str, Any], score: float) -> None:
    assert metrics["check_accessibility_tree"](_TREE, [rule]) == pytest.approx(score)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("name: Test\nauthor:\n  mails: [a@b.c]\n", 1),
        ("name: Test\nauthor:\n  mails: [x@b.c]\n", 0),
        ("name: [unclosed", 0),
        ("name: !!python/object/apply:os.getpid []", 0),
        ("", 0),
    ],
)
def test_yaml_is_looked_at_like_json(tmp_path: Path, text: str, score: float) -> None:
    file = _file(tmp_path, "a.yml", text)
    rules = {"expect": [{"key": ["name"], "ref": "Test"}, {"key": ["author", "mails", 0], "ref": "a@b.c"}]}
    assert metrics["check_json"](file, rules, is_yaml=True) == score
    assert metrics["check_json"](file, rules) == 0.0


@pytest.mark.parametrize(
    ("module", "metric"), [("openpyxl", "compare_table"), ("docx", "compare_docx_files"), ("yaml", "check_json")]
)
def test_missing_library_says_what_to_type(module: str, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    needed: dict[str, dict[str, Any]] = {
        "compare_table": {"rules": [{"type": "sheet_name"}]},
        "check_json": {"is_yaml": True},
    }
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[office\]'$"):
        metrics[metric]("a.docx", "b.docx", **needed.get(metric, {}))


def test_broken_tree_scores_zero() -> None:
    for tree in (None, "", "<a>"):
        assert metrics["check_accessibility_tree"](tree, [{"xpath": "//a"}]) == 0.0
