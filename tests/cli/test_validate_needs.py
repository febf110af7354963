from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends import programs
from agentgym.backends.programs import on_path
from agentgym.cli.taskneeds import what_a_task_lacks
from agentgym.tasks import parse_task
from tests.cli.conftest import Run, write_tasks

_TABS = {"type": "chrome_open_tabs", "parameters": {"urls_to_open": ["https://a.org/"]}}

_FETCHES = {"command": ["git", "clone", "https://a.org/live"]}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on whose PATH there is nothing, and that has no VLC elsewhere either."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(programs, "on_path", lambda place: None if "vlc" in place else on_path(place))


def tree(folder: Path) -> str:
    """OSWorld's tree with four tasks of two domains."""
    tasks: dict[str, dict[str, Any]] = {
        "vlc/a": {"related_apps": ["vlc"], "evaluator": {"func": "infeasible"}},
        "vlc/b": {"related_apps": ["vlc"], "config": [{"type": "open", "parameters": {"path": "https://a.org"}}]},
        "os/c": {"related_apps": ["os"]},
        "os/d": {"config": [{"type": "download", "parameters": {"files": [{"url": "https://b/c", "path": "c"}]}}]},
    }
    for name, more in tasks.items():
        path = folder / "examples" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"id": path.stem, "instruction": "Do it.", **more}))
    (folder / "test_all.json").write_text(json.dumps({"vlc": ["a", "b"], "os": ["c", "d"]}))
    return str(folder)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("│").split("│")]


@pytest.mark.usefixtures("bare")
def test_the_summary_counts_by_domain_and_in_all(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("validate", tree(tmp_path), "--summary")
    rows = {cells(line)[0]: cells(line)[1:] for line in out.splitlines() if line.startswith("│")}
    assert code == 0
    assert rows["vlc"][:7] == ["2", "1", "1", "0", "1", "0", "0"]
    assert rows["os"][:7] == ["2", "0", "1", "1", "0", "0", "0"]
    assert rows["all"][:7] == ["4", "1", "2", "1", "1", "0", "0"]
    assert "vlc 2" in rows["vlc"][7]
    assert "live web 1" in rows["vlc"][7]
    assert "type: sudo apt-get install vlc" in out
    assert out.endswith("4 tasks, 0 problems; --needs lists what each task needs, and which run here\n")


@pytest.mark.usefixtures("bare")
def test_what_a_task_needs_is_in_the_json(run: Run, tmp_path: Path) -> None:
    told = {one["task"]: one for one in json.loads(run("validate", tree(tmp_path), "--json")[1])["needs"]}
    assert told["a"]["infeasible"]
    assert (told["a"]["domain"], told["b"]["network"], told["d"]["needs"]["files"]) == (
        "vlc",
        "live web",
        ["https://b/c"],
    )
    assert not told["b"]["runs"]
    lacking = {one["name"]: one for one in told["b"]["lacking"]}
    assert lacking["vlc"]["remedy"] == "sudo apt-get install vlc"
    assert "live web" in lacking


def test_with_a_network_the_live_web_is_not_lacking(run: Run, tmp_path: Path) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "config": [_TABS]})
    for flags, lacks in (((), True), (("--network",), False)):
        told = json.loads(run("validate", source, "--json", *flags)[1])["needs"][0]
        assert ("live web" in {one["name"] for one in told["lacking"]}) is lacks


def test_of_one_task_alone_the_needs_are_told(run: Run, tmp_path: Path) -> None:
    files = [{"url": "https://a.org/b", "path": "b"}]
    one = {"id": "a", "config": [{"type": "download", "parameters": {"files": files}}], "proxy": True}
    code, out, _ = run("validate", write_tasks(tmp_path / "tasks.jsonl", one))
    assert code == 0
    assert "  steps        download\n" in out
    assert "  file         https://a.org/b\n" in out
    assert "  network      live web; OSWorld plays it through a proxy\n" in out


def test_of_several_the_needs_are_told_if_asked_for(run: Run, tmp_path: Path) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"}, {"id": "b"})
    assert run("validate", source)[1] == "2 tasks, 0 problems\n"
    assert run("validate", source, "--needs")[1].count("  network      none\n") == 2


