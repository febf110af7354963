from __future__ import annotations

from typing import Any

import pytest

from agentgym.errors import TaskError
from agentgym.rewards import Transition, begun, faults_of_hooks, named_hooks


def shown() -> Transition:
    return Transition(0, 0, 0, 2.0, False, False, {"progress": 0.5, "action_error": "no"}, {"progress": 0.25})


def twice_the_reward(transition: Transition) -> float:
    return 2 * transition.reward


def paid(said: dict[str, Any]) -> dict[str, float]:
    return {name: hook(shown()) for name, hook in begun(named_hooks(said)).items()}


def test_hooks_come_with_options_and_weights() -> None:
    said = {
        "progress": {"gamma": 1, "weight": 0.5},
        "invalid_action": {"amount": 3},
        "dear": {"hook": "step_cost", "amount": 0.5, "weight": 4},
        "mine": {"hook": f"{__name__}:twice_the_reward", "weight": 2},
    }
    assert paid(said) == {"progress": 0.125, "invalid_action": -3.0, "dear": -2.0, "mine": 8.0}


def test_a_weighted_hook_that_remembers_begins_anew() -> None:
    hooks = named_hooks({"mine": {"hook": "novelty", "side": 8, "weight": 3}})
    import numpy as np

    picture = np.zeros((20, 20, 3), np.uint8)
    transition = Transition(picture, 0, picture + 200, 0.0, False, False, {})
    assert [begun(hooks)["mine"](transition) for _ in range(2)] == [3.0, 3.0]


def test_a_task_without_hooks_has_none() -> None:
    assert named_hooks({}) == {}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ([], "reward hooks are an object of terms, got [] - at $.reward_hooks"),
        ({"novelty": 3}, "a reward hook is an object, such as {'weight': 1}, got 3 - at $.reward_hooks.novelty"),
        (
            {"progres": {"gamma": 1}},
            "no reward hook named 'progres'; did you mean 'progress'? - at $.reward_hooks.progres",
        ),
        (
            {"progress": {"gama": 1, "gamma": 1}},
            "the reward hook 'progress' has no option 'gama'; did you mean 'gamma'? - at $.reward_hooks.progress.gama",
        ),
        ({"progress": {}}, "the reward hook 'progress' needs 'gamma' - at $.reward_hooks.progress"),
        ({"progress": {"gamma": 2}}, "gamma must be in [0, 1], got 2 - at $.reward_hooks.progress"),
        (
            {"progress": {"gamma": "1"}},
            "Expected `float`, got `str` - at $.reward_hooks.progress.gamma",
        ),
        (
            {"mine": {"hook": 3}},
            "hook is a name or 'module:function', got 3 - at $.reward_hooks.mine.hook",
        ),
        (
            {"mine": {"hook": "a:b", "wieght": 2}},
            "'a:b' is a function without options; did you mean 'weight'? - at $.reward_hooks.mine.wieght",
        ),
        (
            {"step_cost": {"amount": 1, "weight": "much"}},
            "weight is a number, got 'much' - at $.reward_hooks.step_cost.weight",
        ),
        (
            {"env": {"hook": "step_cost", "amount": 1}},
            "the term 'env' is the environment's own reward; give the hook another name - at $.reward_hooks.env",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_would_be_right(said: Any, fault: str) -> None:
    assert list(faults_of_hooks(said)) == [fault]
    with pytest.raises(TaskError) as raised:
        named_hooks(said)
    assert str(raised.value) == fault


def test_looking_for_faults_imports_nothing_that_a_task_names() -> None:
    said = {"mine": {"hook": "no_such_module_anywhere:f"}}
    assert list(faults_of_hooks(said)) == []
    with pytest.raises(TaskError, match=r"cannot import 'no_such_module_anywhere'.*at \$\.reward_hooks\.mine"):
        named_hooks(said)
