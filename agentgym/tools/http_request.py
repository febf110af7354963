"""Requests over HTTP to the services that a task runs in its own machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec
from pydantic import Field

from agentgym.actions.quoting import short
from agentgym.errors import TaskError, ToolError
from agentgym.tools.context import ToolContext
from agentgym.tools.decorator import tool
from agentgym.tools.workspace import Reply

__all__ = ["Answer", "http_request", "send"]

_PATIENCE_S = 10.0
_LARGEST_ANSWER = 100_000
_LARGEST_BODY = 64 * 1024
_LONGEST_URL = 4096
_LONGEST_REFUSAL = 300
# What says where a request goes and where it ends is not the agent's to write.
_OURS = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})
_UNESCAPED = "/%:@!$&'()*+,;=~-._?"

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Answer(NamedTuple):
    """What a service answered; ``body`` is read where it is JSON."""

    status: int
    body: Any


@tool
def http_request(
    method: Method,
    url: Annotated[str, Field(max_length=_LONGEST_URL)],
    context: ToolContext,
    body: dict[str, Any] | list[Any] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Sends an HTTP request to a service of this task and returns its status and its body.

    Args:
        method: what to do.
        url: the whole address, such as http://shop:8080/orders?status=paid.
        body: sent as JSON; leave it out where there is nothing to send.
        headers: more headers of the request.
    """
    answer = send(context, method, url, body=body, headers=headers)
    return {"status": answer.status, "body": answer.body}


def send(
    context: ToolContext, method: str, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Sends a request from within the machine to one of the task's hosts.

    The task says which there are, and on which port of the machine's loopback: ``metadata["hosts"]``,
    ``{"shop": 8080}``.

    Raises:
        ToolError: if the host is none of them, the request cannot be sent, or no whole answer came in time.
    """
    host, local = _where(url, hosts_of(context))
    content = None if body is None else msgspec.json.encode(body).decode()
    if content is not None and len(content.encode()) > _LARGEST_BODY:
        raise ToolError(f"the body has {len(content.encode())} bytes; at most {_LARGEST_BODY} are sent")
    given = {**_checked(headers or {}), "Host": host}
    if body is not None:
        given.setdefault("Content-Type", "application/json")
    request = {"method": method, "url": local, "headers": given, "body": content}
    return _answer(context.workspace.do("http", request, timeout_s=_PATIENCE_S, max_output=_LARGEST_ANSWER), host)


def hosts_of(context: ToolContext) -> Mapping[str, int]:
    """The ports of the machine's loopback by the names of the task's hosts.

    Raises:
        TaskError: if the task names them otherwise.
    """
    try:
        return msgspec.convert(context.task.metadata.get("hosts", {}), dict[str, int])
    except msgspec.ValidationError as error:
        raise TaskError(f"metadata.hosts must be ports by names, such as {{'shop': 8080}}: {error}") from error


def _where(url: str, hosts: Mapping[str, int]) -> tuple[str, str]:
    """The host as it is named, and the address on the machine's loopback."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ToolError(f"{short(url)} is no address: {error}") from error
    if parts.scheme != "http" or "@" in parts.netloc or name not in hosts or port not in (None, hosts[name]):
        allowed = ", ".join(f"http://{known}:{known_port}" for known, known_port in hosts.items()) or "none"
        raise ToolError(f"{short(url)} cannot be reached from here; allowed are: {allowed}")
    query = f"?{quote(parts.query, safe=_UNESCAPED)}" if parts.query else ""
    return f"{name}:{hosts[name]}", f"http://127.0.0.1:{hosts[name]}{quote(parts.path or '/', safe=_UNESCAPED)}{query}"


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OURS or not name.replace("-", "").isalnum() or not name.isascii():
            raise ToolError(f"the header {short(name)} cannot be given")
        if not (value.isascii() and value.isprintable()):
            raise ToolError(f"the header {name} cannot be {short(value)}: it must be one line of ASCII")
    return dict(headers)


def _answer(reply: Reply, host: str) -> Answer:
    if not reply.ok:
        # An answer that is too long ends with why it is not here.
        said = reply.output if len(reply.output) <= _LONGEST_REFUSAL else f"…{reply.output[-_LONGEST_REFUSAL:]}"
        raise ToolError(f"{host} gave no answer that can be taken: {said}")
    status, text = reply.value["status"], reply.value["body"]
    try:
        return Answer(status, msgspec.json.decode(text))
    except msgspec.DecodeError:
        return Answer(status, text)
