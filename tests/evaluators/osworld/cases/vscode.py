"""Cases of the metrics on VS Code, and on the files that are made with it."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.evaluators.osworld.case import Case, Folder, altered, damaged

_Maker = Callable[[random.Random, Folder], Case]
_SETTINGS: dict[str, Any] = {
    "workbench.colorTheme": "Visual Studio Dark",
    "files.autoSave": "afterDelay",
    "files.autoSaveDelay": 500,
    "workbench.editor.wrapTabs": True,
    "folders": [{"path": "project"}, {"path": "data1"}],
    "python.analysis.diagnosticSeverityOverrides": {"reportMissingImports": "none"},
}
_BINDING = {"key": "ctrl+f", "command": "-list.find", "when": "listFocus && listSupportsFind"}
_TEXT = "first line\nsecond\tline\n\n  third   line\n"


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        # To start a sandbox takes longer than all others together.
        yield _suite(rng, files) if rng.random() < 0.03 else rng.choice(_MAKERS)(rng, files)


def _settings(rng: random.Random, files: Folder) -> Case:
    found = dict(rng.sample(list(_SETTINGS.items()), rng.randint(0, 6)))
    wanted = dict(rng.sample(list(_SETTINGS.items()), rng.randint(0, 2)))
    odd = rng.choice(([found], list(wanted), 5, "text", None))
    whole: Any = rng.choice((found, {**found, **wanted}, {**found, **wanted}, {**found, **wanted}, odd))
    text = rng.choice((json.dumps(whole), json.dumps(whole), json.dumps(whole, indent=4), f"// a\n{json.dumps(whole)}"))
    return Case("check_json_settings", [_path(rng, files, text, ".json"), {"expected": wanted}])


def _bindings(rng: random.Random, files: Folder) -> Case:
    other = {**_BINDING, "key": "ctrl+j"}
    bindings: Any = rng.choice(([_BINDING], [other, _BINDING], [other], [], _BINDING, None, [{**_BINDING, "x": 1}]))
    head = rng.choice(("", "// Place your key bindings in this file\n", "// a\n// b\n", "\n", "[]\n"))
    return Case(
        "check_json_keybindings", [_path(rng, files, head + json.dumps(bindings), ".json"), {"expected": _BINDING}]
    )


def _texts(rng: random.Random, files: Folder) -> Case:
    options = {key: rng.random() < 0.6 for key in ("ignore_blanks", "ignore_case") if rng.random() < 0.7}
    gold = files.write(rng.choice((_TEXT.encode(), altered(rng, _TEXT))))
    return Case("compare_text_file", [_path(rng, files, _TEXT, ".txt"), gold], options)


def _config(rng: random.Random, files: Folder) -> Case:
    wanted = '{"workbench.colorTheme": "Visual Studio Dark"}\n'
    options = {"containment_ok": True} if rng.random() < 0.3 else {}
    text = rng.choice((wanted, wanted, wanted.strip(), f"{wanted}more", "project"))
    return Case("compare_config", [_path(rng, files, text, ".json"), {"expected": wanted}], options)


def _extension(rng: random.Random, files: Folder) -> Case:
    rules = {"type": rng.choice(("contain", "not_contain")), "expected": "mattn.lisp"}
    found = (
        "mattn.lisp\n",
        "a.b\nmattn.lisp\n",
        "xmattn.lisp-more\n",
        "MATTN.lisp",
        "mattn.lisp@1.0",
        "",
        "a.b\n",
        None,
    )
    return Case("is_extension_installed", [rng.choice(found), rules])


def _results(rng: random.Random, files: Folder) -> Case:
    gold = rng.choice(("3", "3.14159", "0.5\n", "  7 ", "text", "-2e3", "nan", "inf", "", "1_000", "3 apples"))
    found = rng.choice(
        (
            gold,
            gold.strip(),
            f"It is {gold.strip()}.",
            "13",
            "3.00001",
            "3.141592",
            "0.50",
            "seven",
            "-2000",
            "",
            gold.upper(),
        )
    )
    return Case("compare_result_files", [_path(rng, files, found, ".txt"), rng.choice((files.write(gold), "", None))])


def _page(rng: random.Random, files: Folder) -> Case:
    css = rng.choice(
        (
            "body { background-image: url('a.png'); }",
            'body { background-image: url("a.png"); }',
            "",
            "background-image: url('b.png')",
        )
    )
    html = rng.choice(
        ("<html><head><style>{}</style></head></html>", "<style>p {{}}</style><style>{}</style>", "<p>{}</p>")
    )
    return Case("check_html_background_image", [_path(rng, files, html.format(css), ".html"), {"value": "a.png"}])


def _zips(rng: random.Random, files: Folder) -> Case:
    content = {
        "a.txt": b"text\n" * 20,
        "sub/b.bin": rng.randbytes(50),
        "essay.PDF": _pdf("some words of an essay " * 4),
    }
    gold = {name: content[name] for name in rng.sample(list(content), rng.randint(0, 3))}
    found = dict(gold)
    change = rng.choice(("none", "none", "none", "drop", "add", "change", "pdf", "badpdf", "folder"))
    if change == "drop" and found:
        found.pop(next(iter(found)))
    elif change == "add":
        found["c.txt"] = b""
    elif change == "change" and found:
        found[rng.choice(list(found))] = b"other"
    elif change in ("pdf", "badpdf") and "essay.PDF" in found:
        found["essay.PDF"] = _pdf(rng.choice(("some words of an essay " * 3 + "more", "quite another text", "")))
        if change == "badpdf":
            found["essay.PDF"] = damaged(rng, found["essay.PDF"])
    elif change == "folder":
        found["sub/"] = b""
    packed = _zip(rng, found)
    if rng.random() < 0.15:
        packed = damaged(rng, packed)
    path = files.write(packed, ".zip")
    return Case("compare_zip_files", [rng.choice((path, path, path, path, None)), files.write(_zip(rng, gold), ".zip")])


def _suite(rng: random.Random, files: Folder) -> Case:
    folder = files.new("")
    folder.mkdir()
    value = rng.choice(
        ("True", "False", "0.5", "7", "-1", "None", "[0]", "''", "1/0", "float('nan')", "import_me.answer")
    )
    test = rng.choice(
        (
            "import import_me\ndef test():\n    print('x')\n    return {}\n",
            "from import_me import answer\ntest = lambda: {}\n",
        )
    )
    code = rng.choice(("answer = 1\n", "answer = 1\n", "answer = \n", "raise KeyError\n"))
    (folder / "import_me.py").write_text(code)
    (folder / "suite.py").write_text(
        rng.choice((test.format(value), test.format(value), test.format(value), "x = 1\n", "def"))
    )
    options = rng.choice(({}, {}, {"test_function_name": "other"}))
    suite = rng.choice((folder / "suite.py", folder / "suite.py", folder / "suite.py", folder / "none.py"))
    return Case("check_python_file_by_test_suite", [str(folder / "import_me.py"), str(suite)], options)


def _path(rng: random.Random, files: Folder, text: str, suffix: str) -> str | None:
    path = files.write(altered(rng, text), suffix)
    return rng.choice((path, path, path, path, path, path, None, files.missing(suffix)))


def _zip(rng: random.Random, content: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(memory, "w", kind) as packed:
        for name in rng.sample(list(content), len(content)):
            packed.writestr(zipfile.ZipInfo(name, (2024, rng.randint(1, 12), 1, 0, 0, 0)), content[name])
    return memory.getvalue()


def _pdf(text: str) -> bytes:
    """A page with a line of text."""
    stream = f"BT /F 12 Tf 40 700 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(made),
    )


_MAKERS: tuple[_Maker, ...] = (_settings, _bindings, _texts, _config, _extension, _results, _page, _zips)
