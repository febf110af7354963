"""Downloads against a real server that misbehaves: whose fault it is, and that nothing halved is kept."""

from __future__ import annotations

import http.server
import multiprocessing
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agentgym.actions import Done
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, EvaluationError, TaskError
from agentgym.evaluators import evaluate
from agentgym.setup import downloads, run_steps
from agentgym.setup.downloads import transfers
from agentgym.tasks import EvaluatorSpec, SetupStep, parse_task

pytestmark = pytest.mark.episodes

_WHOLE = b"content " * 1000


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    asked: Counter[str]
    goes_on: threading.Event

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Misbehaving(http.server.BaseHTTPRequestHandler):
    server: _Server
    status: ClassVar[dict[str, int]] = {"/none": 404, "/forbidden": 403, "/broken": 500, "/away": 503, "/busy": 429}

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        match self.path:
            case "/cut":
                self._answer(_WHOLE[:100], announced=str(len(_WHOLE)))
            case "/cut-chunk":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort")
            case "/nonsense-length":
                self._answer(_WHOLE, announced="many")
            case "/no-http":
                self.wfile.write(b"hello\r\n\r\n")
            case "/hangs-up":
                self.connection.shutdown(socket.SHUT_RDWR)
            case "/silent":
                self.server.goes_on.wait(30)
            case "/stalls":
                self._answer(_WHOLE[:100], announced=str(len(_WHOLE)), then_waits=True)
            case _:
                self._answer(_WHOLE, status=self.status.get(self.path, 200))

    def _answer(
        self, content: bytes, *, status: int = 200, announced: str | None = None, then_waits: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", announced or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        if then_waits:
            self.wfile.flush()
            self.server.goes_on.wait(30)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the standard library
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Misbehaving) as running:
        running.asked, running.goes_on = Counter(), threading.Event()
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.goes_on.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def address(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AGENTGYM_MIRROR", "AGENTGYM_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(transfers, "_PAUSE_S", 0.001)
    return tmp_path / "cache"


@pytest.fixture
def backend() -> MemoryBackend:
    machine = MemoryBackend()
    machine.reset(seed=0)
    return machine


def _download(backend: MemoryBackend, url: str) -> None:
    run_steps([SetupStep("download", {"files": [{"url": url, "path": "~/a"}]})], backend)


def _nothing_is_left(backend: MemoryBackend, cache: Path) -> bool:
    with pytest.raises(FileNotFoundError):
        backend.read("~/a")
    return not any(path.is_file() for path in cache.rglob("*"))


def test_file_is_kept_and_then_needs_no_network(backend: MemoryBackend, server: _Server, address: str) -> None:
    _download(backend, f"{address}/a")
    backend.reset(seed=0)
    _download(backend, f"{address}/a")
    assert backend.read("~/a") == _WHOLE
    assert server.asked["/a"] == 1


def test_address_may_hold_blanks_and_letters_of_any_language(
    backend: MemoryBackend, server: _Server, address: str
) -> None:
    _download(backend, f"{address}/é b%20c.txt?x=1&y=2")
    assert list(server.asked) == ["/%C3%A9%20b%20c.txt?x=1&y=2"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/cut", "the connection was cut after 100 bytes, 7900 short"),
        ("/cut-chunk", "the connection was cut"),
        ("/nonsense-length", "announced 'many' bytes and sent 8000"),
        ("/no-http", "BadStatusLine"),
        ("/hangs-up", "Remote end closed connection without response"),
        ("/broken", "the server answered 500 Internal Server Error"),
        ("/away", "the server answered 503 Service Unavailable"),
        ("/busy", "the server answered 429 Too Many Requests"),
    ],
)
def test_failing_server_is_no_fault_of_the_task(
    backend: MemoryBackend, address: str, cache: Path, path: str, says: str
) -> None:
    with pytest.raises(BackendError, match=re.escape(f"cannot download {address}{path}: ") + f".*{says}") as caught:
        _download(backend, address + path)
    assert caught.value.kind == "network"
    assert _nothing_is_left(backend, cache)


