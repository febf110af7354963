"""An OpenTelemetry collector of one's own: what is posted is parsed by the protocol's own types."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """Keeps the spans that it was sent; ``answers`` is the status of each reply, ``opens`` lets replies through."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.spans: list[Any] = []
        self.paths: list[str] = []
        self.resources: list[Any] = []
        self.answers = 200
        self.opens = threading.Event()
        self.opens.set()

    @property
    def sink(self) -> str:
        return f"otlp:http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.headers["Content-Type"] == "application/x-protobuf"
        request = ExportTraceServiceRequest.FromString(body)
        self.server.opens.wait()
        self.server.paths.append(self.path)
        if self.server.answers == 200:
            for resource in request.resource_spans:
                self.server.resources.append(resource.resource)
                self.server.spans.extend(span for scope in resource.scope_spans for span in scope.spans)
        self.send_response(self.server.answers)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server has
        """Says nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.opens.set()
        server.shutdown()
        server.server_close()
        thread.join()
