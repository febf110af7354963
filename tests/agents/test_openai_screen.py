"""A model that sees a screen: what it is shown, and how it says what it does."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

from agentgym.actions import Batch, Click, Done, Fail, ToolCall, TypeText, parse_action, to_pyautogui
from agentgym.agents.openai import sent_body
from agentgym.agents.openai.seeing import picture_address, seen
from agentgym.errors import UsageError
from agentgym.events import Bus, Call, ModelRequest, Note
from agentgym.families import find_family
from agentgym.runner import RolloutSpec, rollout
from agentgym.tasks import parse_task
from agentgym.trajectory import Dataset
from tests.agents.llm import desktop, play, sums
from tests.modelserver import Reply, ToolUse, call, calls, computer, say, serving

BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
CLICK = "pyautogui.click(10, 20)"
CLICK_13 = {"action_type": "CLICK", "parameters": {"x": 10, "y": 20}}


def pictures(request: dict[str, Any]) -> list[str]:
    """The addresses of all pictures in a request, in order."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, str) and value.startswith("data:image/"):
            found.append(value)
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(part)

    walk(request)
    return found


def decoded(address: str) -> Any:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


@BOTH
def test_a_model_acts_by_one_tool_and_sees_the_screen_after_it(api: str) -> None:
    script = [
        call("act", action=CLICK),
        call("act", action="pyautogui.write('hello')\npyautogui.press('enter')"),
        say("DONE"),
    ]
    played = play(desktop(), script, api=api)
    first, second, last = played.actions
    assert first == Click(10, 20)
    assert isinstance(second, Batch)
    assert second.actions[0] == TypeText("hello")
    assert last == Done()
    shown = [pictures(request) for request in played.server.requests]
    assert [len(one) for one in shown] == [1, 2, 3]
    assert decoded(shown[2][0]).shape == (48, 64, 3)
    assert len({*shown[2]}) == 3


def test_what_is_shown_is_the_screen_to_the_pixel() -> None:
    screen = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    assert (decoded(picture_address(screen)) == screen).all()
    assert seen({"screenshot": screen, "terminal": "$ ls", "instruction": "Do it."}).text == "terminal:\n$ ls"


@BOTH
def test_several_actions_of_one_reply_are_one_step_in_their_order(api: str) -> None:
    script = [calls(("act", {"action": CLICK}), ("act", {"action": "pyautogui.write('hi')"})), say("FAIL")]
    played = play(desktop(), script, api=api)
    assert played.actions == [Batch((Click(10, 20), TypeText("hi"))), Fail()]
    assert played.result.steps == 2


