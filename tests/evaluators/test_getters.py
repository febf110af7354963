"""Getters fetch what OSWorld's fetch; files come to metrics as paths that last as long as the check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import Fetched, evaluate, getters, metrics
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec


@pytest.fixture
def backend() -> MemoryBackend:
    def shell(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        return Completed(1, b"out " + argv[-1].encode(), b"err")

    def find(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        found = b"d sub\0f sub/b.txt\0f a.txt\0d empty\0"
        return Completed(0, found) if argv[1] == "/home/user" else Completed(1)

    machine = MemoryBackend(screen=(64, 48), commands={"sh": shell, "find": find})
    machine.reset(seed=0)
    for name in ("a", "b"):
        machine.write(f"~/{name}.txt", name.encode())
    return machine


def _get(backend: MemoryBackend, kind: str, **config: Any) -> Any:
    return getters[kind](backend, {"type": kind, **config})


def test_one_file_goes_by_the_name_that_the_task_gives(backend: MemoryBackend) -> None:
    assert _get(backend, "vm_file", path="~/a.txt", dest="result.txt") == Fetched("result.txt", b"a")
    assert _get(backend, "vm_file", path="~/a.txt") == Fetched("a.txt", b"a")


@pytest.mark.parametrize("multi", [True, "true"])
def test_several_files_are_picked_by_their_places(backend: MemoryBackend, multi: object) -> None:
    files = {"path": ["~/a.txt", "~/none.txt", "~/b.txt"], "dest": ["1", "2", "3"], "multi": multi}
    one, other = Fetched("1", b"a"), Fetched("3", b"b")
    assert _get(backend, "vm_file", **files, gives=[0, 2]) == [one, other]
    assert _get(backend, "vm_file", **files, gives=[2, 1]) == [None, Fetched("3", b"b")]
    assert _get(backend, "vm_file", **files) == Fetched("1", b"a", beside=(other,))


def test_only_file_that_is_missing_is_said_to_be(backend: MemoryBackend) -> None:
    with pytest.raises(FileNotFoundError):
        _get(backend, "vm_file", path="~/none.txt", dest="n")
    with pytest.raises(FileNotFoundError):
        _get(backend, "vm_file", path=["~/none.txt", "~/a.txt"], dest=["n", "a"], multi=True)


def test_metric_finds_files_in_one_folder_that_goes_away(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def metric(result: list[str], expected: str) -> float:
        seen.extend(map(Path, result))
        assert [path.read_text() for path in seen] == ["a", "b"]
        assert Path(expected).read_text() == "b"
        assert Path(expected).with_name("a.txt").read_text() == "a"
        return 1.0

    monkeypatch.setitem(metrics._known, "looks", metric)
    files = {"type": "vm_file", "path": ["~/a.txt", "~/b.txt"], "dest": ["a.txt", "b.txt"], "multi": True}
    check = Check(
        "looks",
        GetterSpec("vm_file", {**files, "gives": [0, 1]}),
        GetterSpec("vm_file", {**files, "gives": [1]}),
    )
    assert evaluate(EvaluatorSpec((check,)), backend, None).value == 1.0
    assert len(seen) == 2
    assert not any(path.exists() for path in seen)


def test_file_stays_in_its_folder_whatever_the_task_calls_it(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def metric(path: str) -> float:
        names.append(Path(path).name)
        return 1.0

    monkeypatch.setitem(metrics._known, "looks", metric)
    getter = GetterSpec("vm_file", {"type": "vm_file", "path": "~/a.txt", "dest": "../../etc/a.txt"})
    evaluate(EvaluatorSpec((Check("looks", getter),)), backend, None)
    assert names == ["a.txt"]


def test_command_gives_what_it_writes(backend: MemoryBackend) -> None:
    assert _get(backend, "vm_command_line", command=["echo", "a b"]) == "a b\n"
    assert _get(backend, "vm_command_line", command="echo 'a b'") == "a b\n"
    assert getters["vm_command_line"](backend, {"command": "a | b", "shell": "true"}) == "out a | b"
    assert getters["vm_command_error"](backend, {"command": "a", "shell": True}) == "err"


def test_screen_terminal_and_windows_are_looked_at(backend: MemoryBackend) -> None:
    backend.launch(["viewer"])
    assert _get(backend, "vm_screen_size") == {"width": 64, "height": 48}
    assert _get(backend, "vm_window_size", app_class_name="View") == {"width": 64, "height": 48}
    assert _get(backend, "vm_window_size", app_class_name="editor") is None
    assert _get(backend, "vm_window_titles") == ["viewer"]
    assert _get(backend, "vm_terminal_output") == ""
    assert _get(backend, "accessibility_tree").startswith("<desktop-frame>")


def test_no_terminal_is_none_and_not_the_word(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "observe", lambda _kinds: {"terminal": None})
    assert _get(backend, "vm_terminal_output") is None


def test_folder_is_a_tree(backend: MemoryBackend) -> None:
    assert _get(backend, "list_directory", path="/home/user") == {
        "type": "directory",
        "name": "user",
        "children": [
            {"type": "file", "name": "a.txt"},
            {"type": "directory", "name": "empty", "children": []},
            {"type": "directory", "name": "sub", "children": [{"type": "file", "name": "b.txt"}]},
        ],
    }
    with pytest.raises(FileNotFoundError):
        _get(backend, "list_directory", path="/none")


def test_rule_is_what_the_task_says(backend: MemoryBackend) -> None:
    assert _get(backend, "rule", rules=["any", "thing"]) == ["any", "thing"]
