from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from agentgym.actions import ToolCall
from agentgym.envs import ToolEnv
from agentgym.errors import UsageError
from agentgym.families import Split, find_family, of_split
from agentgym.suites.service.templates import ORDERS, TOOLS
from agentgym.wrappers import Found, ToolTemplates
from agentgym.wrappers.tool_arguments import Seen
from agentgym.wrappers.tool_features import hashed, named, object_words, words


def clerk(family: str = "refund", split: Split = "train", **options: Any) -> ToolTemplates:
    task = of_split(find_family(f"service/{family}"), split)
    inner = gym.make("agentgym/Tools-v0", task=task, backend="inline", max_steps=8, disable_env_checker=True)
    return ToolTemplates(inner, ORDERS, TOOLS, **{"steps": 8, **options})


def action_of(env: ToolTemplates, name: str, **arguments: Any) -> int:
    for action in range(len(env.action_masks())):
        call = env.call(action)
        if call is not None and call.name == name and arguments.items() <= call.arguments.items():
            return action
    raise AssertionError(f"{name} with {arguments} cannot be called")


def callable_tools(env: ToolTemplates) -> set[str]:
    calls = [env.call(int(action)) for action in np.flatnonzero(env.action_masks())]
    assert None not in calls
    return {call.name for call in calls if call is not None}


def test_only_what_has_values_can_be_called_and_results_bring_more() -> None:
    env = clerk()
    _, info = env.reset(seed=0)
    at_first = {"read_policy", "find_customer", "list_customers", "ask_user", "submit"}
    assert callable_tools(env) == at_first
    _, _, _, _, info = env.step(action_of(env, "find_customer"))
    assert info["tool_results"][0]["ok"]
    assert callable_tools(env) == at_first - {"find_customer"} | {"list_orders", "list_bookings"}
    env.step(action_of(env, "ask_user"))
    assert "verify_customer" in callable_tools(env)
    assert info["action_mask"].dtype == np.int8


def test_the_solution_of_every_refund_can_be_called() -> None:
    env = clerk("judge-refund")
    for seed in range(20):
        env.reset(seed=seed)
        score = None
        for name, arguments in env.get_wrapper_attr("task").seed_params["plans"]["oracle"]:
            given = {key: value for key, value in arguments.items() if key not in ("question", "reason")}
            observation, _, _, _, info = env.step(action_of(env, name, **given))
            assert env.observation_space.contains(observation)
            score = info.get("score")
        assert score == 1


def test_a_call_that_was_made_is_not_offered_again() -> None:
    env = clerk()
    env.reset(seed=0)
    action = action_of(env, "find_customer")
    assert env.action_masks()[action]
    env.step(action)
    assert not env.action_masks()[action]


def test_a_masked_action_does_nothing_and_counts() -> None:
    env = clerk()
    env.reset(seed=0)
    masked = int(np.flatnonzero(~env.action_masks())[0])
    assert env.call(masked) is None
    for step in range(8):
        _, _, terminated, truncated, info = env.step(masked)
        assert info["tool_results"] == []
        # Seen coming: the score is all there is, and a learner adds nothing to it.
        assert (terminated, truncated) == (step == 7, False)


def test_a_limit_that_cannot_be_seen_truncates() -> None:
    env = clerk(steps=9)
    env.reset(seed=0)
    ends = [env.step(0)[2:4] for _ in range(8)]
    assert ends == [(False, False)] * 7 + [(False, True)]


def test_multi_discrete_masks_tool_and_arguments_apart() -> None:
    env = clerk(space="multi")
    env.reset(seed=0)
    assert isinstance(env.action_space, gym.spaces.MultiDiscrete)
    sizes = [int(size) for size in env.action_space.nvec]
    parts = np.split(env.action_masks(), np.cumsum(sizes)[:-1])
    names = [form.tool for form in env.forms]
    assert {name for name, ready in zip(names, parts[0], strict=True) if ready} == {
        "read_policy",
        "find_customer",
        "list_customers",
        "ask_user",
        "submit",
    }
    assert all(part.any() for part in parts)
    rng = np.random.default_rng(0)
    for _ in range(100):
        parts = np.split(env.action_masks(), np.cumsum(sizes)[:-1])
        action = np.array([rng.choice(np.flatnonzero(part)) for part in parts])
        assert env.call(action) is not None
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()


@pytest.mark.filterwarnings("ignore:.*env.unwrapped.*:UserWarning")
@pytest.mark.parametrize("space", ["discrete", "multi"])
@pytest.mark.episodes
def test_it_is_an_environment_that_gymnasium_and_sb3_take(space: Any) -> None:
    from stable_baselines3.common.env_checker import check_env as check_for_sb3

    env = clerk(space=space)
    check_env(env, skip_render_check=True)
    check_for_sb3(env)