@pytest.mark.parametrize("path", ["/silent", "/stalls"])
def test_server_that_says_nothing_is_not_waited_for_for_ever(
    backend: MemoryBackend, address: str, cache: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "_PATIENCE_S", 0.2)
    with pytest.raises(BackendError, match=rf"cannot download {address}{path}: no answer within 0\.2 s"):
        _download(backend, address + path)
    assert _nothing_is_left(backend, cache)


def test_server_that_is_not_there_is_no_fault_of_the_task(backend: MemoryBackend, cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
    with pytest.raises(BackendError, match=f"cannot download {url}: .*refused"):
        _download(backend, url)
    assert _nothing_is_left(backend, cache)


@pytest.mark.parametrize("path", ["/none", "/forbidden"])
def test_file_that_is_not_to_be_had_is_a_fault_of_the_task(
    backend: MemoryBackend, address: str, cache: Path, path: str
) -> None:
    with pytest.raises(TaskError, match=rf"cannot download {address}{path}: the server answered 40. .*\$\.config\[0\]"):
        _download(backend, address + path)
    assert _nothing_is_left(backend, cache)


@pytest.mark.parametrize("url", ["http:///a", "http://[a", "http://a:b/", "http://a:99999/"])
def test_what_is_no_address_is_a_fault_of_the_task(backend: MemoryBackend, url: str) -> None:
    with pytest.raises(TaskError, match=re.escape(f"{url!r} is no ")):
        _download(backend, url)


@pytest.mark.parametrize("url", ["ftp://example.org/a", "a.txt", ""])
def test_address_of_another_kind_is_refused_beforehand(backend: MemoryBackend, url: str) -> None:
    with pytest.raises(TaskError, match=r"https\?\|file.* - at \$\.config\[0\]\.parameters\.files\[0\]\.url"):
        _download(backend, url)
    with pytest.raises(ValueError, match="is no http, https or file address"):
        downloads.fetch(url)


def test_file_address_is_read_from_this_machine(backend: MemoryBackend, tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_bytes(b"here")
    _download(backend, (tmp_path / "a b.txt").as_uri())
    assert backend.read("~/a") == b"here"
    with pytest.raises(TaskError, match="none: there is no such file"):
        _download(backend, (tmp_path / "none").as_uri())


def _judged_by(url: str) -> EvaluatorSpec:
    evaluator = {
        "func": "compare_text_file",
        "result": {"type": "vm_file", "path": "~/there.txt", "dest": "there.txt"},
        "expected": {"type": "cloud_file", "path": url, "dest": "gold.txt"},
    }
    spec = parse_task({"id": "t", "instruction": "", "evaluator": evaluator}).evaluator
    assert spec is not None
    return spec


@pytest.mark.parametrize("path", ["/none", "/cut", "/away"])
def test_reference_that_is_not_to_be_had_leaves_the_episode_unscored(
    backend: MemoryBackend, address: str, path: str
) -> None:
    backend.write("~/there.txt", _WHOLE)
    with pytest.raises(EvaluationError, match=rf"cloud_file.*cannot download {address}{path}.*check 0, expected"):
        evaluate(_judged_by(address + path), backend, Done())
    assert evaluate(_judged_by(f"{address}/gold"), backend, Done()).value == 1.0


def test_postconfig_download_that_fails_leaves_the_episode_unscored(backend: MemoryBackend, address: str) -> None:
    step = SetupStep("download", {"files": [{"url": f"{address}/away", "path": "~/a"}]})
    with pytest.raises(EvaluationError, match=r"cannot download .*/away: the server answered 503"):
        evaluate(EvaluatorSpec(postconfig=(step,), infeasible=True), backend, Done())


def _fetch_often(url: str, times: int) -> set[bytes]:
    return {downloads.fetch(f"{url}{number}") for number in range(times)}


def test_processes_that_download_the_same_at_once_keep_it_whole(server: _Server, address: str, cache: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.starmap(_fetch_often, [(f"{address}/", 50)] * 4, chunksize=1)
    assert results == [{_WHOLE}] * 4
    assert len(list((cache / "files" / "urls").iterdir())) == 50
    assert [path.read_bytes() for path in (cache / "files" / "blobs").rglob("*") if path.is_file()] == [_WHOLE]
    assert not list((cache / "files" / "partial").iterdir())
    assert max(server.asked.values()) == 1
