"""Wrappers by name, with their options."""

from __future__ import annotations

import json
from typing import Any

import gymnasium as gym
import pytest
from gymnasium import spaces

import agentgym  # noqa: F401  # registers the environments
from agentgym.agents.policy import wrapped
from agentgym.errors import UsageError
from agentgym.wrappers import ToolTemplates

TEMPLATES = {
    "wrapper": "agentgym.wrappers:ToolTemplates",
    "arguments": "@agentgym.suites.service.templates:ORDERS",
    "tools": "@agentgym.suites.service.templates:TOOLS",
    "space": "multi",
}


def clerk() -> gym.Env[Any, Any]:
    return gym.make("agentgym/Tools-v0", task="service/refund", backend="inline", disable_env_checker=True)


@pytest.mark.parametrize("named", [TEMPLATES, json.dumps(TEMPLATES)], ids=["dict", "JSON"])
def test_a_wrapper_takes_options_and_what_is_found_in_modules(named: Any) -> None:
    env = wrapped(clerk(), (named,))
    assert isinstance(env, ToolTemplates)
    assert isinstance(env.action_space, spaces.MultiDiscrete)
    env.close()


def test_the_first_is_the_innermost() -> None:
    env = wrapped(clerk(), ("gymnasium.wrappers:RecordEpisodeStatistics", TEMPLATES))
    assert isinstance(env, ToolTemplates)
    assert isinstance(env.env, gym.wrappers.RecordEpisodeStatistics)
    env.close()


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({**TEMPLATES, "step": 3}, "ToolTemplates' cannot be made from these options: got an unexpected keyword"),
        ("agentgym.wrappers:ToolTemplates", "cannot be made from these options: missing a required argument"),
        ({"space": "multi"}, "a wrapper is 'module:Class', or"),
        ("{nonsense", "is no JSON"),
        ({**TEMPLATES, "tools": "@agentgym.suites.service.templates:TOOL"}, "has no 'TOOL'"),
    ],
)
def test_a_mistaken_wrapper_is_told(named: Any, says: str) -> None:
    env = clerk()
    with pytest.raises(UsageError) as raised:
        wrapped(env, (named,))
    env.close()
    assert says in str(raised.value)
