"""Getters fetch what OSWorld's fetch; files come to metrics as paths that last as long as the check."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import EvaluationError, TaskError
from agentgym.evaluators import Fetched, check_spec, evaluate, getters, metrics
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep


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


def test_time_stands_in_the_name_if_that_is_asked_for(backend: MemoryBackend) -> None:
    name = _get(backend, "vm_file", path="~/a.txt", dest="result.txt", time_suffix=True).name
    assert re.fullmatch(r"result_\d{8}_\d{6}\.txt", name)
    assert re.fullmatch(
        r"a_\d{4}\.txt", _get(backend, "vm_file", path="~/a.txt", time_suffix="true", time_format="%Y").name
    )
    assert _get(backend, "vm_file", path="~/a.txt", time_suffix=False).name == "a.txt"


def test_command_that_hangs_says_nothing_and_scores_zero() -> None:
    def hangs(_backend: MemoryBackend, _argv: Sequence[str]) -> Completed:
        raise TimeoutError("not within 120 s")

    machine = MemoryBackend(commands={"top": hangs})
    machine.reset(seed=0)
    for kind in ("vm_command_line", "vm_command_error"):
        with pytest.raises(FileNotFoundError, match="'top' says nothing: not within 120 s"):
            _get(machine, kind, command="top")
    result = GetterSpec("vm_command_line", {"type": "vm_command_line", "command": "top"})
    check = Check("exact_match", result, GetterSpec("rule", {"rules": {"expected": "x"}}))
    assert evaluate(EvaluatorSpec((check,)), machine, None).value == 0.0


def test_lines_end_as_osworlds_server_has_them() -> None:
    machine = MemoryBackend(commands={"old": lambda _backend, _argv: Completed(0, b"a\r\nb\rc\n", b"d\r\n")})
    machine.reset(seed=0)
    assert _get(machine, "vm_command_line", command="old") == "a\nb\nc\n"
    assert _get(machine, "vm_command_error", command="old") == "d\n"


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


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a.txt", "a.txt"], "2 files are named 'a.txt'; each needs a name of its own in dest"),
        (["x/a.txt", "y/a.txt"], "2 files are named 'a.txt'"),
        (["..", "a.txt"], r"'\.\.' is no name of a file"),
    ],
)
def test_files_of_one_name_are_never_laid_over_each_other(backend: MemoryBackend, names: list[str], says: str) -> None:
    config = {"type": "vm_file", "path": ["~/a.txt", "~/b.txt"], "dest": names, "multi": True, "gives": [0, 1]}
    with pytest.raises(ValueError, match=says):
        getters["vm_file"](backend, config)
    check = Check("check_list", GetterSpec("vm_file", config), GetterSpec("rule", {"type": "rule", "rules": {}}))
    with pytest.raises(EvaluationError, match=f"getter 'vm_file' raised .*{says}"):
        evaluate(EvaluatorSpec((check,)), backend, None)
    with pytest.raises(TaskError, match=rf"getter 'vm_file': {says}.* - at \$\.evaluator\.result"):
        check_spec(EvaluatorSpec((check,)))


@pytest.mark.parametrize("error", [IsADirectoryError, NotADirectoryError, PermissionError])
def test_what_is_no_file_that_can_be_read_is_missing(error: type[OSError]) -> None:
    class Machine(MemoryBackend):
        def read(self, path: str) -> bytes:
            raise error(path)

    with pytest.raises(FileNotFoundError, match="no file that can be read at '~/a'"):
        _get(Machine(), "vm_file", path="~/a", dest="a")


def test_kept_output_of_a_step_is_a_file(backend: MemoryBackend) -> None:
    for name, output in (("out.txt", "out x"), ("err.txt", "err")):
        step = SetupStep("execute", {"command": "x", "shell": True, "stdout": "out.txt", "stderr": "err.txt"})
        result = GetterSpec("cache_file", {"type": "cache_file", "path": name})
        rules = {"type": "rule", "rules": {"expect": [f"^{output}$"]}}
        check = Check("check_list", result, GetterSpec("rule", rules))
        assert evaluate(EvaluatorSpec((check,), postconfig=(step,)), backend, None).value == 1.0
        assert evaluate(EvaluatorSpec((check,)), backend, None, kept={name: output.encode()}).value == 1.0
        assert evaluate(EvaluatorSpec((check,)), backend, None, kept={name: b"other"}).value == 0.0
        with pytest.raises(EvaluationError, match=f"no step kept '{name}'; kept are none"):
            evaluate(EvaluatorSpec((check,)), backend, None)


def test_last_row_of_a_workbook_is_texts(backend: MemoryBackend) -> None:
    book = openpyxl.Workbook()
    for row in (["name", "on", "n"], ["a", None, 1], ["b", dt.datetime(2024, 1, 2), None], [None, None, None]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    backend.write("~/b.xlsx", content.getvalue())
    wanted = {"file_type": "xlsx", "file_content": "last_row"}
    assert _get(backend, "content_from_vm_file", path="~/b.xlsx", **wanted) == ["b", "2024-01-02 00:00:00", "nan"]
    assert _get(backend, "content_from_vm_file", path="~/a.txt", **wanted) is None
    with pytest.raises(FileNotFoundError):
        _get(backend, "content_from_vm_file", path="~/none.xlsx", **wanted)


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


def test_program_that_is_not_there_scores_zero_and_what_a_shell_says_of_it_is_output(backend: MemoryBackend) -> None:
    rule = GetterSpec("rule", {"type": "rule", "rules": {"exclude": ["x"]}})
    for kind in ("vm_command_line", "vm_command_error"):
        absent = GetterSpec(kind, {"type": kind, "command": ["no-such-program"]})
        score = evaluate(EvaluatorSpec((Check("check_include_exclude", absent, rule),)), backend, None)
        assert score.value == 0.0, "the rule alone would let an empty output pass"


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
