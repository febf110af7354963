from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.backends.inline import InlineBackend
from agentgym.errors import TaskError, ToolError
from agentgym.suites.service import shop
from agentgym.tasks import Task
from agentgym.tools import Reply, ToolContext, ToolResult, call_tool, resolve_tools
from agentgym.tools.http_request import http_request, send

TOOLS = resolve_tools(["http_request"])
DATA = {"seed": "s", "now": "2026-01-01T00:00:00+00:00", "rows": {}}
CUSTOMER = {"id": "C1", "name": "Ada", "email": "ada@mail.example", "postcode": "A1"}


class Machine(InlineBackend):
    """Keeps what it was asked; a given reply comes instead of the service's."""

    def __init__(self, reply: Reply | None = None) -> None:
        super().__init__()
        self.reset(seed=0)
        self.serve_module(
            "shop", shop.__name__, port=8080, database="~/shop.db", data={**DATA, "rows": {"customers": [CUSTOMER]}}
        )
        self.asked: list[Mapping[str, Any]] = []
        self._given = reply

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        self.asked.append(arguments)
        found = super().do(function, arguments, timeout_s=timeout_s, max_output=max_output)
        return self._given or found


def context_on(machine: Machine, hosts: Any = None) -> ToolContext:
    task = Task("t", "Do it.", metadata={"hosts": {"shop": 8080} if hosts is None else hosts})
    return ToolContext(task, workspace=lambda: machine)


def request(context: ToolContext, **arguments: Any) -> ToolResult:
    return call_tool(TOOLS, ToolCall("http_request", arguments), context, call_id="1")


def test_a_request_reaches_the_service_and_its_answer_comes_back() -> None:
    machine = Machine()
    found = request(context_on(machine), method="GET", url="http://shop:8080/customers?email=ada@mail.example")
    customer = {"customer_id": "C1", "name": "Ada", "email": "ada@mail.example"}
    assert (found.ok, found.value) == (True, {"status": 200, "body": [customer]})
    assert machine.asked[0]["url"] == "http://127.0.0.1:8080/customers?email=ada@mail.example"
    assert machine.asked[0]["headers"] == {"Host": "shop:8080"}


def test_a_body_goes_out_as_json_and_a_refusal_is_an_answer() -> None:
    machine = Machine()
    body = {"postcode": "A1"}
    done = request(context_on(machine), method="POST", url="http://shop/customers/C1/verify", body=body)
    assert done.value == {"status": 200, "body": {"customer_id": "C1", "verified": True}}
    assert machine.asked[0]["headers"]["Content-Type"] == "application/json"
    refused = request(context_on(machine), method="PATCH", url="http://shop/nowhere", body={})
    assert (refused.ok, refused.value["status"]) == (True, 404)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1:8080/",
        "http://shop:22/",
        "https://shop:8080/",
        "http://user@shop:8080/",
        "file:///etc/passwd",
        "/customers",
        "http://shop.example:8080/",
    ],
)
def test_other_hosts_are_refused_and_those_allowed_are_told(url: str) -> None:
    machine = Machine()
    found = request(context_on(machine), method="GET", url=url)
    assert not found.ok
    assert found.content.endswith("cannot be reached from here; allowed are: http://shop:8080")
    assert machine.asked == []


def test_without_hosts_nothing_is_allowed() -> None:
    found = request(context_on(Machine(), hosts={}), method="GET", url="http://shop:8080/")
    assert found.content.endswith("allowed are: none")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"method": "FETCH", "url": "http://shop/"}, "method"),
        ({"method": "GET", "url": "http://shop/" + "x" * 5000}, "url"),
        ({"method": "GET", "url": "http://[shop/"}, "is no address"),
        ({"method": "POST", "url": "http://shop/", "body": {"text": "x" * 70_000}}, "at most 65536 are sent"),
        ({"method": "GET", "url": "http://shop/", "headers": {"Host": "other"}}, "'Host' cannot be given"),
        ({"method": "GET", "url": "http://shop/", "headers": {"X-A": "a\r\nHost: b"}}, "must be one line of ASCII"),
        ({"method": "GET", "url": "http://shop/", "headers": {"X A": "a"}}, "'X A' cannot be given"),
    ],
)
def test_what_cannot_be_sent_is_told(arguments: dict[str, Any], said: str) -> None:
    machine = Machine()
    found = request(context_on(machine), **arguments)
    assert not found.ok
    assert said in found.content
    assert machine.asked == []


def test_spaces_and_letters_of_other_scripts_are_escaped() -> None:
    machine = Machine()
    assert request(context_on(machine), method="GET", url="http://shop/products?name=a b é").ok
    assert machine.asked[0]["url"] == "http://127.0.0.1:8080/products?name=a%20b%20%C3%A9"


def test_no_answer_is_an_error_that_says_whose() -> None:
    found = request(context_on(Machine(Reply(False, "timed out"))), method="GET", url="http://shop/")
    assert (found.ok, found.content) == (False, "shop:8080 gave no answer that can be taken: timed out")


def test_an_answer_that_is_no_json_is_text() -> None:
    context = context_on(Machine(Reply(True, "", {"status": 502, "headers": {}, "body": "<html>"})))
    assert send(context, "GET", "http://shop/") == (502, "<html>")


def test_malformed_hosts_are_the_tasks_fault() -> None:
    with pytest.raises(TaskError, match=r"metadata\.hosts"):
        http_request.call({"method": "GET", "url": "http://shop/"}, context_on(Machine(), hosts={"shop": "x"}))


def test_an_inline_machine_has_services_and_no_shell() -> None:
    machine = Machine()
    with pytest.raises(ToolError, match="backend='sandbox'"):
        machine.bash("ls", timeout_s=1, max_output=100)
    found = machine.do(
        "http",
        {"method": "GET", "url": "http://127.0.0.1:81/", "headers": {}, "body": ""},
        timeout_s=1,
        max_output=100,
    )
    assert (found.ok, found.output) == (False, "nothing answers on port 81")
