from __future__ import annotations

from typing import Any

import gymnasium as gym
import msgspec

from agentgym.tasks import Task
from agentgym.trajectory import describe_env, provenance


class Configured(gym.Env[Any, Any]):
    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(3)

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs


def made(**kwargs: Any) -> gym.Env[Any, Any]:
    spec = gym.envs.registration.EnvSpec("tests/Configured-v0", entry_point=Configured, disable_env_checker=True)
    return gym.make(spec, **kwargs)


def test_a_description_says_how_the_environment_was_made_and_wrapped() -> None:
    description = describe_env(gym.wrappers.TimeLimit(made(task=Task("a", "b"), size=(1, 2)), 5))
    assert description["id"] == "tests/Configured-v0"
    assert description["kwargs"]["task"]["id"] == "a"
    assert description["kwargs"]["size"] == [1, 2]
    assert description["wrappers"][-1].endswith("TimeLimit")
    assert description["action_space"] == {"type": "Discrete", "n": 3, "start": 0}


def test_a_description_is_json_whatever_the_arguments_are() -> None:
    for odd in (len, {(1, 2): 3}, "\ud800", object()):
        msgspec.json.encode(describe_env(made(odd=odd)))


def test_an_environment_without_a_spec_is_described_by_its_class() -> None:
    assert describe_env(Configured())["class"].endswith("test_description:Configured")


def test_provenance_names_versions() -> None:
    assert provenance()["packages"]["numpy"]
