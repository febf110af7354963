"""A server on loopback that speaks as much of OpenAI's protocol as a judge needs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["JudgeServer", "serving"]

Answer = Callable[[dict[str, Any]], str]


class JudgeServer:
    """Answers each request by a function of it, once ``gate`` is open.

    Attributes:
        requests: what was asked, with the key under ``"authorization"``.
        failures: so many requests are refused before the first is answered.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[dict[str, Any]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.failures = 0
        self.url = ""


@contextmanager
def serving(answer: Answer) -> Iterator[JudgeServer]:
    """A server until the block ends."""
    judge = JudgeServer(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            judge.requests.append({**body, "authorization": self.headers["Authorization"], "path": self.path})
            judge.gate.wait(60)
            if judge.failures:
                judge.failures -= 1
                self._say(500, {"error": {"message": "out of order"}})
                return
            message = {"role": "assistant", "content": judge.answer(body)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            said = {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
            self._say(200, said)

        def _say(self, status: int, said: dict[str, Any]) -> None:
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server calls it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    judge.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield judge
    finally:
        judge.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