def test_a_domain_is_the_application_where_no_folder_says_it(run: Run, tmp_path: Path) -> None:
    apps: tuple[list[str], ...] = (["vlc"], ["libreoffice calc"], ["os", "gimp"], [], ["vscode"], ["Chrome"])
    rows = [{"id": str(number), "related_apps": words} for number, words in enumerate(apps)]
    told = json.loads(run("validate", write_tasks(tmp_path / "tasks.jsonl", *rows), "--json")[1])["needs"]
    assert [one["domain"] for one in told] == ["vlc", "libreoffice_calc", "multi_apps", "", "vs_code", "chrome"]


def test_a_suite_is_summed_up_too(run: Run) -> None:
    code, out, _ = run("validate", "shell", "--summary")
    assert code == 0
    assert "│ shell " in out


def test_run_says_what_lacks_before_it_starts(run: Run, tmp_path: Path) -> None:
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "config": [_TABS]})
    code, out, _ = run("run", source, "--agent", "noop", "--engine", "serial", "--json", "--out", str(tmp_path / "o"))
    assert code == 0
    assert "it opens https://a.org/" in json.loads(out)["rows"][0]["skipped"]


@pytest.mark.parametrize(
    ("env_kwargs", "lacks"),
    [
        ({"backend": "x11"}, True),
        ({"backend": "x11", "network": False}, True),
        ({"backend": "x11", "network": True}, False),
        ({"backend": "guest"}, False),
    ],
)
def test_the_live_web_lacks_only_a_desktop_without_a_network(env_kwargs: dict[str, Any], lacks: bool) -> None:
    task = parse_task({"id": "a", "instruction": "Do it.", "config": [{"type": "execute", "parameters": _FETCHES}]})
    assert ("live" in (what_a_task_lacks(task, env_kwargs) or "")) is lacks


def wants(out: str) -> list[str]:
    """What the only row of a summary says of why its tasks do not run."""
    rows = [cells(line) for line in out.splitlines() if line.startswith("│")]
    return " ".join(row[8] for row in rows).split(", ")


def test_a_library_is_counted_alone(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.evaluators.unmet.missing_libraries", list)
    judges = ("compare_zip_files", "compare_pdfs"), ("compare_pdfs",)
    rows = [{"id": str(number), "evaluator": judged(*funcs)} for number, funcs in enumerate(judges)]
    out = run("validate", write_tasks(tmp_path / "tasks.jsonl", *rows), "--summary")[1]
    assert set(wants(out)) == {"pymupdf 2", "pypdf 1"}


def judged(*funcs: str) -> dict[str, Any]:
    file = {"type": "vm_file", "path": "/home/user/a", "dest": "a"}
    return {"func": list(funcs), "result": [file] * len(funcs), "expected": [file] * len(funcs)}


def test_a_task_of_google_drive_is_wanting_in_its_own_column(run: Run, tmp_path: Path) -> None:
    login = {"type": "login", "parameters": {"settings_file": "no/settings.json", "platform": "googledrive"}}
    source = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "config": [login]}, {"id": "b", "config": [_TABS]})
    out = run("validate", source, "--summary")[1]
    assert {want for want in wants(out) if want.startswith(("live", "Google"))} == {"live web 1", "Google Drive 1"}


@pytest.mark.parametrize(
    ("count", "flags", "says"),
    [
        (1, ("--summary",), "1 task, 1 problem; --needs lists what each task needs, and which run here"),
        (
            2,
            ("--summary",),
            (
                "2 tasks, 2 problems; --needs lists what each task needs, and which run here; "
                "without --summary the problems are told"
            ),
        ),
    ],
)
def test_the_last_line_of_a_summary_says_how_to_learn_more(
    run: Run, tmp_path: Path, count: int, flags: tuple[str, ...], says: str
) -> None:
    lunch = {"type": "lunch", "parameters": {}}
    rows = [{"id": str(number), "config": [lunch]} for number in range(count)]
    source = write_tasks(tmp_path / "tasks.jsonl", *rows)
    assert run("validate", source, *flags)[1].splitlines()[-1].startswith(says)
