"""Arguments held against a JSON Schema."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from agentgym.errors import ToolError
from agentgym.tools.schemas import SchemaCheck


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """An address that has a schema, and what it was asked for."""
    asked: list[str] = []

    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "integer"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/schema", asked
        server.shutdown()
        thread.join()


def test_what_a_schema_refers_to_elsewhere_is_not_fetched(elsewhere: tuple[str, list[str]]) -> None:
    address, asked = elsewhere
    check = SchemaCheck("send", {"type": "object", "properties": {"to": {"$ref": address}}})
    with pytest.raises(ToolError, match=r"'send' refer to .*, which is not in them; nothing is fetched"):
        check({"to": 1})
    assert asked == []


def test_what_a_schema_refers_to_in_itself_is_found() -> None:
    schema = {"type": "object", "properties": {"to": {"$ref": "#/$defs/who"}}, "$defs": {"who": {"type": "string"}}}
    assert SchemaCheck("send", schema)({"to": "Ada"}) == {"to": "Ada"}
    with pytest.raises(ToolError, match=r"\$\.to: 1 is not of type 'string'"):
        SchemaCheck("send", schema)({"to": 1})
