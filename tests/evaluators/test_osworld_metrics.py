"""Metrics by OSWorld's names on what is right, wrong and damaged, by default as OSWorld judges, and strictly."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest

from agentgym.errors import SandboxUnavailableError
from agentgym.evaluators import metrics
from agentgym.evaluators.metrics import records

_BINDING = {"key": "ctrl+j", "command": "x"}
_PREFERENCES = 'user_pref("a.b", true);\n// a note\nuser_pref("c", "x,y");\nuser_pref("n", 3);\n'
_FILTER = (
    'version="9"\nname="Sale"\nenabled="yes"\naction="Move to folder"\ncondition="AND (subject,is,a) OR (to,is,b)"\n'
)


@pytest.mark.parametrize(
    ("name", "args", "score"),
    [
        ("check_gnome_favorite_apps", ["['a', 'b']\n", {"expected": ["b", "a"]}], 1),
        ("check_gnome_favorite_apps", ["['a', 'b', 'c']\n", {"expected": ["b", "a"]}], 0),
        ("check_gnome_favorite_apps", ["__import__('os').abort()", {"expected": []}], 0),
        ("is_utc_0", ["a\nb\nc\n  Time zone: Atlantic/Faroe (WET, +0000)\nd"], 1),
        ("is_utc_0", ["a\nb\nc\n  Time zone: Europe/Berlin (CET, +0100)\nd"], 0),
        ("is_utc_0", ["a"], 0),
        ("check_text_enlarged", ["1.25\n"], 1),
        ("check_text_enlarged", ["1.0"], 0),
        ("check_text_enlarged", ["no number"], 0),
        ("check_moved_jpgs", [{"children": [{"name": "a"}, {"name": "b"}]}, {"expected": ["b", "a"]}], 1),
        ("check_moved_jpgs", [{"children": [{"name": "a"}]}, {"expected": ["b", "a"]}], 0),
        ("check_moved_jpgs", [None, {"expected": []}], 0),
        ("is_in_vm_clickboard", [{"expected": "/a"}, "file:///a\n"], 1),
        ("is_in_vm_clickboard", [{"expected": ["/a", "/b"]}, "/a"], 0),
        ("is_extension_installed", ["a.b\nc.d\n", {"type": "contain", "expected": "c.d"}], 1),
        ("is_extension_installed", ["a.b\nc.d\n", {"type": "not_contain", "expected": "c.d"}], 0),
        ("is_extension_installed", [None, {"type": "not_contain", "expected": "c.d"}], 0),
        ("compare_answer", ["a", {"expected": "a"}], 1),
        ("compare_answer", ["", {"expected": ""}], 0),
    ],
)
def test_score_of_what_a_machine_says(name: str, args: list[Any], score: float) -> None:
    assert metrics[name](*args) == score


@pytest.mark.parametrize(
    ("name", "content", "rules", "score"),
    [
        ("check_json_settings", '{"a": {"b": 1}, "c": 2}', {"expected": {"a": {"b": 1}}}, 1),
        ("check_json_settings", '{"a": {"b": 1, "d": 1}}', {"expected": {"a": {"b": 1}}}, 0),
        ("check_json_settings", '["a"]', {"expected": {"a": 1}}, 0),
        ("check_json_settings", '{"a": 1', {"expected": {"a": 1}}, 0),
        ("check_json_keybindings", '// keys\n[{"key": "ctrl+j", "command": "x"}]', {"expected": _BINDING}, 1),
        ("check_json_keybindings", '[{"key": "ctrl+k", "command": "x"}]', {"expected": _BINDING}, 0),
        ("compare_config", "a b\n", {"expected": "a b\n"}, 1),
        ("compare_config", "a b", {"expected": "a b\n"}, 0),
        (
            "check_html_background_image",
            "<style>body { background-image: url('a.png'); }</style>",
            {"value": "a.png"},
            1,
        ),
        ("check_html_background_image", "<p>background-image: url('a.png')</p>", {"value": "a.png"}, 0),
        ("check_line_number", "12:00:00\n23:59:60 x\n24:00:00\n", {"expected": "2"}, 1),
        ("check_line_number", "12:00:00\n", {"expected": 2}, 0),
        ("check_csv", 'url,user\n"x",a\ny,b\n', {"expect": [{"url": "y"}], "unexpect": [{"url": "x", "user": "b"}]}, 1),
        ("check_csv", "url,user\nx,a\n", {"expect": [{"url": "y"}]}, 0),
        ("check_csv", "url,user\nx,a\n", {"unexpect": [{"url": "x"}]}, 0),
        ("check_thunderbird_prefs", _PREFERENCES, {"expect": {"a.b": {"method": "eq", "ref": True}}}, 1),
        ("check_thunderbird_prefs", _PREFERENCES, {"expect": {"c": {"method": "str_set_eq", "ref": ["y", "x"]}}}, 1),
        ("check_thunderbird_prefs", _PREFERENCES, {"expect": {"z": {"method": "ne", "ref": True}}}, 0),
        ("check_thunderbird_prefs", _PREFERENCES, {"unexpect": {"n": {"method": "ge", "ref": 3}}}, 0),
        ("check_thunderbird_prefs", _PREFERENCES, {"unexpect": {"n": {"method": "re", "ref": "3"}}}, 0),
        ("check_thunderbird_filter", _FILTER, {"expect": [{"name": "Sale", "action": "Move to folder"}]}, 1),
        ("check_thunderbird_filter", _FILTER, {"expect": [{"condition": ["AND (subject,is,a)", "OR (to,is,b)"]}]}, 1),
        ("check_thunderbird_filter", _FILTER, {"unexpect": [{"enabled": "yes"}]}, 0),
        ("check_thunderbird_filter", 'enabled="yes"\n' + _FILTER, {"expect": []}, 0),
        ("check_json", '{"l": [1]}', {"unexpect": [{"key": ["l", 3], "method": "eq", "ref": 1}]}, 0),
        ("check_json", '{"l": 1}', {"unexpect": [{"key": ["m"], "method": "re", "ref": "a"}]}, 0),
    ],
)
def test_score_of_a_file(tmp_path: Path, name: str, content: str, rules: Any, score: float) -> None:
    path = tmp_path / "result"
    path.write_text(content)
    assert metrics[name](str(path), rules) == score
    assert metrics[name](None, rules) == 0
    path.write_bytes(b"\xff\xfe\x00")
    assert metrics[name](str(path), rules) == 0


@pytest.mark.parametrize(
    ("name", "content", "expected", "options", "score"),
    [
        ("compare_result_files", "The answer is 3.\n", "3", {}, 1),
        ("compare_result_files", "3.00001", "3", {}, 1),
        ("compare_result_files", "3.1", "3.2", {}, 0),
        ("compare_result_files", " a\n", "a", {}, 1),
        ("compare_result_files", "13", "3", {}, 1),
        ("compare_result_files", "13", "3", {"strict": True}, 0),
        ("compare_result_files", "It is 3.00001, not 4.", "3", {"strict": True}, 1),
        ("compare_python_pure_text", "#!/bin/python\n\ndef f():\n\treturn 1  \n", "def f():\n    return 1", {}, 1),
        ("compare_python_pure_text", "def f():\n    return 2\n", "def f():\n    return 1", {}, 0),
        ("compare_python_pure_text", "```\ndef f(): 1\n```", "def f(): 1", {}, 0),
        ("compare_config", "a\n{x}\nb", {"expected": "{x}\n"}, {"containment_ok": True}, 0),
        ("compare_config", "a\n{x}\nb", {"expected": "{x}\n"}, {"containment_ok": True, "strict": True}, 1),
        ("check_csv", "", {"unexpect": [{"a": "b"}]}, {}, 1),
        ("check_csv", "", {"unexpect": [{"a": "b"}]}, {"strict": True}, 0),
        ("check_csv", "a\nc\n", {"unexpect": [{"a": "b"}]}, {"strict": True}, 1),
        ("check_json", "{}", {"unexpect": [{"key": ["m"], "method": "re", "ref": "a"}]}, {"strict": True}, 1),
        ("check_json", "[1]", {"unexpect": [{"key": [1], "method": "eq", "ref": 1}]}, {"strict": True}, 1),
    ],
)
def test_score_of_two_files(
    tmp_path: Path, name: str, content: str, expected: Any, options: dict[str, Any], score: float
) -> None:
    result, gold = tmp_path / "result", tmp_path / "gold"
    result.write_text(content)
    if isinstance(expected, str):
        gold.write_text(expected)
        expected = str(gold)
    assert metrics[name](str(result), expected, **options) == score


def test_extension_whose_name_is_part_of_another_is_not_installed() -> None:
    rules = {"type": "contain", "expected": "mattn.lisp"}
    metric = metrics["is_extension_installed"]
    assert [metric("mattn.lisp-more\n", rules), metric("mattn.lisp-more\n", rules, strict=True)] == [1, 0]
    assert metric("a.b\nMattn.Lisp@1.2\n", rules, strict=True) == 1


@pytest.mark.parametrize(
    ("text", "part", "strictly"),
    [
        ("154", "54", 0),
        ("  54 total\n", "54", 1),
        ("file54.txt", "54", 0),
        ("12:54:03", "54", 0),
        ("It is 54.", "54", 1),
        ("43 1320", "43 132", 0),
        ("/usr/bin/spotify\n", "spotify", 1),
        ("Set Number!", "Number!", 1),
    ],
)
def test_number_strictly_is_no_part_of_another(text: str, part: str, strictly: float) -> None:
    metric = metrics["check_include_exclude"]
    assert [metric(text, {"include": [part]}), metric(text, {"include": [part]}, strict=True)] == [1, strictly]
    assert metric(text, {"exclude": [part]}, strict=True) == 0


def test_time_zone_is_strictly_found_by_its_name() -> None:
    said = "a\nb\nc\nd (x, +0000)\n  Time zone: Europe/Berlin (CET, +0100)"
    assert [metrics["is_utc_0"](said), metrics["is_utc_0"](said, strict=True)] == [1, 0]


def test_order_of_a_list_matters_unless_it_is_asked_not_to_strictly() -> None:
    rules = {"expected": {"models": ["b", "a"]}, "ignore_list_order": True}
    metric = metrics["check_direct_json_object"]
    assert [metric({"models": ["a", "b"]}, rules), metric({"models": ["a", "b"]}, rules, strict=True)] == [0, 1]
    assert metric({"models": ["a", "b", "b"]}, rules, strict=True) == 0


def test_conditions_of_a_filter_are_the_same_in_any_order_strictly(tmp_path: Path) -> None:
    path = tmp_path / "msgFilterRules.dat"
    path.write_text('name="a"\ncondition="OR (from,is,\\"a@b\\") OR (to,is,\\"c d\\")"\n')
    rules = {"expect": [{"condition": ['OR (to,is,"c d")', 'OR (from,is,"a@b")']}]}
    metric = metrics["check_thunderbird_filter"]
    assert [metric(str(path), rules), metric(str(path), rules, strict=True)] == [0, 1]
    as_one = {"expect": [{"condition": ['OR (from,is,"a@b") OR (to,is,"c d")']}]}
    assert [metric(str(path), as_one), metric(str(path), as_one, strict=True)] == [1, 0]


def _mail(number: int, *, status: str = "0001", when: str = "Mon Jan  1") -> str:
    return f"From - {when}\nX-Mozilla-Status: {status}\nX-Mozilla-Keys: $label1\nSubject: {number}\n\nBody\n\n"


@pytest.mark.parametrize(
    ("found", "gold", "options", "score"),
    [
        (_mail(1) + _mail(2), _mail(2, when="Tue") + _mail(1), {}, 1),
        (_mail(1), _mail(1) + _mail(2), {}, 0),
        (_mail(1) + _mail(2, status="0009"), _mail(1), {}, 1),
        (_mail(1) + _mail(2, status="0009"), _mail(1), {"remove_deleted": False}, 0),
        (_mail(1) + _mail(1), _mail(1), {}, 1),
        (_mail(1) + _mail(1), _mail(1), {"remove_duplicate": False}, 0),
        (_mail(1, status="0000"), _mail(1), {}, 0),
        (_mail(1, status="0000"), _mail(1), {"ignore_status": True}, 1),
        (_mail(1).replace("$label1", ""), _mail(1), {}, 0),
        (_mail(1).replace("$label1", ""), _mail(1), {"ignore_keys": True}, 1),
    ],
)
def test_folders_of_mail_are_compared_strictly(
    tmp_path: Path, found: str, gold: str, options: dict[str, bool], score: float
) -> None:
    paths = [tmp_path / "found", tmp_path / "gold"]
    for path, content in zip(paths, (found, gold), strict=True):
        path.write_text(content)
    one, other = map(str, paths)
    metric = metrics["check_thunderbird_folder"]
    assert metric(one, other, strict=True, **options) == score
    assert metric([one, one], [other, other], strict=True, **options) == score
    assert metric(one, other, **options) == 1, "as OSWorld judges"
    assert metric([one, None], [other, other], **options) == 0


def test_query_of_a_database_scores_what_it_gives(tmp_path: Path) -> None:
    path = str(tmp_path / "a.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a UNION SELECT 2")
    connection.close()
    metric = metrics["run_sqlite3"]
    queries = ("SELECT COUNT(*) = 2 FROM t", "SELECT COUNT(*) FROM t", "SELECT NULL", "SELECT a FROM none")
    assert [metric(path, {"sql": sql}) for sql in queries] == [1, 1, 0, 0]
    assert metric(str(tmp_path / "missing.sqlite"), {"sql": "SELECT 1"}) == 0


def test_query_that_does_not_end_scores_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_MOST_STEPS", 10 * records._STEPS_A_LOOK)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT MAX(x) FROM n"
    path = tmp_path / "a.sqlite"
    sqlite3.connect(path).close()
    assert metrics["run_sqlite3"](str(path), {"sql": endless}) == 0


def test_zip_files_are_the_same_by_names_and_contents(tmp_path: Path) -> None:
    def made(name: str, content: dict[str, bytes]) -> str:
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            for inner, data in content.items():
                packed.writestr(inner, data)
        return str(tmp_path / name)

    gold = made("gold.zip", {"a": b"1", "b/c": b"2"})
    found = [{"b/c": b"2", "a": b"1"}, {"a": b"1"}, {"a": b"1", "b/c": b"3"}, {"a": b"1", "b/c": b"22"}]
    metric = metrics["compare_zip_files"]
    assert [metric(made(f"{number}.zip", one), gold) for number, one in enumerate(found)] == [1, 0, 0, 0]
    Path(gold).write_bytes(b"no zip")
    assert metric(gold, gold) == 0


def test_three_places_count_strictly_if_they_differ(tmp_path: Path) -> None:
    path = str(tmp_path / "a.docx")
    document = docx.Document()
    for _ in range(3):
        document.add_paragraph("place")
    document.save(path)
    metric = metrics["fuzzy_place_math"]
    assert [metric(path, {"expected": ["place", "other"]}, strict=strict) for strict in (False, True)] == [1, 0]


@pytest.mark.parametrize(
    ("code", "suite", "score"),
    [
        ("answer = 42", "import work\ndef test():\n    return work.answer == 42", 1),
        ("answer = 41", "import work\ndef test():\n    return work.answer == 42", 0),
        ("print('noise')", "import work\ndef test():\n    return 0.25", 0.25),
        ("raise SystemExit", "import work\ndef test():\n    return True", 0),
        ("", "import os, work\ndef test():\n    os.kill(os.getpid(), 9)", 0),
        (
            "",
            "import socket\ndef test():\n    socket.create_connection(('192.0.2.1', 80), timeout=5)\n    return True",
            0,
        ),
    ],
)
def test_suite_runs_in_a_sandbox(tmp_path: Path, code: str, suite: str, score: float) -> None:
    for side, name, content in (("result", "work.py", code), ("expected", "suite.py", suite)):
        (tmp_path / side).mkdir()
        (tmp_path / side / name).write_text(content)
    paths = (str(tmp_path / "result" / "work.py"), str(tmp_path / "expected" / "suite.py"))
    assert metrics["check_python_file_by_test_suite"](*paths) == score


def test_suite_that_can_have_no_sandbox_leaves_the_episode_unscored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = tmp_path / "suite.py"
    suite.write_text("def test():\n    return True\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailableError, match="bubblewrap"):
        metrics["check_python_file_by_test_suite"](str(suite), str(suite))