@BOTH
@pytest.mark.parametrize("images", [0, 1, 2])
def test_the_last_screenshots_stay_and_older_ones_are_replaced_by_a_text(api: str, images: int) -> None:
    script = [call("act", action=f"pyautogui.click({x}, 1)") for x in range(1, 5)] + [say("DONE")]
    played = play(desktop(), script, api=api, images=images)
    last = played.server.requests[-1]
    assert [len(pictures(request)) for request in played.server.requests] == [min(images, n) for n in range(1, 6)]
    gone = json.dumps(last).count("An earlier screenshot is left out.")
    assert gone == (0 if images == 0 else 5 - images)


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        (f"I click.\n```python\n{CLICK}\n```", Click(10, 20)),
        (f"```\n{CLICK}\n```\nThen I will see.", Click(10, 20)),
        (CLICK, Click(10, 20)),
        ('```json\n{"action_type": "CLICK", "x": 10, "y": 20}\n```', Click(10, 20)),
        ("All is done.\n\nDONE", Done()),
        ("```\nFAIL\n```", Fail()),
        (f"```\n{CLICK}\n```\nThat is all.\n**DONE**", Batch((Click(10, 20), Done()))),
        (
            f"```python\nimport pyautogui\n{CLICK}\n```\nand\n```python\npyautogui.write('x')\n```",
            Batch((Click(10, 20), TypeText("x"))),
        ),
    ],
)
@pytest.mark.parametrize("actions", ["text", "pyautogui", "auto"])
def test_an_action_in_the_text_is_found(actions: str, reply: str, action: Any) -> None:
    played = play(desktop(max_steps=1), [say(reply)], actions=actions)
    assert played.actions == [action]
    assert ("tools" in played.server.requests[0]) == (actions == "auto")


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ('I click.\n```json\n{"action_type": "CLICK", "parameters": {"x": 10, "y": 20}}\n```', CLICK_13),
        (json.dumps(CLICK_13), CLICK_13),
        ('```\n[{"action_type": "CLICK", "parameters": {"x": 10, "y": 20}}]\n```', CLICK_13),
        ("All is done.\n\nDONE", "DONE"),
        ('```\n{"action_type": "FAIL"}\n```', {"action_type": "FAIL"}),
        ("done", "DONE"),
        (
            f'```json\n{json.dumps(CLICK_13)}\n```\n```\n{{"action_type": "TYPING", "text": "x"}}\n```\nDONE',
            Batch((Click(10, 20), TypeText("x"), Done())),
        ),
    ],
)
@pytest.mark.parametrize("options", [{}, {"actions": "computer_13"}])
def test_dicts_of_osworld_are_told_and_passed_on_as_they_were_written(
    options: dict[str, Any], reply: str, action: Any
) -> None:
    env = desktop(max_steps=1, action="computer_13" if not options else "pyautogui")
    played = play(env, [say(reply)], **options)
    assert played.actions == [action]
    assert played.infos[0]["action_error"] is None
    assert "tools" not in played.server.requests[0]
    assert "MOUSE_DOWN" in played.last("system")
    assert "pyautogui" not in played.last("system")


@pytest.mark.parametrize("wrong", [CLICK, f"```python\n{CLICK}\n```", '```json\n{"action_type": "TAP"}\n```', "[]"])
def test_what_is_none_of_osworlds_dicts_goes_back_with_the_reason(wrong: str) -> None:
    played = play(desktop(action="computer_13"), [say(wrong), say("DONE")])
    assert played.actions == ["DONE"]
    assert "action_type" in str(played.last())


def test_a_screen_with_tools_has_both() -> None:
    task = {"id": "both", "instruction": "Do it.", "tools": ["tests.adapters.sums:add"]}
    script = [calls(("add", {"a": 1, "b": 2}), ("act", {"action": CLICK})), say("DONE")]
    played = play(desktop(task=task), script)
    first = played.actions[0]
    assert isinstance(first, Batch)
    assert isinstance(first.actions[0], ToolCall)
    assert first.actions[1] == Click(10, 20)
    told = [one["content"] for one in played.server.requests[1]["messages"] if one["role"] == "tool"]
    assert told == ["3", "Done."]
    assert len(pictures(played.server.requests[1])) == 2


def test_tools_beside_a_screen_are_called_in_text_too() -> None:
    task = {"id": "both", "instruction": "Do it.", "tools": ["tests.adapters.sums:add"]}
    said = 'First:\n<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'
    played = play(desktop(task=task), [say(said), say("DONE")], actions="text")
    assert "<tools>" in played.last("system")
    assert isinstance(played.actions[0], ToolCall)


def test_chat_models_use_the_computer_by_anthropics_words() -> None:
    script = [
        call("computer", action="left_click", coordinate=[10, 20]),
        call("computer", action="type", text="hello"),
        call("computer", action="done"),
    ]
    played = play(desktop(), script, actions="computer")
    assert played.actions == [Click(10, 20), TypeText("hello"), Done()]
    assert [one["function"]["name"] for one in played.server.requests[0]["tools"]] == ["computer"]


