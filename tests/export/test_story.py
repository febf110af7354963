"""Events joined into turns, and conversations out of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from agentgym.actions import Click, ToolCall, parse_action
from agentgym.events import Bus, ModelRequest, ModelResponse, Reset, RunStarted, Step, ToolCalled, ToolReturned
from agentgym.events.usage import Usage
from agentgym.export.chat import conversations
from agentgym.export.story import moves, stories
from agentgym.export.writing import action_text, plain, screen
from agentgym.trajectory import Dataset, TrajectoryWriter
from tests.export.traces import record_talks


def test_each_step_has_the_calls_that_led_to_it(tmp_path: Path) -> None:
    solved, stumbled, broken = stories(record_talks(tmp_path / "data"))
    assert [len(turn.model_calls) for turn in solved.turns] == [1, 1, 1]
    assert [use.name for turn in solved.turns for use in turn.tool_uses] == ["add", "add", "answer"]
    assert [call.failed for call in stumbled.turns[0].model_calls] == [True, False]
    assert [turn.step is None for turn in broken.turns] == [False, True]
    assert (solved.succeeded, stumbled.succeeded, broken.succeeded) == (True, False, None)


def test_a_reward_that_was_added_afterwards_is_the_steps(tmp_path: Path) -> None:
    solved = next(stories(record_talks(tmp_path / "data")))
    assert [turn.reward for turn in solved.turns] == [0.25, 0.0, 1.0]
    assert solved.total_return == 1.25
    assert solved.turns[0].notes[0].text == "adds two numbers"


def test_tools_belong_to_the_model_call_that_asked_for_them(tmp_path: Path) -> None:
    bus = Bus()
    writer = TrajectoryWriter(tmp_path / "data", bus.run_id)
    bus.subscribe(writer.append)
    bus.publish(RunStarted())
    bus.publish(Reset(observation="begin"))
    for number in (1, 2):
        bus.publish(ModelRequest(call_id=f"ask-{number}", messages=[{"role": "user", "content": f"go {number}"}]))
        wanted = [{"id": f"tool-{number}", "name": "look", "arguments": {"at": number}}]
        bus.publish(ModelResponse(call_id=f"ask-{number}", tool_calls=wanted))
    for number in (2, 1):
        bus.publish(ToolCalled(call_id=f"tool-{number}", name="look", arguments={"at": number}))
    bus.publish(Step(step=1, observation="seen", action="x", reward=0.0, terminated=True, truncated=False))
    bus.publish(ToolReturned(call_id="tool-1", ok=True, result="late"))
    writer.close()
    (story,) = stories(Dataset(tmp_path / "data"))
    first, second = moves(story.turns[0])
    assert [use.call_id for use in first.tools] == ["tool-1"]
    assert first.tools[0].returned is not None
    assert [use.call_id for use in second.tools] == ["tool-2"]
    assert (first.closes, second.closes) == (False, True)
    # The second request does not go on from the first: a history that was rewritten.
    assert [talk.messages[0]["content"] for talk in conversations(story)] == ["go 1", "go 2"]


def test_a_conversation_has_each_message_once(tmp_path: Path) -> None:
    solved, stumbled, _ = stories(record_talks(tmp_path / "data"))
    (talk,) = conversations(solved)
    assert [message["role"] for message in talk.messages] == ["system", "user", *["assistant", "tool"] * 2, "assistant"]
    assert [message["role"] for message in talk.prompt] == ["system", "user"]
    assert len(conversations(stumbled)) == 1


def test_messages_that_were_sent_again_are_kept_once(tmp_path: Path) -> None:
    solved = next(stories(record_talks(tmp_path / "data")))
    first, second, third = (call.request for call in solved.model_calls)
    assert first is not None
    assert second is not None
    assert third is not None
    assert [len(request.messages) for request in (first, second, third)] == [2, 4, 6]
    assert all(one is other for one, other in zip(third.messages, second.messages, strict=False))
    assert third.messages[5]["content"] == "9"


def test_usage_reads_every_providers_words() -> None:
    ours = Usage.read({"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}})
    assert (ours.input_tokens, ours.output_tokens, ours.cache_read_input_tokens) == (9, 2, 4)
    assert ours.all_input_tokens == 9
    theirs = Usage.read({"input_tokens": 5, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 1})
    assert (theirs.all_input_tokens, theirs.output_tokens) == (10, None)
    assert Usage.read(None) == Usage(cached_are_extra=True)


def test_actions_become_text_that_is_read_back() -> None:
    for action in (Click(3, 4), ToolCall("add", {"numbers": [1]}, "call_1")):
        assert parse_action(action_text(action)) == action
    assert action_text({"action_type": "CLICK", "parameters": {"x": 1, "y": 2}}) == "pyautogui.click(1, 2)"
    assert action_text(np.array([1, 2])) == "[1,2]"


def test_values_become_plain_json() -> None:
    small = plain({"a": (1, np.float32(0.5), float("nan")), "b": b"\x00", "c": np.zeros(2, np.int8), "d": Click(1, 2)})
    click = {"kind": "Click", "x": 1, "y": 2, "button": "left", "clicks": 1}
    assert small == {"a": [1, 0.5, None], "b": "AA==", "c": [0, 0], "d": click}
    large = plain(np.zeros((40, 40), np.uint8))
    assert (large["shape"], large["dtype"], len(large["sha256"])) == ([40, 40], "|u1", 64)


def test_a_screen_is_found_in_any_form() -> None:
    picture = np.full((4, 5, 3), 7, np.uint8)
    found = screen({"vector": np.zeros(3), "camera": picture})
    assert found is not None
    assert np.array_equal(found, picture)
    grey = screen(np.full((4, 5, 1), 7, np.uint8))
    assert grey is not None
    assert np.array_equal(grey, picture)
    assert screen({"text": "none", "vector": np.zeros((4, 5, 3))}) is None
