"""Tasks of the shop out of cases: who asks for what, what that leaves behind, and how one gets there or nearly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from agentgym.actions import RawAction, ToolCall
from agentgym.families import TaskFamily
from agentgym.suites.service import shop
from agentgym.suites.service.requests import HOST, PORT, REQUESTS
from agentgym.suites.service.world import Row, World
from agentgym.suites.toolmaking import answer_is, getter, rule
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = ["Call", "Case", "Plan", "case_families", "found", "greeted", "namesakes", "submit"]

Form: TypeAlias = Literal["typed", "http"]

Call: TypeAlias = tuple[str, dict[str, Any]]

Plan: TypeAlias = Sequence[Call]
"""Calls of typed tools, in their order."""

_DATABASE = "~/shop.db"
_COST = 0.75
_STEPS = {"typed": 20, "http": 30}

_STATE = """
SELECT 'customer', id, name || ' ' || email || ' ' || postcode FROM customers
UNION ALL SELECT 'product', id, name || ' ' || price_cents || ' ' || stock FROM products
UNION ALL SELECT 'order', id, status || ' ' || quantity || ' ' || total_cents || ' ' || address FROM orders
UNION ALL SELECT 'flight', id, departs || ' ' || seats FROM flights
UNION ALL SELECT 'booking', id, customer_id || ' ' || flight_id || ' ' || fare || ' ' || status FROM bookings
UNION ALL SELECT 'paid', reference, sum(amount_cents) FROM payments GROUP BY reference
UNION ALL SELECT 'refunded', reference, sum(amount_cents) FROM refunds GROUP BY reference
ORDER BY 1, 2
"""
"""All of the database that requests change, without the traces of how."""

_LOOKED = """
SELECT 'looked', '', count(*) > 0 FROM requests WHERE method = 'GET' AND status = 200 AND path LIKE '{path}%'
UNION ALL"""
"""Whether something was read without which an answer is a guess."""

_BROKEN = "SELECT coalesce(sum(length(breaks) - length(replace(breaks, 'R', ''))), 0) FROM requests"
"""How many rules were broken, by the service's log."""

_SITUATION = """You are the clerk of a travel shop. {name} <{email}> writes:
"{request}"
{ways}
Keep to the shop's rules: {policy}. What you need to know of the customer, ask the customer (ask_user).
{ending}"""

_WAYS = {
    "typed": "Do what is asked with the tools that you have.",
    "http": f"The shop's service is at http://{HOST}:{PORT} (http_request); GET / lists its requests.",
}
_POLICIES = {"typed": "read_policy tells them", "http": "GET /policy tells them"}
_DONE = (
    "If a rule forbids what is asked, change nothing and submit refused and the rule, such as: refused R9. "
    "Otherwise do it and submit: done"
)


@dataclass(frozen=True)
class Case:
    """One customer's request in one world.

    Args:
        world: as it is before the first call.
        customer: who asks.
        request: in the customer's words.
        solution: calls that do it, the last of which submits.
        near_misses: calls that nearly do, by what is wrong with them.
        answers: whether what is submitted counts, and not only what was done.
        ending: what is to be submitted.
        looked: the beginning of a path that must have been read, without which an answer is a guess.
    """

    world: World
    customer: Row
    request: str
    solution: Plan
    near_misses: Mapping[str, Plan]
    answers: bool = False
    ending: str = _DONE
    looked: str | None = None


def namesakes(world: World) -> tuple[Row, Row]:
    """Two customers of one name."""
    first = world.customer()
    return first, world.customer(first["name"])


def found(customer: Row) -> list[Call]:
    """Calls that find a customer and do not verify whether it is the one who writes."""
    return [("find_customer", {"email": customer["email"]})]


def greeted(customer: Row) -> list[Call]:
    """Calls that find and verify a customer."""
    return [
        *found(customer),
        ("ask_user", {"question": "What is your postcode?"}),
        ("verify_customer", {"customer_id": customer["id"], "postcode": customer["postcode"]}),
    ]


def submit(answer: str) -> Call:
    """The last call."""
    return ("submit", {"answer": answer})


