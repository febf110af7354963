"""The suite `bfcl`: judged as BFCL judges it, played without a trace in the process."""

from __future__ import annotations

import copy
import decimal
import runpy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import mpmath
import msgspec
import numpy as np
import pytest

from agentgym.actions import ToolCall
from agentgym.families import TaskFamily, find_family, load_tasks, suites
from agentgym.suites.bfcl import package
from agentgym.suites.bfcl.checker import Fault, Verdict, judge
from agentgym.suites.bfcl.conversation import EVIDENCE, Conversation
from agentgym.suites.bfcl.episodes import Episode, Turns, episode, episode_names
from agentgym.suites.bfcl.services import call_service, is_error, open_services
from agentgym.suites.bfcl.tools import episode_tools, json_schema
from agentgym.tasks import parse_task, task_to_dict
from tests.suites.tooltasks import Play, score_in_the_environment, scores_after_a_snapshot

pytestmark = pytest.mark.episodes

pytest.importorskip("bfcl_eval", reason="pip install --no-deps bfcl-eval")

SCRIPT = Path(__file__).parents[2] / "scripts" / "bfcl_agreement.py"


@pytest.fixture(scope="module")
def theirs() -> Callable[[Episode, Turns], Fault | None]:
    judged: Callable[[Episode, Turns], Fault | None] = runpy.run_path(str(SCRIPT))["their_fault"]
    return judged


@pytest.fixture(scope="module")
def answers() -> Callable[[Episode, int], Any]:
    made: Callable[[Episode, int], Any] = runpy.run_path(str(SCRIPT))["answers"]
    return made


def family(name: str) -> TaskFamily:
    return find_family(f"bfcl/{name}")


def played(name: str) -> Play:
    return Play(family(name).make(np.random.default_rng(0)))


def test_there_are_800_episodes_each_a_task_of_its_own() -> None:
    tasks = load_tasks("bfcl")
    assert len(tasks) == 800
    assert len({task.id for task in tasks}) == 800
    assert tasks[0].id == "bfcl/multi_turn_base_0"
    assert suites["bfcl"].env == "agentgym/Tools-v0"
    assert all(episode(task.seed_params["episode"]).messages[0] in task.instruction for task in tasks)


def test_every_answer_is_accepted() -> None:
    refused = [name for name in episode_names() if not judge(episode(name), episode(name).answers).valid]
    assert refused == []


def test_all_answers_whole_and_damaged_are_judged_as_by_bfcls_own_checker(theirs: Any, answers: Any) -> None:
    seen: Counter[tuple[str, bool]] = Counter()
    for number, name in enumerate(episode_names()):
        one = episode(name)
        for kind, turns in answers(one, number):
            ours = judge(one, turns).fault
            assert ours == theirs(one, turns), (name, kind)
            seen[kind, ours is None] += 1
    assert seen["ground truth", True] == 800
    assert len(seen) == 9, "each of four damages is refused somewhere and forgiven elsewhere"
    assert sum(count for (kind, _), count in seen.items() if kind != "ground truth") == 3200


