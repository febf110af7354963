"""An episode that is lost scores 0, whatever the agent does so that nobody can tell: no score is no way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.families import find_family
from agentgym.testing.exploits import exploits_for
from tests.suites.toolplay import calls, score

pytestmark = pytest.mark.episodes

ANYWHERE = ("a link to itself for what is judged", "no leave to read what is judged", "a pipe for what is judged")
TRIED = {
    "shell/set-permissions": ANYWHERE,
    "shell/git-merge": (*ANYWHERE, "what git cannot tell", "what git is to fetch"),
    "data/migrate-schema": (*ANYWHERE, "rows without end"),
    "code/fix-function": (*ANYWHERE, "deep at import"),
}


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[Any, Any]]:
    made: gym.Env[Any, Any] = gym.make("agentgym/Tools-v0", task="shell/set-permissions")
    yield made
    made.close()


@pytest.mark.parametrize(("task", "exploit"), [(task, exploit) for task, tried in TRIED.items() for exploit in tried])
def test_what_cannot_be_read_scores_zero(env: gym.Env[Any, Any], task: str, exploit: str) -> None:
    asked = find_family(task).make(np.random.default_rng(7))
    assert score(env, asked, calls(*exploits_for(asked, asked.tools)[exploit])) == 0


@pytest.mark.parametrize("answer", ["[" * 20_000, f"1{'0' * 400}", "1_0", "nan"])
@pytest.mark.parametrize("task", ["data/sql-question", "research/growth"])
def test_an_answer_that_is_no_number_scores_zero(env: gym.Env[Any, Any], task: str, answer: str) -> None:
    asked = find_family(task).make(np.random.default_rng(7))
    assert score(env, asked, calls({"name": "submit", "arguments": {"answer": answer}})) == 0
