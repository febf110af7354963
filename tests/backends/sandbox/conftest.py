from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.tools import Reply

HELLO = """
from http.server import BaseHTTPRequestHandler, HTTPServer

def main(port, database, data):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data.encode())

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
"""A service that answers with the data that it was started with."""


@dataclass(frozen=True)
class Asked:
    """A machine, and short ways to ask it."""

    machine: SandboxBackend

    def bash(self, command: str, *, timeout_s: float = 20.0) -> Reply:
        return self.machine.bash(command, timeout_s=timeout_s, max_output=10_000)

    def python(self, code: str, *, timeout_s: float = 20.0) -> Reply:
        return self.machine.python(code, timeout_s=timeout_s, max_output=10_000)

    def do(self, function: str, **arguments: Any) -> Reply:
        return self.machine.do(function, arguments, timeout_s=20.0, max_output=10_000)


@pytest.fixture(scope="module")
def machine() -> Iterator[SandboxBackend]:
    backend = SandboxBackend()
    try:
        yield backend
    finally:
        backend.close()


@pytest.fixture
def asked(machine: SandboxBackend) -> Asked:
    machine.reset(seed=1)
    return Asked(machine)
