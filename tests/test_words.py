"""Every event in a few words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agentgym.actions import Click
from agentgym.events import (
    EVENT_TYPES,
    Event,
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.events.words import action_in_words, in_words
from agentgym.tasks import Task

ENDS: dict[str, Any] = {"terminated": True, "truncated": False}
SAID = [
    (RunStarted(agent="a", env={"id": "E-v0"}), "agent a  env E-v0"),
    (Reset(observation=0, seed=3, task=Task(id="t", instruction="do")), "task t  seed 3"),
    (Phase(name="setup", status="ended", duration_ms=1500), "setup  ended  1.5 s"),
    (ModelRequest(call_id="m", model="small", messages=[{}, {}]), "small  2 messages"),
    (
        ModelResponse(
            call_id="m",
            content="I look\nfirst",
            tool_calls=[{"function": {"name": "bash"}}, {"name": "read"}],
            usage={"prompt_tokens": 10, "completion_tokens": 3},
            duration_ms=12.5,
        ),
        "I look first  -> bash, read  10+3 tokens  12.5 ms",
    ),
    (ModelResponse(call_id="m", model="small", error="429"), "small  error: 429"),
    (ToolCalled(call_id="c", name="bash", arguments={"command": "ls"}), "bash(command='ls')"),
    (ToolReturned(call_id="c", ok=True, name="bash", result="a\nb", latency_ms=2), "bash  a b  2 ms"),
    (ToolReturned(call_id="c", ok=False, name="bash", error="refused: no"), "bash  failed: refused: no"),
    (MessageSnapshot(purpose="trimmed", messages=[1]), "trimmed  1 messages"),
    (
        Step(step=2, observation=0, action=Click(3, 4), reward=0.5, info={"action_error": "off"}, **ENDS),
        "2  reward 0.5  terminated  pyautogui.click(3, 4)  action error: off",
    ),
    (Reward(step=1, value=0.25, name="late"), "+0.25  late  to step 1"),
    (Scored(value=1.0), "1"),
    (
        Failed(during="step", type="BackendError", message="gone", infrastructure=True),
        "during step  BackendError: gone  the machine's fault",
    ),
    (RunCompleted(status="completed", episodes=1, steps=3), "completed  1 episodes, 3 steps"),
    (FinalReport(text="done"), "done"),
    (Note(kind="tag", value={"good": True}), "tag  {'good': True}"),
]


@pytest.mark.parametrize(("event", "words"), SAID, ids=[type(event).__name__ for event, _ in SAID])
def test_an_event_says_what_matters_on_one_line(event: Event, words: str) -> None:
    assert in_words(event) == words


def test_every_event_has_words() -> None:
    assert {type(event) for event, _ in SAID} == set(EVENT_TYPES.values())


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("pyautogui.click(1, 2)", "pyautogui.click(1, 2)"),
        (np.int64(3), "3"),
        (np.array([1, 2]), "[1, 2]"),
        ({"name": "bash", "arguments": {"command": "ls"}}, "bash(command='ls')"),
        (None, "None"),
    ],
)
def test_an_action_as_it_would_be_written(action: Any, words: str) -> None:
    assert action_in_words(action) == words


def test_what_is_long_is_cut() -> None:
    event = ModelResponse(call_id="m", content="x" * 10_000, tool_calls=[])
    assert len(in_words(event)) < 200
