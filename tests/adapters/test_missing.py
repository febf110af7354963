"""What is not installed is said with the line that installs it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

import gymnasium as gym
import pytest

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics import reasoning


@pytest.mark.parametrize(
    ("package", "extra", "use"),
    [
        ("skyrl_gym", "skyrl", lambda: importlib.import_module("agentgym.adapters.skyrl")),
        ("skyrl_gym", "skyrl", lambda: gym.make("agentgym/SkyRL-v0")),
        ("verifiers.v1", "verifiers", lambda: importlib.import_module("agentgym.adapters.verifiers")),
        ("textarena", "textarena", lambda: gym.make("agentgym/TextArena-v0", game="Nim-v0-large")),
        ("reasoning_gym", "reasoning", lambda: reasoning.entry_of("chain_sum", 77)),
        ("reasoning_gym", "reasoning", lambda: reasoning.entry_of("ransom_note", 77)),
    ],
)
def test_the_error_says_what_to_type(
    package: str, extra: str, use: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"agentgym.adapters.{extra}", raising=False)
    with pytest.raises(MissingDependencyError, match=rf"pip install 'agentgym-envs\[{extra}\]'$"):
        use()
