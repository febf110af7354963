from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from agentgym.backends.inline import InlineBackend
from agentgym.errors import TaskError, UsageError
from agentgym.setup import run_steps
from agentgym.tasks import SetupStep
from agentgym.testing.backends import check_backend

DATA = {"seed": "s", "now": "2026-01-01T00:00:00+00:00", "rows": {"products": [{"id": "P1", "name": "tent"}]}}


def step(**changes: Any) -> SetupStep:
    told = {"name": "shop", "source": "agentgym.suites.service.shop", "port": 8080, "database": "~/shop.db"}
    return SetupStep("service", {**told, "data": DATA, **changes})


def served() -> InlineBackend:
    machine = InlineBackend()
    machine.reset(seed=0)
    run_steps([step()], machine)
    return machine


def ask(machine: InlineBackend, path: str) -> Any:
    request = {"method": "GET", "url": f"http://127.0.0.1:8080{path}", "headers": {}, "body": ""}
    return machine.do("http", request, timeout_s=1, max_output=10_000)


def logged(machine: InlineBackend) -> int:
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(machine.read("/home/user/shop.db"))
        return int(db.execute("SELECT count(*) FROM requests").fetchone()[0])


def test_it_is_a_backend() -> None:
    check_backend(InlineBackend)


def test_a_snapshot_brings_a_service_back_as_often_as_one_likes() -> None:
    machine = served()
    ask(machine, "/products")
    token = machine.snapshot()
    before = machine.read("~/shop.db")
    for _ in range(2):
        ask(machine, "/products")
        assert logged(machine) == 2
        machine.restore(token)
        assert machine.read("~/shop.db") == before
    machine.close()


def test_a_reset_ends_services() -> None:
    machine = served()
    machine.reset(seed=1)
    assert not ask(machine, "/").ok
    with pytest.raises(FileNotFoundError):
        machine.read("~/shop.db")


@pytest.mark.parametrize("source", ["no.such.module", "", "agentgym.errors"])
def test_what_is_no_service_is_refused(source: str) -> None:
    machine = InlineBackend()
    machine.reset(seed=0)
    with pytest.raises(UsageError, match="the service 'shop'"):
        machine.serve_module("shop", source, port=8080, database="~/shop.db", data=DATA)


def test_a_machine_without_services_says_which_has_them() -> None:
    from agentgym.backends.memory import MemoryBackend

    machine = MemoryBackend()
    machine.reset(seed=0)
    with pytest.raises(TaskError, match=r"MemoryBackend, runs no services; use backend='sandbox' - at \$\.config\[0\]"):
        run_steps([step()], machine)


def test_a_port_that_is_the_systems_is_refused() -> None:
    machine = InlineBackend()
    machine.reset(seed=0)
    with pytest.raises(TaskError, match="port"):
        run_steps([step(port=80)], machine)
