from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.suites.data import SUITE
from agentgym.suites.data.asking import GUESSES
from agentgym.suites.toolmaking import sql, submit, write
from agentgym.tasks import Task
from tests.suites.toolplay import calls, drawn, drawn_where, score

pytestmark = pytest.mark.episodes


@pytest.mark.parametrize("form", [" {} ", "{}\n"])
def test_blanks_around_an_answer_do_not_matter(env: gym.Env[Any, Any], form: str) -> None:
    task = drawn(SUITE.families["csv-question"], 5)
    assert score(env, task, calls(submit(form.format(task.seed_params["answer"])))) == 1


@pytest.mark.parametrize(("form", "wanted"), [("{}.0", 1), ("about {}", 0), ("1{}", 0), ("", 0)])
def test_a_number_may_have_another_form(env: gym.Env[Any, Any], form: str, wanted: int) -> None:
    tasks = (drawn(SUITE.families["json-question"], seed) for seed in range(50))
    task = next(one for one in tasks if one.seed_params["answer"].isdigit())
    assert score(env, task, calls(submit(form.format(task.seed_params["answer"])))) == wanted


def test_an_amount_that_is_a_cent_off_is_wrong(env: gym.Env[Any, Any]) -> None:
    tasks = (drawn(SUITE.families["csv-question"], seed) for seed in range(50))
    task = max((one for one in tasks if "." in one.seed_params["answer"]), key=amount)
    assert score(env, task, calls(submit(f"{amount(task):.2f}"))) == 1
    assert score(env, task, calls(submit(f"{amount(task) + 0.01:.2f}"))) == 0


def amount(task: Task) -> float:
    return float(task.seed_params["answer"])


def test_the_other_answer_is_never_the_right_one() -> None:
    for name in ("csv-question", "json-question", "sql-question"):
        for seed in range(100):
            params = drawn(SUITE.families[name], seed).seed_params
            assert params["answer"] != params["other"]
            assert params["answer"] not in GUESSES


def test_a_report_that_was_written_by_hand_scores_one(env: gym.Env[Any, Any]) -> None:
    task = drawn(SUITE.families["join-tables"], 2)
    assert score(env, task, calls(write("report.csv", task.seed_params["report"].rstrip("\n")))) == 1


def test_a_schema_may_be_changed_in_place(env: gym.Env[Any, Any]) -> None:
    task = drawn_where(SUITE.families["migrate-schema"], parts=["cents"])
    name, fee = task.seed_params["name"], task.seed_params["fee"]
    base = f"/home/user/data/{name}.db"
    steps = (
        f"ALTER TABLE {name} ADD COLUMN {fee}_cents INTEGER NOT NULL DEFAULT 0",
        f"UPDATE {name} SET {fee}_cents = round({fee} * 100)",
        f"ALTER TABLE {name} DROP COLUMN {fee}",
    )
    assert score(env, task, calls(*(sql(base, step) for step in steps))) == 1


def test_cents_that_were_cut_off_are_wrong(env: gym.Env[Any, Any]) -> None:
    family = SUITE.families["migrate-schema"]
    task = drawn_where(family, parts=["cents"])
    cut = [replace_in(call, "round(old", "(0.0 + old") for call in family.oracle(task)]
    cut = [replace_in(call, "* 100)", "* 100 - 0.4)") for call in cut]
    assert score(env, task, calls(*cut)) == 0


def replace_in(call: Any, old: str, new: str) -> Any:
    return sql(call.arguments["database"], call.arguments["statement"].replace(old, new))