@pytest.mark.parametrize("model", ["gpt-x", "computer-use-preview-2025"])
def test_models_of_the_responses_api_use_the_computer_by_openais_words(model: str) -> None:
    click = {"type": "click", "x": 10, "y": 20, "button": "left"}
    script = [computer(click), computer({"type": "type", "text": "hello"}), say("It is written.")]
    played = play(desktop(), script, name=model, api="responses", actions="computer")
    assert played.actions == [Click(10, 20), TypeText("hello"), Done()]
    outputs = [one for one in played.server.requests[-1]["input"] if one.get("type") == "computer_call_output"]
    assert len(outputs) == 2
    assert all(one["output"]["image_url"].startswith("data:image/png") for one in outputs)
    offered = "computer" if model == "gpt-x" else "computer_use_preview"
    assert [one["type"] for one in played.server.requests[0]["tools"]] == [offered]


def test_calls_of_the_computer_without_their_screenshots_are_told_in_words() -> None:
    clicks = [computer({"type": "click", "x": x, "y": 1, "button": "left"}) for x in range(1, 5)]
    played = play(desktop(), [*clicks, say("Done.")], api="responses", actions="computer", images=2)
    items = played.server.requests[-1]["input"]
    assert [one.get("type") for one in items].count("computer_call_output") == 2
    assert '"x": 1' in json.dumps([one["content"] for one in items if one.get("role") == "assistant"]).replace("\\", "")


@pytest.mark.parametrize("actions", ["computer", "pyautogui"])
def test_what_needs_a_screen_is_refused_without_one(actions: str) -> None:
    with pytest.raises(UsageError, match="is for environments with a screen"):
        play(sums(), [], actions=actions)


def test_what_else_is_observed_is_told_under_its_name() -> None:
    played = play(desktop(observation=("screenshot", "accessibility_tree", "instruction")), [say("DONE")])
    (text, _) = played.last()
    assert text["text"].startswith("Type hello.")
    assert "accessibility_tree:\n<desktop-frame>" in text["text"]
    assert text["text"].count("Type hello.") == 1


def test_a_value_of_another_space_is_written_as_json() -> None:
    env = desktop(action="discrete", max_steps=2)
    wanted = env.action_space.sample()
    said = [say("It is hard."), say("[0]"), say(f"```json\n{wanted.tolist()}\n```"), say(str(wanted.tolist()))]
    played = play(env, said)
    assert [action.tolist() for action in played.actions] == [wanted.tolist()] * 2
    assert "as JSON" in played.server.requests[1]["messages"][-1]["content"]


def test_a_smaller_picture_of_the_screen_is_pointed_at_by_its_own_pixels() -> None:
    class Smaller(gym.ObservationWrapper[Any, Any, Any]):
        def observation(self, observation: Any) -> Any:
            return {"screenshot": np.ascontiguousarray(observation["screenshot"][::2, ::2])}

    script = [call("computer", action="left_click", coordinate=[10, 20]), call("computer", action="done")]
    played = play(Smaller(desktop()), script, actions="computer")
    assert played.actions[0] == Click(21, 41)
    assert "32x24 pixels" in played.server.requests[0]["tools"][0]["function"]["description"]


def test_tools_are_not_offered_where_calling_them_is_no_action() -> None:
    class Chooses(gym.Env[Any, Any]):
        observation_space = gym.spaces.Discrete(2)
        action_space = gym.spaces.Discrete(3)

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[int, dict[str, Any]]:
            tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
            return 1, {"tools": [tool], "tool_results": []}

        def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
            return 0, float(action), True, False, {}

    played = play(Chooses(), [say("two"), say("2")])
    assert "tools" not in played.server.requests[0]
    assert played.result.total_return == 2
    assert [one["content"] for one in played.server.requests[0]["messages"]][1] == "1"