def test_the_script_agrees_on_a_sample(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bfcl_agreement.py", "--every", "200"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert not ended.value.code
    assert "ground truth       None       None              4" in capsys.readouterr().out


def test_oracles_solve_all_episodes_and_near_misses_none() -> None:
    for family in suites["bfcl"].families.values():
        task = family.make(np.random.default_rng(0))
        play = Play(task)
        play.run(family.oracle)
        assert play.score() == 1, family.name
        assert play.context.over, family.name
        assert len(play.context.calls) <= (task.max_steps or 0), family.name
        for name, script in family.near_misses.items():
            play = Play(task)
            play.run(script)
            assert play.score() == 0, (family.name, name)


@pytest.mark.parametrize("name", episode_names()[::40])
def test_so_do_they_in_the_environment(name: str) -> None:
    [task] = load_tasks(f"bfcl/{name}")
    assert score_in_the_environment(task, family(name).oracle) == 1
    assert [score_in_the_environment(task, script) for script in family(name).near_misses.values()] == [0, 0]


def test_episodes_show_the_same_whatever_was_played_before() -> None:
    names = episode_names()[::10]
    first = {name: played(name).run(family(name).oracle) for name in names}
    assert {name: played(name).run(family(name).oracle) for name in reversed(names)} == first


def test_doing_nothing_scores_zero() -> None:
    assert played("multi_turn_base_0").score() == 0


def test_a_turn_that_was_not_reached_is_unfinished() -> None:
    one = episode("multi_turn_base_0")
    assert judge(one, one.answers[:-1]) == Verdict("unfinished", len(one.answers) - 1)


def test_every_answer_fits_the_tools() -> None:
    faults = []
    for name in episode_names():
        tools = {one.name: one for one in episode_tools(f"bfcl:{name}")}
        for call in (call for turn in episode(name).answers for call in turn):
            validator = jsonschema.Draft202012Validator(dict(tools[call.name].parameters))
            # As an agent would send it.
            sent = msgspec.json.decode(msgspec.json.encode(call.arguments))
            faults += [(name, call.name, error.message) for error in validator.iter_errors(sent)]
    assert faults == []


def test_types_of_bfcls_dialect_become_those_of_json_schema() -> None:
    form = {"type": "dict", "properties": {"x": {"type": "array", "items": {"type": "float"}}}, "required": ["x"]}
    assert json_schema(form) == {
        "type": "object",
        "properties": {"x": {"type": "array", "items": {"type": "number"}}},
        "required": ["x"],
        "additionalProperties": False,
    }


def test_the_user_speaks_turn_by_turn() -> None:
    play, one = played("multi_turn_base_0"), episode("multi_turn_base_0")
    said = [play.call("end_turn", message="Next?").content for _ in one.messages]
    assert said == [*one.messages[1:], "The user has nothing more to ask."]
    assert play.context.over
    assert play.context.answer == "Next?"


def test_a_withheld_function_comes_in_a_later_turn() -> None:
    name = "multi_turn_miss_func_0"
    (function, turn), *_ = episode(name).withheld.items()
    play = played(name)
    arguments = next(call.arguments for turn in episode(name).answers for call in turn if call.name == function)
    said = []
    for _ in range(turn):
        assert not play.tools[function].is_offered(play.context)
        refused = play.call(function, **arguments)
        assert not refused.ok
        assert refused.content.startswith(f"no tool named {function!r}")
        said.append(play.call("end_turn").content)
    assert play.tools[function].is_offered(play.context)
    assert said[-1] == "I have updated some more functions you can choose from. What about now?"
    assert play.call(function, **arguments).content.startswith("{")


def test_a_services_error_is_the_tools() -> None:
    result = played("multi_turn_base_0").call("cd", folder="nowhere")
    assert not result.ok
    assert result.content.startswith('{"error": "cd: ')
    assert is_error(result.content)


def test_arguments_that_do_not_fit_are_no_call_of_the_episode() -> None:
    play = played("multi_turn_base_0")
    assert not play.call("cd", folder=3).ok
    assert EVIDENCE not in play.context.evidence()


def test_an_episode_is_told_by_json_alone() -> None:
    name = "multi_turn_miss_param_7"
    play = Play(parse_task(task_to_dict(family(name).make(np.random.default_rng(0)))))
    play.run(family(name).oracle)
    assert play.score() == 1


def test_a_copy_of_a_conversation_goes_its_own_way() -> None:
    conversation = Conversation("multi_turn_base_0")
    branch = copy.deepcopy(conversation)
    branch.call(ToolCall("mkdir", {"dir_name": "temp"}))
    assert "temp" in branch.call(ToolCall("ls", {}))
    assert "temp" not in conversation.call(ToolCall("ls", {}))


def test_a_snapshot_has_services_and_turn() -> None:
    name = "multi_turn_long_context_150"
    [task] = load_tasks(f"bfcl/{name}")
    assert scores_after_a_snapshot(task, family(name).oracle, at=2) == [1, 1]


def test_nothing_of_a_long_episode_is_left_for_the_next() -> None:
    # BFCL puts the credit cards of its module into every long episode, and books on them.
    name = "multi_turn_long_context_150"
    before = repr(vars(open_services(episode(name))["TravelAPI"])["credit_card_list"])
    services = open_services(episode(name))
    for card in services["TravelAPI"].credit_card_list.values():
        card["balance"] = -1
    assert repr(vars(open_services(episode(name))["TravelAPI"])["credit_card_list"]) == before


def test_sums_leave_the_precision_of_the_process_alone() -> None:
    name = next(name for name in episode_names() if "MathAPI" in episode(name).services)
    services = open_services(episode(name))
    before = (decimal.getcontext().prec, mpmath.mp.dps)
    assert "1.41421" in call_service(services, ToolCall("square_root", {"number": 2, "precision": 7}))
    assert "0.301" in call_service(services, ToolCall("logarithm", {"value": 2, "base": 10, "precision": 5}))
    assert (decimal.getcontext().prec, mpmath.mp.dps) == before


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "call",
    [
        ToolCall("power", {"base": 10, "exponent": 10**12}),
        ToolCall("power", {"base": 10**300, "exponent": 10**300}),
        ToolCall("square_root", {"number": 2, "precision": 10**9}),
        ToolCall("logarithm", {"value": 2, "base": 10, "precision": 10**9}),
    ],
    ids=str,
)
def test_a_sum_that_would_never_end_is_refused(call: ToolCall) -> None:
    name = next(name for name in episode_names() if "MathAPI" in episode(name).services)
    assert "at most 10000 digits" in call_service(open_services(episode(name)), call)


