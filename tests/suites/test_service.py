"""The suite `service`: its scripts on the real environment, in the sandbox and inline."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest

from agentgym.actions import ToolCall
from agentgym.events import Bus, Record, ToolCalled, ToolReturned, tracing
from agentgym.families import TaskFamily, find_family, of_split, suites
from agentgym.tasks import Task

pytestmark = pytest.mark.episodes

SUITE = suites["service"]
NAMES = tuple(SUITE.families)
SANDBOXED = ("refund", "change-address-http", "answer-question-http", "cancel-rebook", "refuse-http")


@pytest.fixture(scope="module", params=["inline", "sandbox"])
def env(request: pytest.FixtureRequest) -> Iterator[gym.Env[Any, Any]]:
    made = make(request.param)
    yield made
    made.close()


@pytest.fixture(scope="module")
def inline() -> Iterator[gym.Env[Any, Any]]:
    made = make("inline")
    yield made
    made.close()


def make(backend: str) -> gym.Env[Any, Any]:
    return gym.make("agentgym/Tools-v0", tasks="service", backend=backend, disable_env_checker=True)


def drawn(name: str, seed: int) -> Task:
    return SUITE.families[name].make(np.random.default_rng(seed))


def play(env: gym.Env[Any, Any], task: Task, plan: str) -> tuple[list[str], float]:
    """What was observed, and the score."""
    observation, _ = env.reset(seed=0, options={"task": task})
    seen = [observation]
    over = False
    for name, arguments in task.seed_params["plans"].get(plan, []):
        assert not over
        observation, _, over, _, _ = env.step(ToolCall(name, arguments))
        seen.append(observation)
    return seen, env.unwrapped.evaluate().value  # type: ignore[attr-defined]  # ToolEnv's


def rows(env: gym.Env[Any, Any], query: str) -> list[Any]:
    machine: Any = env.unwrapped
    with closing(sqlite3.connect(":memory:")) as db:
        db.deserialize(machine.context.workspace.read("~/shop.db"))
        return db.execute(query).fetchall()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_oracle_solves_and_nothing_else_does(inline: gym.Env[Any, Any], name: str, seed: int) -> None:
    family, task = SUITE.families[name], drawn(name, seed)
    assert play(inline, task, "oracle")[1] == 1
    assert play(inline, task, "nothing")[1] == 0
    assert len(family.near_misses) >= 3
    for miss in family.near_misses:
        assert play(inline, task, miss)[1] < 1, miss


@pytest.mark.parametrize("name", SANDBOXED)
def test_sandbox_and_inline_show_and_score_the_same(inline: gym.Env[Any, Any], name: str) -> None:
    task = drawn(name, 5)
    sandbox = make("sandbox")
    try:
        for plan in ("oracle", *SUITE.families[name].near_misses):
            assert play(sandbox, task, plan) == play(inline, task, plan), plan
            log = "SELECT * FROM requests ORDER BY id"
            assert rows(sandbox, log) == rows(inline, log)
    finally:
        sandbox.close()


def test_breaking_a_rule_costs_and_is_in_the_log(env: gym.Env[Any, Any]) -> None:
    task = drawn("refund", 3)
    seen, score = play(env, task, "unverified")
    assert 0 < score < 1
    assert '"refund_id"' in seen[-2]
    assert rows(env, "SELECT breaks FROM requests WHERE breaks <> ''") == [("R1",)]


def test_a_request_that_a_rule_forbids_is_done_and_counts(env: gym.Env[Any, Any]) -> None:
    task = next(
        task
        for seed in range(50)
        if (task := drawn("refuse", seed)).seed_params["plans"]["oracle"][-1][1] == {"answer": "refused R2"}
    )
    _, score = play(env, task, "done and refused")
    assert score == 0
    assert rows(env, "SELECT count(*) FROM refunds") == [(1,)]
    assert rows(env, "SELECT breaks FROM requests WHERE breaks <> ''") == [("R2",)]


def test_a_restored_episode_goes_on_as_it_did(env: gym.Env[Any, Any]) -> None:
    task = drawn("cancel-rebook", 1)
    calls = [ToolCall(name, arguments) for name, arguments in task.seed_params["plans"]["oracle"]]
    inner: Any = env.unwrapped
    env.reset(seed=0, options={"task": task})
    for call in calls[:4]:
        env.step(call)
    token = inner.snapshot()
    first = [env.step(call)[:3] for call in calls[4:]]
    for _ in range(2):
        inner.restore(token)
        env.step(ToolCall("list_customers", {}))
        inner.restore(token)
        assert [env.step(call)[:3] for call in calls[4:]] == first
    assert first[-1][1] == 1


def test_two_runs_of_one_seed_leave_the_same_bytes() -> None:
    left = []
    for _ in range(2):
        made = make("sandbox")
        try:
            seen, _ = play(made, drawn("change-booking", 4), "oracle")
            inner: Any = made.unwrapped
            left.append((seen, inner.context.workspace.read("~/shop.db")))
        finally:
            made.close()
    assert left[0] == left[1]


def test_families_draw_alike_of_a_seed_and_otherwise_of_another() -> None:
    for name in NAMES:
        assert msgspec.json.encode(drawn(name, 8)) == msgspec.json.encode(drawn(name, 8))
        assert len({msgspec.json.encode(drawn(name, seed)) for seed in range(30)}) == 30


def test_splits_draw_different_tasks() -> None:
    def instructions(split: Any) -> set[str]:
        family: TaskFamily = of_split(find_family("service/judge-refund"), split)
        return {family.make(np.random.default_rng(seed)).instruction for seed in range(100)}

    assert not instructions("train") & instructions("test")


def test_a_postcode_is_told_by_the_user_alone(env: gym.Env[Any, Any]) -> None:
    task = drawn("refund-http", 2)
    postcode = next(
        arguments["body"]["postcode"]
        for _, arguments in task.seed_params["plans"]["oracle"]
        if "postcode" in arguments.get("body", {})
    )
    env.reset(seed=0, options={"task": task})
    paths = ("", "policy", "customers", "products?name=", "flights")
    for path in paths:
        observation = env.step(ToolCall("http_request", {"method": "GET", "url": f"http://shop:8080/{path}"}))[0]
        assert postcode not in observation
    assert postcode in env.step(ToolCall("ask_user", {"question": "Your postcode, please?"}))[0]


def test_a_task_survives_json(inline: gym.Env[Any, Any]) -> None:
    from agentgym.tasks import parse_task, task_to_dict

    task = parse_task(json.loads(json.dumps(task_to_dict(drawn("change-address", 1)))))
    observation, _ = inline.reset(seed=0, options={"task": task})
    assert task.instruction in observation


def test_calls_of_the_service_are_in_the_stream(env: gym.Env[Any, Any]) -> None:
    records: list[Record] = []
    bus = Bus("run")
    bus.subscribe(records.append, ToolCalled, ToolReturned)
    with tracing(bus):
        play(env, drawn("refund", 0), "oracle")
    assert [record.event_type for record in records] == ["tool_call", "tool_result"] * 6
