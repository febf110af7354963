"""Cases of the metrics on texts, values, JSON and tables of no application in particular."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docx
import yaml

from tests.evaluators.osworld.case import Case, Folder, altered, damaged

_WORDS = ("alpha", "beta", "Gamma", "delta epsilon", "été", "0.5", "12:30:05", "", "a.b", "深圳市福田区", "it's", '"q"')
_Maker = Callable[[random.Random, Folder], Case]


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield rng.choice(_MAKERS)(rng, files)


def _include(rng: random.Random, files: Folder) -> Case:
    rules = {key: _some(rng) for key in ("include", "exclude") if rng.random() < 0.7}
    return Case(
        "check_include_exclude", [rng.choice((_text(rng), _text(rng), _text(rng), None, "", _some(rng))), rules]
    )


def _exact(rng: random.Random, files: Folder) -> Case:
    wanted = _value(rng)
    found = rng.choice((wanted, _value(rng), str(wanted), None))
    return Case(rng.choice(("exact_match", "compare_answer")), [found, {"expected": wanted}])


def _in_list(rng: random.Random, files: Folder) -> Case:
    if rng.random() < 0.5:
        return Case("match_in_list", [rng.choice((*_WORDS, None, 1)), {"expected": _some(rng)}])
    return Case("is_in_list", [rng.choice((_some(rng), _text(rng), None)), {"expected": rng.choice(_WORDS)}])


def _literal(rng: random.Random, files: Folder) -> Case:
    options = {"type": rng.choice(("str", "list")), "ignore_case": rng.random() < 0.5}
    kept = {key: value for key, value in options.items() if rng.random() < 0.7}
    wanted = rng.choice((_some(rng), _value(rng), _text(rng)))
    found = rng.choice((wanted, _value(rng), str(wanted), str(wanted).upper(), None))
    if isinstance(wanted, list) and rng.random() < 0.5:
        found = [str(one).upper() if rng.random() < 0.5 else one for one in wanted]
    return Case("literal_match", [found, wanted], kept)


def _fuzzy(rng: random.Random, files: Folder) -> Case:
    wanted = _text(rng)
    return Case("fuzzy_match", [rng.choice((wanted, wanted.upper(), _text(rng), "", None)), {"expected": wanted}])


def _diff(rng: random.Random, files: Folder) -> Case:
    text = _lines(rng)
    found = rng.choice(
        (files.write(altered(rng, text)), files.write(altered(rng, text)), None, files.write(_lines(rng)))
    )
    return Case("diff_text_file", [found, files.write(text)])


def _contains(rng: random.Random, files: Folder) -> Case:
    found = rng.choice((files.write(altered(rng, _lines(rng))), files.write(_lines(rng)), None, files.missing()))
    return Case("file_contains", [found, {"expected": _some(rng)}])


def _lists(rng: random.Random, files: Folder) -> Case:
    patterns = (
        r"^alpha$",
        r"\bbeta\b",
        "a.b",
        r"^\s*$",
        r"\d+",
        "(?i)GAMMA",
        r"\n$",
        r"\r",
        "épsilon|été",
        r"^delta epsilon\n\Z",
    )
    rules = {key: rng.sample(patterns, rng.randint(0, 2)) for key in ("expect", "unexpect") if rng.random() < 0.7}
    return Case("check_list", [rng.choice((files.write(altered(rng, _lines(rng))), None)), rules])


def _line_number(rng: random.Random, files: Folder) -> Case:
    times = [
        "12:30:05",
        "23:59:60",
        "24:00:00",
        "1:02:03",
        "00:00:00 %user 11:11:11",
        "x09:08:07y",
        "no",
        "",
        "12:60:00",
    ]
    lines = rng.choices(times, k=rng.randint(0, 6))
    path = files.write(altered(rng, "".join(f"{line}\n" for line in lines)))
    number: Any = rng.randint(0, 4)
    found = rng.choice((path, path, path, None, files.missing()))
    return Case("check_line_number", [found, {"expected": rng.choice((number, str(number)))}])


def _python(rng: random.Random, files: Folder) -> Case:
    code = "def f(a):\n\tif a:\n\t\treturn 1\n\n    # note\n    return 2  \n"
    heads = (
        "",
        "#!/usr/bin/env python3\n",
        "# -*- coding: utf-8 -*-\n",
        "\n#!/bin/sh\n",
        "#!x\n# coding: a\n#coding\n",
        "```python\n",
    )
    changes: tuple[Callable[[str], str], ...] = (
        lambda text: text,
        lambda text: text.replace("\t", "    "),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("return 2", "return 3"),
        lambda text: text.replace("#", " #"),
    )
    text = rng.choice(heads) * rng.randint(1, 4) + rng.choice(changes)(code)
    found = files.write(text if rng.random() < 0.5 else altered(rng, text), ".py")
    found_or = rng.choice((found, found, found, None, "", files.missing(".py")))
    return Case("compare_python_pure_text", [found_or, files.write(rng.choice(heads) + code, ".py")])


def _places(rng: random.Random, files: Folder) -> Case:
    places = ["深圳市福田区益田路5055号", "福田区莲科路18号", "香梅路2002-4号", "alpha"]
    document = docx.Document()
    for word in rng.choices([*places, "alphabet", "x y", ""], k=rng.choice((2, 3, 3, 3, 4))):
        document.add_paragraph(word)
    path = files.new(".docx")
    document.save(str(path))
    if rng.random() < 0.15:
        path.write_bytes(damaged(rng, path.read_bytes()))
    found = rng.choice((str(path), str(path), str(path), str(path), None, files.missing(".docx")))
    return Case("fuzzy_place_math", [found, {"expected": rng.sample(places, rng.randint(0, 4))}])


def _csv(rng: random.Random, files: Folder) -> Case:
    urls = ("imap://outlook.office365.com", "smtp://a", "", 'x"y', "a,b")
    rows = [f"{_quoted(rng.choice(urls))},{rng.choice(('u@x.com', 'v', ''))}" for _ in range(rng.randint(0, 4))]
    text = "\n".join([rng.choice(("url,user", "url,user", "user,url", "url,user,password", "url")), *rows, ""])
    rules = {
        key: [
            {"url": rng.choice(urls), **({"user": "u@x.com"} if rng.random() < 0.5 else {})}
            for _ in range(rng.randint(0, 2))
        ]
        for key in ("expect", "unexpect")
        if rng.random() < 0.7
    }
    return Case("check_csv", [rng.choice((files.write(altered(rng, text), ".csv"), None)), rules])


def _compare_csv(rng: random.Random, files: Folder) -> Case:
    text = "\n".join(",".join(rng.choices(_WORDS, k=3)) for _ in range(rng.randint(0, 4)))
    options = {key: rng.random() < 0.5 for key in ("strict", "ignore_case") if rng.random() < 0.6}
    gold = files.write(altered(rng, text), ".csv")
    others = [files.write("x", ".csv"), gold, files.missing(".csv")]
    found = rng.choice(
        (files.write(altered(rng, text), ".csv"), files.write(text, ".csv"), None, files.missing(".csv"))
    )
    return Case("compare_csv", [found, rng.choice((gold, gold, gold, others, others[::2], []))], options)


def _sqlite(rng: random.Random, files: Folder) -> Case:
    path = files.new(".sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE messages (id INTEGER, folderID INTEGER, starred INTEGER)")
        for number in range(rng.randint(0, 4)):
            connection.execute("INSERT INTO messages VALUES (?, 13, ?)", (number, rng.randint(0, 1)))
    connection.close()
    if rng.random() < 0.2:
        path.write_bytes(damaged(rng, path.read_bytes()))
    queries = (
        "SELECT COALESCE((SELECT COUNT(*) FROM messages WHERE starred = 1), 0) = (SELECT COUNT(*) FROM messages)",
        "SELECT COUNT(*) > 1 FROM messages",
        "SELECT starred FROM messages WHERE id = 0",
        "SELECT NULL",
        "SELECT 'x'",
        "SELECT '0.5'",
        "SELECT 0.25",
        "SELECT * FROM nothing",
    )
    found = rng.choice((str(path), str(path), str(path), None))
    return Case("run_sqlite3", [found, {"sql": rng.choice(queries)}])


def _json(rng: random.Random, files: Folder) -> Case:
    is_yaml = rng.random() < 0.4
    document = {"name": rng.choice(_WORDS), "n": rng.choice((1, 2.5, True, None, "3")), "l": ["x", {"y": _value(rng)}]}
    whole: Any = rng.choice((document, document, document, document, [document], None, "text", 5))
    text = yaml.safe_dump(whole, allow_unicode=True) if is_yaml else json.dumps(whole, ensure_ascii=False)
    paths: tuple[list[str | int], ...] = (
        ["name"],
        ["n"],
        ["l", 0],
        ["l", 1, "y"],
        ["l", 5],
        ["l", "x"],
        ["none"],
        ["none", "x"],
        ["name", "x"],
        [0, "n"],
        [],
    )
    rules = {
        key: [{"key": rng.choice(paths), **_comparison(rng, document)} for _ in range(rng.randint(0, 2))]
        for key in ("expect", "unexpect")
        if rng.random() < 0.7
    }
    path = files.write(altered(rng, text), ".yaml" if is_yaml else ".json")
    found = rng.choice((path, path, path, path, None, files.missing()))
    return Case("check_json", [found, rules], {"is_yaml": True} if is_yaml else {})


def _comparison(rng: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    kinds: tuple[dict[str, Any], ...] = (
        *({"method": "eq", "ref": value} for value in document.values()),
        {"method": rng.choice(("eq", "ne")), "ref": _value(rng)},
        {"method": rng.choice(("lt", "le", "gt", "ge")), "ref": rng.choice((1, 2.5, "b"))},
        {"method": rng.choice(("re", "re.I", "re.I.S")), "ref": rng.choice(("^a", "GAMMA", "\\d", "."))},
        {"method": rng.choice(("approx:0.5", "approx:0")), "ref": rng.choice((1, 2.2))},
        {"method": rng.choice(("range.ee", "range.et", "range.te", "range.tt")), "ref": rng.choice(([1, 2.5], [0, 1]))},
        {
            "method": rng.choice(("str_list_eq", "str_set_eq")),
            "ref": rng.choice((["alpha"], ["delta epsilon"], ["0.5"])),
        },
    )
    return rng.choice(kinds)


def _object(rng: random.Random, files: Folder) -> Case:
    found: dict[str, Any] = {"a": _value(rng), "b": _text(rng), "c": _some(rng), "d": 3}
    wanted: dict[str, Any] = {key: found[key] for key in rng.sample(list(found), rng.randint(0, 3))}
    inside = rng.random() < 0.5
    for key in wanted:
        if rng.random() < 0.5:
            wanted[key] = rng.choice((_value(rng), _some(rng), rng.choice(_WORDS), "__EVALUATION_FAILED__"))
        elif inside and isinstance(found[key], str):
            wanted[key] = rng.choice((found[key][:3], [found[key], "x"]))
    rules: dict[str, Any] = {"expected": wanted, **({"expect_in_result": inside} if rng.random() < 0.7 else {})}
    if rng.random() < 0.2:
        rules["ignore_list_order"] = True
    if rng.random() < 0.1:
        wanted["z"] = None
    as_text = (json.dumps(found), f" {json.dumps(found)}\n", str(found), json.dumps(found)[:-2], "", "null", "[1]", "5")
    result = rng.choice((found, found, {**found, "d": 4}, {}, None, [found], *as_text))
    quoted = isinstance(result, str) and "'" in result and _is_json(result)
    return Case("check_direct_json_object", [result, rules], known="an apostrophe in JSON" if quoted else "")


def _tree(rng: random.Random, files: Folder) -> Case:
    system = rng.choice(("ubuntu", "ubuntu", "windows", "macos"))
    state = f"https://accessibility.{system}.example.org/ns/state"
    texts = rng.sample(("alpha", "beta &amp; more", "", "gamma"), 3)
    inner = "".join(f'<push-button name="b{n}" st:showing="true">{text}</push-button>' for n, text in enumerate(texts))
    tree = f'<desktop-frame xmlns:st="{state}"><application name="app">{inner}<panel/></application></desktop-frame>'
    places: tuple[dict[str, Any], ...] = (
        {"xpath": "//push-button"},
        {"xpath": "//push-button[@st:showing='true']"},
        {"xpath": "//none"},
        {"xpath": "//push-button/@name"},
        {"selectors": ["application[name=app] push-button[name=b1]"]},
        {"selectors": ["none", "panel"]},
        {"selectors": ["push-button[st|showing=true]"], "xpath": "//panel"},
        {"selectors": ["push-button[st|showing=true]"]},
    )
    rules = []
    for place in rng.choices(places, k=rng.randint(0, 2)):
        asked = {"text": rng.choice(("alpha", "beta & more", "gamm", "")), "exact": rng.random() < 0.5}
        rules.append({**place, **(asked if rng.random() < 0.6 else {})})
    result = rng.choice((tree, tree, tree, tree[: rng.randrange(len(tree))], None, ""))
    options = {} if system == "ubuntu" else {"osname": system}
    return Case("check_accessibility_tree", [result, rules], options)


def _text_and_terminal(rng: random.Random, files: Folder) -> Case:
    text = _lines(rng)
    shown = rng.choice((text, text, text.upper(), "", None))
    return Case("compare_terminal_and_txt", [rng.choice((files.write(altered(rng, text)), None)), shown])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _some(rng: random.Random) -> list[str]:
    return rng.choices(_WORDS, k=rng.randint(0, 3))


def _text(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(1, 4)))


def _lines(rng: random.Random) -> str:
    return "".join(f"{line}\n" for line in rng.choices(_WORDS, k=rng.randint(0, 6)))


def _value(rng: random.Random) -> Any:
    values: tuple[Any, ...] = (
        1,
        0,
        1.0,
        True,
        False,
        None,
        "a",
        "",
        "1",
        "True",
        ["a"],
        ["b", "a"],
        {"k": 1},
        {"k": [1]},
        {},
    )
    return rng.choice(values)


_MAKERS: tuple[_Maker, ...] = (
    _include, _exact, _in_list, _literal, _fuzzy, _diff, _contains, _lists, _line_number, _python, _places, _csv,
    _compare_csv, _sqlite, _json, _json, _object, _object, _tree, _text_and_terminal,
)  # fmt: skip