@pytest.mark.timeout(20)
def test_folders_within_folders_do_not_grow_for_ever() -> None:
    services = open_services(episode("multi_turn_base_0"))
    call_service(services, ToolCall("mkdir", {"dir_name": "x"}))
    for number in range(60):
        call_service(services, ToolCall("cp", {"source": "x", "destination": f"y{number}"}))
        call_service(services, ToolCall("mv", {"source": f"y{number}", "destination": "x"}))
    said = call_service(services, ToolCall("cp", {"source": "x", "destination": "z"}))
    assert said == "Error during execution: there are more than 10000 files and folders"
    assert "matches" in call_service(services, ToolCall("find", {"path": ".", "name": "y1"}))


def test_a_folder_in_itself_ends_a_search_with_an_error() -> None:
    services = open_services(episode("multi_turn_base_0"))
    call_service(services, ToolCall("cp", {"source": "document", "destination": "document"}))
    assert is_error(call_service(services, ToolCall("find", {"path": ".", "name": "x"})))
    said = call_service(services, ToolCall("cp", {"source": "document", "destination": "other"}))
    assert said == "Error during execution: there are more than 10000 files and folders"


def test_powers_of_a_usual_size_are_as_bfcls() -> None:
    name = next(name for name in episode_names() if "MathAPI" in episode(name).services)
    assert (
        call_service(open_services(episode(name)), ToolCall("power", {"base": 2, "exponent": 8})) == '{"result": 256}'
    )


def test_a_private_method_is_no_function() -> None:
    services = open_services(episode("multi_turn_base_0"))
    said = call_service(services, ToolCall("_load_scenario", {"scenario": {}}))
    assert said == "Error during execution: name '_load_scenario' is not defined"


def test_an_unknown_episode_is_met_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match="did you mean 'multi_turn_base_19"):
        episode("multi_turn_base_1999")


def test_without_the_package_one_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install --no-deps bfcl-eval.*pip install 'agentgym-envs\[bfcl\]'$"):
        list(package.rows("BFCL_v4_multi_turn_base.json"))
