"""What of the past a model is told: the system prompt, repairs, and as many turns as there is room for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.actions import Done
from agentgym.agents.openai.estimate import Estimate
from agentgym.agents.openai.prompts import PLACEHOLDERS, checked_template, filled
from agentgym.agents.openai.thoughts import apart
from agentgym.errors import UsageError
from agentgym.runner import Episode
from agentgym.spaces import UnicodeText
from tests.agents.llm import desktop, model, play, sums
from tests.modelserver import Reply, call, calls, say, serving

BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
LONG = {
    "id": "long",
    "instruction": "Add.",
    "tools": ["tests.adapters.sums:add", "tests.agents.test_openai_context:tell"],
}


def tell(number: int) -> str:
    """Says a lot.

    Args:
        number: of it.
    """
    return f"number {number} " + "word " * 200


def words(text: str) -> int:
    return len(text.split())


def conversation(request: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = request.get("messages") or request["input"]
    return said


@BOTH
@pytest.mark.parametrize("tokenizer", [None, "tests.agents.test_openai_context:words"], ids=["estimated", "counted"])
def test_the_oldest_turns_go_whole_and_the_task_stays(api: str, tokenizer: str | None) -> None:
    script = [call("tell", number=n) for n in range(12)] + [say("DONE")]
    env = gym.make("agentgym/Tools-v0", task=LONG, disable_env_checker=True)
    played = play(env, script, api=api, context_tokens=1500, tokenizer=tokenizer)
    # No request was refused: no call without its result, no result without its call.
    assert played.result.steps == 13
    last = conversation(played.server.requests[-1])
    assert last[0]["role"] == "system"
    assert last[1]["content"].startswith("Add.")
    told = json.dumps(last)
    assert "number 11 " in told
    assert "number 0 " not in told
    counts = [usage["prompt_tokens" if api == "chat" else "input_tokens"] for usage in _usages(played)]
    if tokenizer is None:
        assert max(counts) <= 1500 * 1.2
    assert max(counts) > 700


def test_nothing_is_left_out_where_there_is_no_limit() -> None:
    script = [call("tell", number=n) for n in range(12)] + [say("DONE")]
    played = play(gym.make("agentgym/Tools-v0", task=LONG, disable_env_checker=True), script)
    told = json.dumps(played.server.requests[-1])
    assert all(f"number {n} " in told for n in range(12))


def test_an_estimate_is_set_right_by_what_the_server_counted() -> None:
    estimate = Estimate(None)
    messages = [{"role": "user", "content": "x" * 4000}]
    first = estimate.of(messages)
    estimate.learn(messages, first * 3)
    assert estimate.of(messages) == first * 3
    estimate.learn(messages, None)
    assert estimate.of(messages) == first * 3


def test_a_picture_counts_by_its_size() -> None:
    played = play(desktop(screen=(1280, 720)), [say("DONE")])
    (text, picture) = played.last()
    estimate = Estimate(None)
    assert estimate.of([picture]) - estimate.of([text]) == pytest.approx(85 + 6 * 170, abs=30)


@BOTH
def test_a_reply_that_is_no_action_goes_back_with_the_reason(api: str) -> None:
    script = [
        say("I would add them."),
        call("ad", a=2, b=3),
        calls(("add", "{a: 2}"), ("add", {"a": 1})),
        call("answer", text="5"),
    ]
    played = play(sums(), script, api=api)
    assert played.result.score == 1
    assert played.result.steps == 1
    reasons = [json.dumps(conversation(request)[-2:]) for request in played.server.requests[1:]]
    assert "Call a tool, or answer with the word DONE or FAIL alone" in reasons[0]
    assert "did you mean 'add'" in reasons[1]
    assert "another call of the same reply is none" in reasons[2]
    assert "no JSON" in reasons[2]


def test_after_so_many_repairs_the_environment_says_what_is_wrong() -> None:
    script = [say("Hm."), say("Hm?"), call("ad", a=2), say("DONE")]
    played = play(sums(), script, repairs=1)
    assert played.actions[0] == "Hm?"
    assert "not JSON" in played.infos[0]["action_error"]
    assert "Not done: not JSON" in played.server.requests[2]["messages"][-1]["content"]
    assert played.result.steps == 2
    assert isinstance(played.actions[1], Done)


def test_without_repairs_each_reply_is_a_step() -> None:
    played = play(sums(), [call("ad", a=2), calls(("add", "{")), say("DONE")], repairs=0)
    assert played.result.steps == 3
    (unknown,), (torn,) = played.infos[0]["tool_results"], played.infos[1]["tool_results"]
    assert (unknown["ok"], torn["ok"]) == (False, False)
    told = [one["content"] for one in conversation(played.server.requests[2]) if one["role"] == "tool"]
    assert told == [unknown["content"], torn["content"]]


@BOTH
def test_a_reply_that_was_cut_off_is_told_so(api: str) -> None:
    cut = Reply(calls=(), text="I begin by", finish="length")
    played = play(sums(), [cut, call("answer", text="5")], api=api)
    assert "cut off, for want of tokens" in json.dumps(conversation(played.server.requests[1])[-1])
    assert played.answered[0].finish_reason == "length"


@BOTH
def test_a_refusal_is_kept_and_answered(api: str) -> None:
    played = play(sums(), [Reply(refusal="I will not."), say("FAIL")], api=api)
    assert played.answered[0].content == [{"type": "refusal", "refusal": "I will not."}]
    assert "say FAIL if you will not do it" in json.dumps(conversation(played.server.requests[1])[-1])


@BOTH
def test_thoughts_alone_can_be_told_again(api: str) -> None:
    played = play(sums(), [Reply(reasoning="Hm.", text=None, finish="length"), call("answer", text="5")], api=api)
    assert played.answered[0].reasoning == "Hm."
    assert played.result.score == 1


def test_the_system_prompt_is_a_template(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text('Task: {instruction} {{not this}} {"json": 1}\n{tools}\n{max_steps}.', encoding="utf-8")
    played = play(sums(), [call("answer", text="5")], system=f"@{file}")
    system = played.last("system")
    assert system.startswith('Task: What is 2 + 3? {not this} {"json": 1}\n')
    assert '"name": "add"' in system


def test_the_number_of_steps_is_that_of_the_environment_before_that_of_the_task() -> None:
    played = play(desktop(max_steps=4), [say("DONE")], system="[{max_steps}]")
    assert played.last("system").startswith("[4]")
    nine = {"id": "nine", "instruction": "Wait.", "max_steps": 9}
    assert play(desktop(task=nine), [say("DONE")], system="[{max_steps}]").last("system").startswith("[9]")
    played = play(desktop(task=nine, max_steps=4), [say("DONE")], system="[{max_steps}]")
    assert played.last("system").startswith("[4]")
    assert play(desktop(), [say("DONE")], system="[{max_steps}]").last("system").startswith("[]")


def test_no_system_prompt_is_sent_where_there_is_none() -> None:
    played = play(sums(), [call("answer", text="5")], system="")
    assert [one["role"] for one in played.server.requests[0]["messages"]] == ["user"]


def test_every_placeholder_is_filled() -> None:
    template = checked_template(" ".join(f"{{{name}}}" for name in PLACEHOLDERS))
    assert filled(template, {name: name.upper() for name in PLACEHOLDERS}) == " ".join(PLACEHOLDERS).upper()
    played = play(desktop(), [say("DONE")], system="{screen} {date} {actions}")
    assert played.last("system").startswith("64x48 20")
    with pytest.raises(UsageError, match="braces themselves are written twice"):
        checked_template("{weather}")


def test_a_call_in_whose_place_something_else_was_done_is_told_so() -> None:
    env = sums()
    with serving([call("add", a=1), call("answer", text="5")]) as server, model(server) as agent:
        episode = Episode(env, agent, seed=0)
        for step, _ in enumerate(episode):
            if step == 0:
                assert episode.action.name == "add"
                episode.action = {"name": "add", "arguments": {"a": 20, "b": 22}}
    env.close()
    assert server.refused == []
    *_, answer, seen = server.requests[1]["messages"]
    assert answer["content"] == "Not called: something else was done in place of it."
    assert seen["content"] == "[call-1-0] add\n42"


def test_a_tool_that_comes_later_is_offered_then() -> None:
    class Later(gym.Env[str, Any]):
        observation_space = UnicodeText()
        action_space = sums().action_space

        def __init__(self) -> None:
            self.told: list[Any] = []

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[str, dict[str, Any]]:
            return "Begin.", {"tools": [_tool("one")]}

        def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
            self.told.append(action)
            return "On.", 0.0, len(self.told) == 2, False, {"tools": [_tool("one"), _tool("two")]}

    played = play(Later(), [call("one"), call("two")])
    offered = [[one["function"]["name"] for one in request["tools"]] for request in played.server.requests]
    assert offered == [["one"], ["one", "two"]]


def test_what_is_said_is_the_action_where_actions_are_any_text() -> None:
    class Talk(gym.Env[str, Any]):
        observation_space = UnicodeText()
        action_space = UnicodeText()

        def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[str, dict[str, Any]]:
            return "Guess a word.", {}

        def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
            return f"Not {action}.", 0.0, action == "pear", False, {}

    played = play(Talk(), [say("apple"), say(" "), say("pear")])
    assert played.actions == ["apple", "pear"]
    assert [one["content"] for one in played.server.requests[1]["messages"]][1:] == [
        "Guess a word.",
        "apple",
        "Not apple.",
    ]


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("five", "five", None),
        ("<think>a</think>five", "five", "a"),
        ("a\n</think>\nfive", "five", "a"),
        ("<thinking>a</thinking>five", "five", "a"),
        ("say <think>a</think>", "say <think>a</think>", None),
        ("<think></think>five", "five", None),
    ],
)
def test_thoughts_are_what_stands_in_tags_at_the_beginning(text: str, said: str, thought: str | None) -> None:
    assert apart(text) == (said, thought)


def _usages(played: Any) -> list[dict[str, int]]:
    return [answer.usage for answer in played.answered]


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
