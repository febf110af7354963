from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.errors import TaskError, ToolError
from agentgym.setup import run_steps
from agentgym.tasks import SetupStep, Task
from agentgym.tools import ToolContext
from agentgym.tools.http_request import send

pytestmark = pytest.mark.episodes

GREETER = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer


def main(port, database, data):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path[1:]))
            self.send_header("Location", "http://127.0.0.1:%d/500" % port)
            self.end_headers()
            self.wfile.write(json.dumps([data, database, self.headers["Host"]]).encode())

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxBackend]:
    backend = SandboxBackend()
    yield backend
    backend.close()


def step(source: str, **changes: Any) -> SetupStep:
    return SetupStep("service", {"name": "greeter", "source": source, "port": 8123, "database": "~/g.db", **changes})


def context_on(sandbox: SandboxBackend) -> ToolContext:
    return ToolContext(Task("t", "Do it.", metadata={"hosts": {"greeter": 8123}}), workspace=lambda: sandbox)


def test_a_file_serves_in_the_sandbox_what_it_was_given(sandbox: SandboxBackend, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(GREETER)
    sandbox.reset(seed=0)
    run_steps([step(str(tmp_path / "greeter.py"), data={"hello": ["you"]})], sandbox)
    answer = send(context_on(sandbox), "GET", "http://greeter/200")
    assert answer == (200, [{"hello": ["you"]}, "~/g.db", "greeter:8123"])


def test_a_redirection_is_an_answer_and_is_not_followed(sandbox: SandboxBackend, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(GREETER)
    sandbox.reset(seed=0)
    run_steps([step(str(tmp_path / "greeter.py"))], sandbox)
    assert send(context_on(sandbox), "GET", "http://greeter/302").status == 302


def test_an_answer_that_is_too_long_is_told_in_few_words(sandbox: SandboxBackend, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(GREETER)
    sandbox.reset(seed=0)
    run_steps([step(str(tmp_path / "greeter.py"), data="x" * 200_000)], sandbox)
    with pytest.raises(ToolError, match="the first 100000 are shown") as refused:
        send(context_on(sandbox), "GET", "http://greeter/200")
    assert len(str(refused.value)) < 400


def test_a_service_is_gone_after_a_reset(sandbox: SandboxBackend, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(GREETER)
    sandbox.reset(seed=0)
    run_steps([step(str(tmp_path / "greeter.py"))], sandbox)
    sandbox.reset(seed=0)
    with pytest.raises(ToolError, match="greeter:8123 gave no answer that can be taken"):
        send(context_on(sandbox), "GET", "http://greeter/200")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no.such.module", "no module 'no.such.module' with a service"),
        ("", "no module '' with a service"),
        ("math", "no module 'math' with a service, of which the source can be read"),
        ("/no/such/file.py", "No such file"),
    ],
)
def test_what_is_no_program_is_the_tasks_fault(sandbox: SandboxBackend, source: str, said: str) -> None:
    sandbox.reset(seed=0)
    with pytest.raises(TaskError, match=said):
        run_steps([step(source)], sandbox)


def test_a_program_that_does_not_come_up_is_the_tasks_fault(sandbox: SandboxBackend, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def main(port, database, data):\n    raise ValueError('out of order')\n")
    sandbox.reset(seed=0)
    with pytest.raises(TaskError, match="step 'service'"):
        run_steps([step(str(tmp_path / "broken.py"))], sandbox)
