"""Setup steps change the machine as OSWorld's do; faults name the step and its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, TaskError
from agentgym.evaluators import getters
from agentgym.setup import run_steps, steps
from agentgym.tasks import SetupStep


@pytest.fixture
def calls() -> list[Sequence[str]]:
    return []


@pytest.fixture
def backend(calls: list[Sequence[str]]) -> MemoryBackend:
    def noted(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        calls.append(list(argv))
        return Completed(len(calls) % 3, b"output", b"errors")

    machine = MemoryBackend(commands={"sh": noted, "tool": noted}, screen=(200, 100))
    machine.reset(seed=0)
    return machine


def _run(backend: MemoryBackend, kind: str, **parameters: Any) -> None:
    run_steps([SetupStep(kind, parameters)], backend)


def test_every_step_of_the_issue_is_there() -> None:
    assert {
        "execute",
        "command",
        "launch",
        "open",
        "download",
        "sleep",
        "activate_window",
        "close_window",
        "file",
    } <= set(steps)


@pytest.mark.parametrize(
    ("parameters", "argv"),
    [
        ({"command": ["tool", "a b"]}, ["tool", "a b"]),
        ({"command": "tool 'a b'"}, ["tool", "a b"]),
        ({"command": "tool | x", "shell": True}, ["sh", "-c", "tool | x"]),
        ({"command": ["tool", "a b"], "shell": "true"}, ["sh", "-c", "tool 'a b'"]),
        ({"command": ["tool a | x"], "shell": True}, ["sh", "-c", "tool a | x"]),
        ({"command": ["tool", "{SCREEN_WIDTH_HALF}x{SCREEN_HEIGHT}"]}, ["tool", "100x100"]),
        ({"command": ["tool", "{CLIENT_PASSWORD}"], "stdout": "out.txt"}, ["tool", "password"]),
    ],
)
def test_command_is_run(
    backend: MemoryBackend, calls: list[Sequence[str]], parameters: dict[str, Any], argv: list[str]
) -> None:
    _run(backend, "execute", **parameters)
    _run(backend, "command", **parameters)
    assert calls == [argv, argv]


def test_a_word_below_the_home_is_found_there_by_any_machine() -> None:
    asked: list[Sequence[str]] = []

    def tool(_machine: MemoryBackend, argv: Sequence[str]) -> Completed:
        asked.append(argv)
        return Completed(0)

    machine = MemoryBackend(commands={"tool": tool, "sh": lambda *_: Completed(0, b"/home/user")})
    machine.reset(seed=0)
    _run(machine, "execute", command=["tool", "~/a b", "~", "a~/b"])
    getters["vm_command_line"](machine, {"type": "vm_command_line", "command": ["tool", "~/a"]})
    assert asked == [["tool", "/home/user/a b", "~", "a~/b"], ["tool", "/home/user/a"]]


def test_return_code_matters_only_when_asked(backend: MemoryBackend) -> None:
    _run(backend, "execute", command=["tool"])
    with pytest.raises(TaskError, match=r"step 'execute': .*ended with 2: errors - at \$\.config\[0\]"):
        _run(backend, "execute", command=["tool"], check=True)


def test_command_is_repeated_until_it_answers(backend: MemoryBackend, calls: list[Sequence[str]]) -> None:
    _run(backend, "execute", command=["tool"], until={"returncode": 0})
    assert len(calls) == 3
    _run(backend, "execute", command=["tool"], until={"stdout": "put"})
    assert len(calls) == 4


def test_windows_are_opened_focused_and_closed(backend: MemoryBackend) -> None:
    _run(backend, "launch", command=["editor"], wait_window="editor")
    _run(backend, "launch", command="viewer --new")
    assert [window.title for window in backend.windows()] == ["editor", "viewer"]
    _run(backend, "activate_window", window_name="Editor")
    assert backend.windows()[-1].title == "editor"
    _run(backend, "close_window", window_name="editor", strict=True)
    assert [window.title for window in backend.windows()] == ["viewer"]


def test_file_is_laid(backend: MemoryBackend, tmp_path: Path) -> None:
    _run(backend, "file", path="~/a/b.txt", content="é\n")
    assert backend.read("/home/user/a/b.txt").decode() == "é\n"
    (tmp_path / "here").write_bytes(b"\0")
    _run(backend, "upload_file", files=[{"local_path": str(tmp_path / "here"), "path": "~/there"}])
    assert backend.read("~/there") == b"\0"


def test_step_of_another_package_may_be_annotated_for_its_type_checker_alone(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def say(_backend: Machine, word: str) -> None:  # type: ignore[name-defined]  # noqa: F821 - that is the claim
        said.append(word)

    monkeypatch.setitem(steps._known, "say", say)
    _run(backend, "say", word="hello")
    assert said == ["hello"]


def test_step_of_another_package_that_raises_is_named(backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    def divide(_backend: MemoryBackend, by: int) -> None:
        _ = 1 / by

    monkeypatch.setitem(steps._known, "divide", divide)
    with pytest.raises(TaskError, match=r"step 'divide' raised ZeroDivisionError.* - at \$\.config\[0\]"):
        _run(backend, "divide", by=0)


def test_broken_machine_is_not_the_fault_of_the_task() -> None:
    with pytest.raises(BackendError):
        _run(MemoryBackend(), "file", path="~/a", content="")


def test_faulty_step_is_named_with_its_place(backend: MemoryBackend) -> None:
    good = SetupStep("file", {"path": "~/a", "content": ""})
    for bad, says in (
        (SetupStep("lunch", {}), r"did you mean 'launch'\? - at \$\.config\[1\]\.type"),
        (
            SetupStep("launch", {"comand": "x"}),
            r"'launch' has no parameter 'comand'; did you mean 'command'\? - at \$\.config\[1\]\.parameters",
        ),
        (SetupStep("launch", {}), r"step 'launch': missing .*'command' - at \$\.config\[1\]\.parameters"),
        (SetupStep("launch", {"command": "say 'x"}), r"\"say 'x\" is no command: No closing quotation"),
        (SetupStep("execute", {"command": []}), r"\[\] is no command: there is nothing in it"),
        (SetupStep("sleep", {"seconds": -1}), r"Expected `float` >= 0.0 - at .*\.parameters\.seconds"),
        (SetupStep("execute", {"command": ["nothing"]}), r"step 'execute': no program 'nothing'"),
        (SetupStep("sleep", {"seconds": None}), r"step 'sleep', parameter 'seconds': .* - at .*\.parameters\.seconds"),
        (
            SetupStep("launch", {"command": [1]}),
            r"parameter 'command': .* - at \$\.config\[1\]\.parameters\.command\[0\]",
        ),
        (SetupStep("download", {"files": [{"url": "file:///a"}]}), r"missing .*`path` - at .*\.files\[0\]"),
        (SetupStep("upload_file", {"files": [{}]}), r"missing .*`local_path` - at .*\.files\[0\]"),
    ):
        with pytest.raises(TaskError, match=says):
            run_steps([good, bad], backend)


def test_launched_pkill_is_waited_for_with_what_it_ends() -> None:
    calls: list[Sequence[str]] = []

    def noted(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        calls.append(list(argv))
        # Found twice more before it has ended.
        return Completed(int(len(calls) > 3))

    machine = MemoryBackend(commands={"pkill": noted, "pgrep": noted})
    machine.reset(seed=0)
    _run(machine, "launch", command=["pkill", "-f", "chrome"])
    assert calls == [["pkill", "-f", "chrome"], *[["pgrep", "-f", "chrome"]] * 3]


def test_browser_closes_its_windows_before_it_is_ended() -> None:
    left: list[int] = []

    def noted(backend: MemoryBackend, _argv: Sequence[str]) -> Completed:
        left.append(len(backend.windows()))
        return Completed(1)

    machine = MemoryBackend(commands={"pkill": noted, "pgrep": noted})
    machine.reset(seed=0)
    for program in ("google-chrome", "google-chrome", "gedit"):
        machine.launch([program])
    _run(machine, "launch", command=["pkill", "chrome"])
    assert left == [1, 1, 1]
    assert [window.app_class for window in machine.windows()] == ["gedit"]
