"""``agentgym fetch`` fills the cache, and a mirror, with what tasks need."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.evaluators.addresses import addresses_of
from agentgym.families import load_tasks
from agentgym.setup.downloads import fetch, have, transfers
from tests.cli.conftest import Run
from tests.setup.downloads.fileserver import FileServer, Served, serving

pytestmark = pytest.mark.episodes

_BASE = "/datasets/o/n/resolve/main/os/1"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AGENTGYM_MIRROR", "AGENTGYM_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(transfers, "_PAUSE_S", 0.001)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as running:
        running.files = {f"{_BASE}/{name}": Served(name.encode() * 1000, cuts=[9]) for name in ("a b", "c", "d", "e")}
        yield running


@pytest.fixture
def tasks(server: FileServer, tmp_path: Path) -> Path:
    """One that downloads, twice the same, one that compares, one that does neither."""

    def url(name: str) -> str:
        return f"{server.address}{_BASE}/{name}"

    def got(*names: str) -> dict[str, Any]:
        return {
            "type": "download",
            "parameters": {"files": [{"url": url(name), "path": f"~/{name}"} for name in names]},
        }

    compared = {"path": [url("c"), url("d")], "dest": ["c", "d"], "multi": "true", "gives": [0, 1]}
    judged = {
        "func": "compare_text_file",
        "result": {"type": "vm_file", "path": "~/c"},
        "expected": {"type": "cloud_file", **compared},
        "postconfig": [got("e")],
    }
    folder = tmp_path / "tasks"
    folder.mkdir()
    for task in (
        {"id": "1", "config": [got("a%20b", "c"), {"type": "sleep", "parameters": {"seconds": 0}}]},
        {"id": "2", "evaluator": judged},
        {"id": "3"},
    ):
        (folder / f"{task['id']}.json").write_text(json.dumps({"instruction": "", **task}))
    return folder


def test_every_file_is_fetched_once(run: Run, tasks: Path, server: FileServer) -> None:
    assert run("fetch", str(tasks)) == (0, "4 files: 4 fetched (0.0 MB), 0 already there (0.0 MB), 0 failed\n", "")
    assert server.asked == dict.fromkeys(server.files, 2)
    assert run("fetch", str(tasks)) == (0, "4 files: 0 fetched (0.0 MB), 4 already there (0.0 MB), 0 failed\n", "")
    assert server.asked == dict.fromkeys(server.files, 2)


def test_what_failed_is_told_and_the_rest_is_there(run: Run, tasks: Path, server: FileServer) -> None:
    gone, broken = f"{_BASE}/c", f"{_BASE}/e"
    del server.files[gone]
    server.files[broken].refusals = [503] * 4
    code, said, errors = run("fetch", str(tasks), "--jobs", "1")
    assert (code, said) == (1, "4 files: 2 fetched (0.0 MB), 0 already there (0.0 MB), 2 failed\n")
    assert errors.splitlines() == [
        f"failed: cannot download {server.address}{gone}: the server answered 404 Not Found",
        f"failed: cannot download {server.address}{broken}: the server answered 503 Service Unavailable",
    ]
    assert have(f"{server.address}{_BASE}/a%20b")
    code, said, _ = run("fetch", str(tasks), "--json")
    assert code == 1
    told = json.loads(said)
    assert list(told.pop("errors")) == [server.address + gone]
    assert told == {"files": 4, "bytes": 5000, "fetched": 1, "fetched_bytes": 1000, "at_hand": 2, "failed": 1}


def test_folder_is_a_mirror_for_a_machine_without_network(
    run: Run, tasks: Path, server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("fetch", str(tasks), "--into", str(tmp_path / "mirror"))[0] == 0
    asked = server.asked.total()
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "other"))
    monkeypatch.setenv("AGENTGYM_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
    assert run("fetch", str(tasks)) == (0, "4 files: 0 fetched (0.0 MB), 4 already there (0.0 MB), 0 failed\n", "")
    assert fetch(f"{server.address}{_BASE}/a%20b") == b"a b" * 1000
    assert server.asked.total() == asked
    assert not (tmp_path / "other").exists()


def test_mirror_that_is_not_there_is_a_mistaken_call(
    run: Run, tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTGYM_MIRROR", str(tmp_path / "none"))
    assert run("fetch", str(tasks))[0] == 2
    monkeypatch.delenv("AGENTGYM_MIRROR")
    (tmp_path / "file").touch()
    code, _, errors = run("fetch", str(tasks), "--into", str(tmp_path / "file"))
    assert code == 2
    assert "file" in errors


def test_every_address_of_osworlds_tasks_is_found() -> None:
    folder = Path(__file__).parents[1] / "osworld" / "tasks"
    texts = (path.read_text() for path in folder.rglob("*.json"))
    written = {url for text in texts for url in re.findall(r'"(https://huggingface\.co/datasets/[^"\\]+)"', text)}
    found = {url for task in load_tasks(str(folder)) for url in addresses_of(task)}
    assert found == written
    assert len(found) > 400
