"""The address: takes requests, asks the script, and keeps every byte of both."""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.modelserver.chat import chat_chunks, chat_completion, counted
from tests.modelserver.checking import BadRequest, check_chat, check_responses
from tests.modelserver.responses import response, response_events
from tests.modelserver.script import Fault, Reply, Script, reader

__all__ = ["Exchange", "ModelServer", "Refusal", "serving"]

_CHAT, _RESPONSES, _MODELS = "/v1/chat/completions", "/v1/responses", "/v1/models"
_NOTHING = {"input_tokens": 0, "output_tokens": 0, "cached_tokens": 0, "reasoning_tokens": 0}


@dataclass
class Exchange:
    """A request that was let in, and what was sent for it.

    Attributes:
        request: the body, read.
        body: as it came.
        headers: by names in lower case.
        status: of the answer; 0 until there is one.
        reply: the bytes of the answer's body that were sent, of a stream without the framing of its chunks.
        usage: that the answer told; empty if it told none.
    """

    path: str
    request: dict[str, Any]
    body: bytes
    headers: Mapping[str, str]
    status: int = 0
    reply: bytes = b""
    usage: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """A request that OpenAI would not have taken."""

    path: str
    body: bytes
    status: int
    reason: str


class ModelServer:
    """What was asked and answered until now, in the order of asking.

    Attributes:
        url: for ``base_url``.
        exchanges: requests and replies, those that a fault answered too.
        refused: what was not let in.
        gate: no request is answered while it is closed.
    """

    def __init__(self, script: Script, *, extra: Sequence[str], models: Sequence[str], key: str | None) -> None:
        self.url = ""
        self.exchanges: list[Exchange] = []
        self.refused: list[Refusal] = []
        self.gate = threading.Event()
        self.gate.set()
        self.ended = threading.Event()
        self.errors: list[BaseException] = []
        self._reader = reader(script)
        self._extra, self._models, self._key = tuple(extra), tuple(models), key
        self._said: dict[str, list[Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The bodies of the requests, read."""
        return [exchange.request for exchange in self.exchanges]

    @property
    def bodies(self) -> list[bytes]:
        """The bodies of the requests as they came."""
        return [exchange.body for exchange in self.exchanges]

    @property
    def replies(self) -> list[bytes]:
        """The bodies of the answers as they were sent, each at the place of its request."""
        return [exchange.reply for exchange in self.exchanges]

    @property
    def usage(self) -> dict[str, int]:
        """The sum of what the answers told."""
        return {name: sum(exchange.usage.get(name, 0) for exchange in self.exchanges) for name in _NOTHING}

    def models(self) -> dict[str, Any]:
        """The list of models."""
        names = self._models or ("scripted",)
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "nobody"} for name in names]
        return {"object": "list", "data": listed}

    def play(self, script: Script) -> None:
        """Answers by another script from now on."""
        self._reader = reader(script)

    def answer(self, request: dict[str, Any]) -> Reply | Fault:
        """What the script says to a request."""
        return self._reader(request)

    def admit(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[Exchange, int] | Refusal:
        """Checks a request: its exchange and number, or why it is not let in."""
        try:
            request = self._checked(path, body, headers)
        except BadRequest as error:
            refusal = Refusal(path, body, 401 if error.param == "authorization" else 400, str(error))
            with self._lock:
                self.refused.append(refusal)
            return refusal
        exchange = Exchange(path, request, body, headers)
        with self._lock:
            self.exchanges.append(exchange)
            number = len(self.exchanges)
        return exchange, number

    def remember(self, exchange: Exchange, said: Mapping[str, Any]) -> None:
        """Keeps what a response ended with, for requests that name it as the one before."""
        if exchange.path == _RESPONSES and exchange.request.get("store") is not False:
            given = exchange.request.get("input") or []
            asked = [{"role": "user", "content": given}] if isinstance(given, str) else given
            before = self._said.get(exchange.request.get("previous_response_id") or "", [])
            self._said[said["id"]] = [*before, *asked, *said["output"]]

    def _checked(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        if self._key is not None and headers.get("authorization") != f"Bearer {self._key}":
            raise BadRequest("Incorrect API key provided.", "authorization")
        try:
            request = json.loads(body)
        except ValueError as error:
            raise BadRequest(f"the body is no JSON: {error}") from error
        if not isinstance(request, dict):
            raise BadRequest("the body is no object")
        if path == _CHAT:
            check_chat(request, extra=self._extra)
        else:
            before = self._said.get(request.get("previous_response_id") or "")
            check_responses(request, extra=self._extra, before=before)
        if self._models and request["model"] not in self._models:
            raise BadRequest(f"The model {request['model']!r} does not exist.", "model")
        return request


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    model: ModelServer

    def do_GET(self) -> None:
        if self.path == _MODELS:
            self._send(200, _json(self.model.models()))
            return
        self._send(404, _error(f"there is no {self.path}"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path not in {_CHAT, _RESPONSES}:
            self._send(404, _error(f"there is no {self.path}"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        admitted = self.model.admit(self.path, body, headers)
        if isinstance(admitted, Refusal):
            self._send(admitted.status, _error(admitted.reason))
            return
        self.model.gate.wait()
        try:
            self._answer(*admitted)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the script's own, or a reply that fits no type: raised where the block ends
            self.model.errors.append(error)
            self._send(400, _error(f"the script broke: {error}"))

    def _answer(self, exchange: Exchange, number: int) -> None:
        answer = self.model.answer(exchange.request)
        if answer.delay_s:
            self.model.ended.wait(answer.delay_s)
        if self._gone():
            self.close_connection = True
            return
        if isinstance(answer, Fault):
            self._fault(exchange, answer)
        elif exchange.request.get("stream"):
            self._stream(exchange, number, answer)
        else:
            self._whole(exchange, number, answer)

    def _gone(self) -> bool:
        """Whether the client has hung up, so that nothing that is sent now is seen."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

    def _fault(self, exchange: Exchange, fault: Fault) -> None:
        told = _error(fault.message, kind=fault.kind, code=fault.code, param=fault.param)
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        exchange.status, exchange.reply = fault.status, told
        self._send(fault.status, told, headers)

    def _whole(self, exchange: Exchange, number: int, reply: Reply) -> None:
        said = (chat_completion if exchange.path == _CHAT else response)(exchange.request, reply, number)
        body = b'{"choices": [{"message' if reply.garbage else _json(said)
        sent = body[: len(body) // 2] if reply.cut else body
        exchange.status, exchange.reply = 200, sent
        if not reply.cut and not reply.garbage:
            exchange.usage = counted(exchange.request, reply)
            self.model.remember(exchange, said)
        self._send(200, sent, promised=len(body))
        self.close_connection = self.close_connection or reply.cut

    def _stream(self, exchange: Exchange, number: int, reply: Reply) -> None:
        chat = exchange.path == _CHAT
        events = list((chat_chunks if chat else response_events)(exchange.request, reply, number))
        lines = [_event(event, named=not chat) for event in events] + ([b"data: [DONE]\n\n"] if chat else [])
        if reply.garbage:
            lines.insert(1, b'data: {"choices": [{"del\n\n')
        exchange.status = 200
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if not reply.cut and not reply.garbage and (not chat or events[-1].get("usage")):
            exchange.usage = counted(exchange.request, reply)
        if not chat:
            self.model.remember(exchange, events[-1]["response"])
        for line in lines[: len(lines) // 2] if reply.cut else lines:
            exchange.reply += line
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            if reply.pause_s:
                self.model.ended.wait(reply.pause_s)
        if reply.cut:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")

    def _send(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, promised: int | None = None
    ) -> None:
        self.send_response(status)
        length = str(len(body) if promised is None else promised)
        for name, value in {"Content-Type": "application/json", "Content-Length": length, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as http.server calls it
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False
    model: ModelServer

    def __init__(self, handler: type[_Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.model.errors.append(error)

    def hang_up(self) -> None:
        """Ends the connections that clients keep open, on which threads of ours wait for more."""
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _error(
    message: str, *, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
) -> bytes:
    return _json({"error": {"message": message, "type": kind, "param": param, "code": code}})


def _event(event: Mapping[str, Any], *, named: bool) -> bytes:
    name = f"event: {event['type']}\n".encode() if named else b""
    return name + b"data: " + _json(event) + b"\n\n"


@contextmanager
def serving(
    script: Script,
    *,
    extra: Sequence[str] = (),
    models: Sequence[str] = (),
    key: str | None = None,
) -> Iterator[ModelServer]:
    """A server until the block ends; the script's own error, or a reply that fits no type, is raised there.

    Args:
        script: the replies, in the order of asking, or a function of the request's body. A text is what is said.
        extra: keys beside OpenAI's own that requests and messages may have, such as vLLM's ``return_token_ids``.
        models: the only ones that there are; every name will do if there are none.
        key: that requests must bring.
    """
    model = ModelServer(script, extra=extra, models=models, key=key)
    server = _Server(type("Handler", (_Handler,), {"model": model}))
    server.model = model
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield model
    finally:
        model.ended.set()
        model.gate.set()
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()
    if model.errors:
        raise model.errors[0]
