from __future__ import annotations

from typing import Any

import pytest

from agentgym.results import RunConfig
from agentgym.results.comparing import secretless, without_secrets


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "https://me:hunter2-hunter2@host/v1"},
        {"sinks": ("redis://:hunter2-hunter2@host/0",)},
        {"agent_options": {"api_key": "hunter2-hunter2"}},
        {"agent_options": {"extra": {"headers": {"Authorization": "hunter2-hunter2"}}}},
        {"engine_options": {"address": "ray://host", "password": "hunter2-hunter2"}},
        {"hooks": ({"point": "step", "hook": "m:f", "client_secret": "hunter2-hunter2"},)},
    ],
)
def test_settings_are_written_without_secrets(settings: dict[str, Any]) -> None:
    config = RunConfig(**settings)
    assert "hunter2" not in str(secretless(config))
    (name,) = settings
    assert secretless(config)[name]


def test_what_is_no_secret_is_written_as_it_is() -> None:
    config = RunConfig(agent="openai", model="m", base_url="http://localhost:8000/v1", agent_options={"temperature": 0})
    assert RunConfig(**secretless(config)) == config


@pytest.mark.parametrize(
    "settings",
    [
        {"agent_options": {"api_key": "hunter2-hunter2"}},
        {"wrappers": ({"wrapper": "m:C", "api_key": "hunter2-hunter2"},)},
        {"wrappers": ('{"wrapper": "m:C", "api_key": "hunter2-hunter2"}',)},
        {"hooks": ('{"point": "step", "hook": "m:f", "api_key": "hunter2-hunter2"}',)},
    ],
)
def test_secrets_of_options_are_taken_out_of_texts(settings: dict[str, Any]) -> None:
    redact = without_secrets(RunConfig(**settings))
    assert redact("refused: hunter2-hunter2 is no key") == "refused: [redacted] is no key"
