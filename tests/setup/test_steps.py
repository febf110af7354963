"""Setup steps change the machine as OSWorld's do; faults name the step and its place."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, TaskError
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


def test_path_is_opened_by_its_kind() -> None:
    launched: list[Sequence[str]] = []

    class Machine(MemoryBackend):
        def launch(self, argv: Sequence[str], **place: Any) -> None:
            launched.append(argv)
            super().launch([argv[-1]], **place)

    def shell(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        kinds = {"~/sheet.XLSX": b"file /home/user/sheet.XLSX", "/notes": b"file /notes", "/folder": b"folder /folder"}
        return Completed(0, kinds.get(argv[-1], b""))

    machine = Machine(commands={"sh": shell})
    machine.reset(seed=0)
    for path in ("~/sheet.XLSX", "/notes", "/folder"):
        _run(machine, "open", path=path)
    assert [(argv[0], argv[-1]) for argv in launched] == [
        ("libreoffice", "/home/user/sheet.XLSX"),
        ("mousepad", "/notes"),
        ("pcmanfm", "/folder"),
    ]
    with pytest.raises(TaskError, match=r"step 'open': there is no file or folder '~/none' to open"):
        _run(machine, "open", path="~/none")


def test_file_is_laid(backend: MemoryBackend, tmp_path: Path) -> None:
    _run(backend, "file", path="~/a/b.txt", content="é\n")
    assert backend.read("/home/user/a/b.txt").decode() == "é\n"
    (tmp_path / "here").write_bytes(b"\0")
    _run(backend, "upload_file", files=[{"local_path": str(tmp_path / "here"), "path": "~/there"}])
    assert backend.read("~/there") == b"\0"


class _Once(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 404 if self.path == "/none" else 200
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Once) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_download_is_kept_and_then_needs_no_network(
    backend: MemoryBackend, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    files = [{"url": f"{address}/a", "path": "~/a"}]
    _run(backend, "download", files=files)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    backend.reset(seed=0)
    _run(backend, "download", files=files)
    assert backend.read("~/a") == b"content"


def test_download_that_fails_names_the_address(
    backend: MemoryBackend, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(TaskError, match=r"cannot download .*/none"):
        _run(backend, "download", files=[{"url": f"{address}/none", "path": "~/a"}])
    with pytest.raises(TaskError, match="no http, https or file address"):
        _run(backend, "download", files=[{"url": "ftp://example.org/a", "path": "~/a"}])
    assert not list(tmp_path.rglob("*.*"))


def test_file_address_is_read_from_this_machine(backend: MemoryBackend, tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_bytes(b"here")
    _run(backend, "download", files=[{"url": (tmp_path / "a b.txt").as_uri(), "path": "~/a"}])
    assert backend.read("~/a") == b"here"


def test_step_of_another_package_may_be_annotated_for_its_type_checker_alone(
    backend: MemoryBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def say(_backend: Machine, word: str) -> None:  # type: ignore[name-defined]  # noqa: F821 - that is the claim
        said.append(word)

    monkeypatch.setitem(steps._known, "say", say)
    _run(backend, "say", word="hello")
    assert said == ["hello"]


def test_broken_machine_is_not_the_fault_of_the_task() -> None:
    with pytest.raises(BackendError):
        _run(MemoryBackend(), "file", path="~/a", content="")


def test_faulty_step_is_named_with_its_place(backend: MemoryBackend) -> None:
    good = SetupStep("file", {"path": "~/a", "content": ""})
    for bad, says in (
        (SetupStep("lunch", {}), r"did you mean 'launch'\? - at \$\.config\[1\]\.type"),
        (SetupStep("launch", {"comand": "x"}), r"step 'launch': .* - at \$\.config\[1\]\.parameters"),
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
