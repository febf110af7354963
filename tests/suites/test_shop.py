"""The shop's service by itself, over HTTP on loopback."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentgym.suites.service import shop
from agentgym.suites.service.orders import draw_refund
from agentgym.suites.service.world import World


class Service:
    """A running shop."""

    def __init__(self, database: Path, port: int) -> None:
        self.database = database
        self.port = port

    def raw(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, dict[str, str]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, reply.read(), dict(reply.getheaders())

    def __call__(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        status, content, _ = self.raw(method, path, json.dumps(body).encode() if body else None)
        return status, json.loads(content)

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as db:
            return db.execute(query).fetchall()

    @property
    def broken(self) -> list[str]:
        return [rules for (rules,) in self.rows("SELECT breaks FROM requests ORDER BY id") if rules]


@contextmanager
def running(folder: Path, data: dict[str, Any]) -> Iterator[Service]:
    folder.mkdir(exist_ok=True)
    database = folder / "shop.db"
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # As in the sandbox: another interpreter, without site-packages, from the one file.
    argv = [sys.executable, "-I", "-S", shop.__file__, str(port), str(database)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(json.dumps(data).encode())
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        yield Service(database, port)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def world() -> World:
    return draw_refund(np.random.default_rng(7)).world


@pytest.fixture
def service(tmp_path: Path, world: World) -> Iterator[Service]:
    with running(tmp_path, world.data) as found:
        yield found


def test_a_customer_is_found_verified_and_refunded(service: Service, world: World) -> None:
    customer = world.rows["customers"][4]
    status, found = service("GET", f"/customers?email={customer['email'].upper()}")
    assert (status, found) == (
        200,
        [{"customer_id": customer["id"], "name": customer["name"], "email": customer["email"]}],
    )
    key = found[0]["customer_id"]
    assert service("POST", f"/customers/{key}/verify", postcode="nowhere") == (
        200,
        {"customer_id": key, "verified": False},
    )
    assert service("POST", f"/customers/{key}/verify", postcode=customer["postcode"].lower())[1]["verified"]
    order = service("GET", f"/customers/{key}/orders")[1][0]
    given = {"reference": order["order_id"], "amount_cents": order["total_cents"], "reason": "wanted"}
    assert service("POST", "/refunds", **given)[0] == 200
    assert service("GET", f"/orders/{order['order_id']}")[1]["refunded_cents"] == order["total_cents"]
    assert service("POST", "/refunds", **given)[0] == 409
    assert len(service.rows("SELECT * FROM refunds")) == 1
    assert len(service.rows("SELECT * FROM requests")) == 7


def test_rules_are_not_enforced_but_written_down(service: Service, world: World) -> None:
    order = world.rows["orders"][0]
    given = {"reference": order["id"], "amount_cents": 1, "reason": "wanted"}
    assert service("POST", "/refunds", **given)[0] == 200
    assert service("GET", "/customers")[0] == 200
    assert {"R1", "R7"} <= set(service.broken[0].split())
    assert service.broken[1] == "R6"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/nowhere", None, 404, "GET / lists"),
        ("GET", "/orders/ORD-0", None, 404, "no order 'ORD-0'"),
        ("DELETE", "/customers", None, 404, "no DELETE /customers"),
        ("POST", "/refunds", b"{", 400, "no JSON"),
        ("POST", "/refunds", b"[1]", 400, "must be a JSON object, got list"),
        ("POST", "/refunds", b'{"reference": 5}', 400, "reference must be a line of text, got 5"),
        ("POST", "/refunds", b'{"reference": "\\ud800"}', 400, "reference must be a line of text"),
        (
            "POST",
            "/refunds",
            b'{"reference": "ORD-1", "amount_cents": -5}',
            400,
            "amount_cents must be a whole number from 1, got -5",
        ),
        ("POST", "/refunds", b"x" * 70_000, 413, "at most 65536"),
        ("GET", "/customers?email='%20OR%201=1%20--", None, 200, "[]"),
    ],
)
def test_what_cannot_be_done_is_said(
    service: Service, method: str, path: str, body: bytes | None, status: int, said: str
) -> None:
    before = service.rows("SELECT * FROM refunds")
    found, content, _ = service.raw(method, path, body)
    assert found == status
    assert said in content.decode()
    assert service.rows("SELECT * FROM refunds") == before
    assert service("GET", "/")[0] == 200


def test_same_seed_gives_same_bytes(tmp_path: Path) -> None:
    seen = []
    for name in ("first", "second"):
        case = draw_refund(np.random.default_rng(3))
        with running(tmp_path / name, case.world.data) as service:
            order = case.world.rows["orders"][0]["id"]
            given = {"reference": order, "amount_cents": 5, "reason": "wanted"}
            told = [
                service.raw("GET", "/"),
                service.raw("GET", f"/orders/{order}"),
                service.raw("POST", "/refunds", json.dumps(given).encode()),
            ]
        seen.append((told, service.database.read_bytes()))
    assert seen[0] == seen[1]


def test_a_database_put_back_is_a_service_put_back(service: Service, world: World) -> None:
    before = service.database.read_bytes()
    given = {"reference": world.rows["orders"][0]["id"], "amount_cents": 5, "reason": "wanted"}
    first = service("POST", "/refunds", **given)
    service.database.write_bytes(before)
    assert service("POST", "/refunds", **given) == first
    assert len(service.rows("SELECT * FROM refunds")) == 1


def test_nothing_lies_beside_the_database(service: Service) -> None:
    assert service("GET", "/policy") == (200, dict(shop.POLICY))
    assert {path.name for path in service.database.parent.iterdir()} == {"shop.db"}