@BOTH
def test_requests_with_pictures_are_recorded_as_they_were_sent(api: str, tmp_path: Path) -> None:
    script = [call("act", action=f"pyautogui.write('{text}')") for text in "abcd"] + [say("DONE")]
    task = parse_task({"id": "type-hello", "instruction": "Type héllo 🙂."})
    with serving(script) as server:
        options = {"model": "scripted", "base_url": server.url, "api": api, "images": 2}
        env_kwargs = {"backend": "memory", "screen": (320, 240)}
        rollout(RolloutSpec("openai", task, env_kwargs=env_kwargs, agent_options=options, record=str(tmp_path)))
    assert server.refused == []
    (episode,) = Dataset(tmp_path)
    events = [record.payload for record in episode.records()]
    requests = [event for event in events if isinstance(event, ModelRequest)]
    assert [sent_body(request) for request in requests] == server.bodies
    # For those who read messages, they are there as chat has them, whichever API it was.
    assert [[one["role"] for one in request.messages] for request in requests][1] == [
        *("system", "user", "assistant", "tool", "user")
    ]
    assert all(len(pictures({"all": request.messages})) == min(2, n) for n, request in enumerate(requests, 1))


def test_what_the_provider_wants_to_be_seen_is_noted_and_acknowledged() -> None:
    check = {"id": "sc_1", "code": "malicious_instructions", "message": "The screen gives orders."}

    def warns(intercepted: Call, proceed: Callable[[Call], Any]) -> Any:
        raw = json.loads(json.dumps(proceed(intercepted)))
        for item in raw["output"]:
            if item["type"] == "computer_call":
                item["pending_safety_checks"] = [check]
        return raw

    bus = Bus()
    bus.intercept("model_call", warns)
    script = [computer({"type": "click", "x": 10, "y": 20, "button": "left"}), say("It is done.")]
    played = play(desktop(), script, bus=bus, api="responses", actions="computer")
    (output,) = (one for one in played.server.requests[1]["input"] if one.get("type") == "computer_call_output")
    assert output["acknowledged_safety_checks"] == [check]
    (note,) = (event for event in played.events if isinstance(event, Note) and event.kind == "safety_check")
    assert note.value["checks"] == [check]


def test_a_computer_beside_tools_is_told_in_words_with_what_the_tools_gave() -> None:
    task = {"id": "both", "instruction": "Do it.", "tools": ["tests.adapters.sums:add"]}
    click = {"type": "click", "x": 10, "y": 20, "button": "left"}
    both = Reply(calls=(ToolUse("add", '{"a": 40, "b": 2}'),), computer=(click,), text="Both.")
    wrong = computer({"type": "click", "x": 999, "y": 1, "button": "left"})
    played = play(
        desktop(task=task), [both, wrong, computer(click), say("Done.")], api="responses", actions="computer", images=1
    )
    assert played.result.steps == 3
    told = json.dumps(played.server.requests[-1]["input"])
    assert "add gave: 42" in told
    assert "x is 999" in json.dumps(played.server.requests[2]["input"])
    assert len(pictures(played.server.requests[-1])) == 1


@pytest.mark.desktop
@BOTH
def test_a_model_that_does_what_the_oracle_does_solves_the_task_on_a_real_desktop(api: str) -> None:
    family = find_family("apps/note-save")
    env = gym.make(
        "agentgym/Desktop-v0",
        task="apps/note-save",
        observation=("screenshot", *family.needs),
        disable_env_checker=True,
    )
    seen: list[Any] = []

    class Watched(gym.ObservationWrapper[Any, Any, Any]):
        def observation(self, observation: Any) -> Any:
            seen.append(observation)
            return {"screenshot": observation["screenshot"]}

    oracle: list[Any] = []

    def says(_body: dict[str, Any]) -> Any:
        if not oracle:
            oracle.append(family.oracle(env.unwrapped.task))  # type: ignore[attr-defined]  # ours has one
            return call("act", action=to_pyautogui(parse_action(next(oracle[0]))))
        try:
            return call("act", action=to_pyautogui(parse_action(oracle[0].send(seen[-1]))))
        except StopIteration:
            return say("DONE")

    played = play(Watched(env), says, api=api)
    assert played.result.score == 1
    assert [info["action_error"] for info in played.infos] == [None] * played.result.steps
    assert len(pictures(played.server.requests[-1])) == min(3, played.result.steps)