def test_its_spec_survives_json() -> None:
    task = {"id": "t", "instruction": "Write to ada@mail.example.", "tools": ["submit"], "config": [], "evaluator": {}}
    task = {key: value for key, value in task.items() if key not in ("config", "evaluator")}
    inner = gym.make("agentgym/Tools-v0", task=task, max_steps=3, disable_env_checker=True)
    env = ToolTemplates(inner, {"answer": Found(r"[\w.]+@\w+\.\w+")}, ["submit"])
    assert env.spec is not None
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    again.reset(seed=0)
    assert isinstance(again, ToolTemplates)
    assert again.call(0) == ToolCall("submit", {"answer": "ada@mail.example"})


@pytest.mark.parametrize(
    ("arguments", "tools", "said"),
    [
        ({"adress": ["x"]}, ["shop"], "did you mean 'address'"),
        ({"refund.amount": ["x"]}, ["shop"], "did you mean 'refund.amount_cents'"),
        ({"answer": []}, ["submit"], "must be a list that is not empty"),
        ({"answer": "done"}, ["submit"], "must be a list that is not empty"),
        ({"answer": {"patern": "x"}}, ["submit"], "patern"),
        ({"reason": ["x"], "email": ["y"]}, ["submit", "shop"], None),
        ({"email": ["y"]}, ["bash", "find_customer"], "no tool named 'find_customer'"),
        (
            {"reference": ["x"], "reason": ["x"], "amount_cents": {"of": "reference", "keys": ["n"]}},
            ["shop"],
            "beside 'reference'",
        ),
        ({"answer": {"of": "reason"}}, ["submit"], "beside 'reason' needs keys"),
        ({"answer": {"pattern": "("}}, ["submit"], "pattern .* is none"),
        ({"answer": {"most": 0}}, ["submit"], "most is 0"),
    ],
)
def test_what_cannot_be_is_refused(arguments: Any, tools: list[str], said: str | None) -> None:
    inner = ToolEnv({"id": "t", "instruction": "Do it."}, tools=["submit"])
    if said is None:
        assert {form.tool for form in ToolTemplates(inner, arguments, tools).forms} >= {"find_customer", "read_policy"}
        return
    with pytest.raises(UsageError, match=said):
        ToolTemplates(inner, arguments, tools)


def test_tools_without_values_are_no_choice() -> None:
    inner = ToolEnv({"id": "t", "instruction": "Do it."}, tools=["submit"])
    with pytest.raises(UsageError, match="none of submit can be called"):
        ToolTemplates(inner, {}, ["submit"])


def test_what_is_no_environment_of_tools_is_refused() -> None:
    with pytest.raises(UsageError, match=r"wraps agentgym/Tools-v0, not"):
        ToolTemplates(gym.make("CartPole-v1"), {"answer": ["x"]}, ["submit"])


class TestSeen:
    def test_texts_are_searched_and_keys_looked_under(self) -> None:
        seen = Seen({"mail": Found(r"\w+@\w+"), "id": Found(keys=("id",), most=2)}, "From ada@home: help!")
        seen.add('{"rows": [{"id": "A", "n": 1}, {"id": 7}, {"id": "B"}], "note": "cc bob@work, ada@home"}')
        seen.add("not JSON, from eve@work")
        assert [one.value for one in seen.candidates("mail")] == ["ada@home", "bob@work", "eve@work"]
        assert [(one.value, one.about) for one in seen.candidates("id")] == [("A", {"id": "A", "n": 1}), (7, {"id": 7})]

    def test_what_the_instruction_names_comes_first(self) -> None:
        seen = Seen({"id": Found(keys=("id",), most=2)}, "My tent, please.")
        seen.add('[{"id": "A", "what": "hat"}, {"id": "B", "what": "lamp"}, {"id": "C", "what": "tent"}]')
        assert [one.value for one in seen.candidates("id")] == ["C", "A"]

    def test_what_is_seen_again_is_as_it_is_now(self) -> None:
        seen = Seen({"id": Found(keys=("id",))}, "")
        seen.add('[{"id": "A", "status": "paid"}, {"id": "B", "status": "paid"}]')
        seen.add('{"id": "A", "status": "cancelled"}')
        seen.add('{"id": "A"}')
        assert [one.about.get("status") for one in seen.candidates("id")] == ["cancelled", "paid"]


class TestFeatures:
    def test_numbers_are_told_apart_by_half_octaves(self) -> None:
        assert object_words({"days": 29}) == object_words({"days": 30}) != object_words({"days": 31})
        assert object_words({"days": -2}) != object_words({"days": 2})
        assert object_words({"ok": True, "by": "Ada B."}) == {"ok=True", "by=ada", "by=b"}

    def test_an_object_is_named_if_all_words_of_a_text_are_wanted(self) -> None:
        wanted = words("Money back for the rain jacket, please.")
        assert named({"product": "rain jacket", "city": "Oslo"}, wanted) == 1
        assert named({"product": "rain hat"}, wanted) == 0.5
        assert named({"price": 5, "empty": ""}, wanted) == 0

    def test_hashing_is_the_same_everywhere(self) -> None:
        assert (
            np.flatnonzero(hashed({"rain", "jacket"}, 32)).tolist()
            == np.flatnonzero(hashed(["jacket", "rain"], 32)).tolist()
        )