def case_families(name: str, draw: Callable[[np.random.Generator], Case], *, tags: tuple[str, ...]) -> list[TaskFamily]:
    """The two families of one kind of case: with typed tools, and with nothing but HTTP."""
    misses = draw(np.random.default_rng(0)).near_misses
    return [
        TaskFamily(
            name if form == "typed" else f"{name}-http",
            _Maker(name, draw, form),
            _Script("oracle"),
            {miss: _Script(miss) for miss in misses},
            tags=(*tags, form),
        )
        for form in _STEPS
    ]


@dataclass(frozen=True)
class _Maker:
    name: str
    draw: Callable[[np.random.Generator], Case]
    form: str

    def __call__(self, rng: np.random.Generator) -> Task:
        case = self.draw(rng)
        plans = {"oracle": case.solution, **case.near_misses}
        customer = case.customer
        return Task(
            id=f"service/{self.name}" if self.form == "typed" else f"service/{self.name}-http",
            instruction=_SITUATION.format(
                name=customer["name"],
                email=customer["email"],
                request=case.request,
                ways=_WAYS[self.form],
                policy=_POLICIES[self.form],
                ending=case.ending,
            ),
            setup=(_service(case.world.data),),
            evaluator=_evaluator(case),
            tools=("shop" if self.form == "typed" else "http_request", "ask_user", "submit"),
            max_steps=_STEPS[self.form],
            seed_params={"plans": {key: [_spoken(call, self.form) for call in plan] for key, plan in plans.items()}},
            metadata={
                "hosts": {HOST: PORT},
                "clock": case.world.now.isoformat(),
                "user": _user(customer),
            },
        )


@dataclass(frozen=True)
class _Script:
    """Makes the calls of a plan that the task was drawn with."""

    plan: str

    def __call__(self, task: Task) -> Generator[RawAction, Any, None]:
        for name, arguments in task.seed_params["plans"][self.plan]:
            yield ToolCall(name, arguments)


def _user(customer: Row) -> dict[str, Any]:
    """What the customer says when asked, as `ask_user` has it."""
    postcode = ["postcode", "post code", "postal", "zip", "verify", "who you are"]
    return {
        "rules": [
            {"words": postcode, "answer": f"It is {customer['postcode']}."},
            {"words": ["number", "id"], "answer": "I do not have the number at hand."},
            {"words": ["rule", "policy", "exception"], "answer": "I do not know your rules."},
        ],
        "default": "I have told you all that I know.",
    }


def _spoken(call: Call, form: str) -> list[Any]:
    """A call as the form of the task has it."""
    name, arguments = call
    if form == "typed" or name not in REQUESTS:
        return [name, arguments]
    method, path, body = REQUESTS[name](**arguments)
    sent = {} if body is None else {"body": body}
    return ["http_request", {"method": method, "url": f"http://{HOST}:{PORT}{path}", **sent}]


def _service(data: Mapping[str, Any]) -> SetupStep:
    parameters = {"name": HOST, "source": shop.__name__, "port": PORT, "database": _DATABASE, "data": data}
    return SetupStep("service", parameters)


def _evaluator(case: Case) -> EvaluatorSpec:
    query = _STATE if case.looked is None else _LOOKED.format(path=case.looked) + _STATE
    checks = [
        Check("matches", _rows(query), rule(_rows_after(case, query))),
        Check("costs", _rows(_BROKEN), options={"each": _COST}),
    ]
    if case.answers:
        checks.append(answer_is(dict(case.solution)["submit"]["answer"]))
    return EvaluatorSpec(tuple(checks))


def _rows(query: str) -> GetterSpec:
    return getter("sqlite_rows", path=_DATABASE, query=query)


def _rows_after(case: Case, query: str) -> list[Any]:
    """What a query gives after the calls of the solution: they are made here, of the same service."""
    with closing(sqlite3.connect(":memory:")) as db:
        shop.prepare(db, case.world.data)
        for name, arguments in case.solution:
            if name in REQUESTS:
                method, path, body = REQUESTS[name](**arguments)
                shop.answer(db, method, path, b"" if body is None else json.dumps(body).encode())
        return [list(row) for row in db.execute(query)]
