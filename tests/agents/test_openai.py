"""A model that calls tools, by both APIs, at once and in streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.actions import Batch, Done, ToolCall
from agentgym.agents import agents, make_agent
from agentgym.agents.openai import OpenAIAgent, sent_body
from agentgym.agents.openai.chat import Chat
from agentgym.agents.openai.fields import Torn
from agentgym.agents.openai.options import options_from
from agentgym.agents.openai.responses import Responses
from agentgym.errors import UsageError
from agentgym.export import exporters
from agentgym.runner import RolloutSpec, rollout
from agentgym.trajectory import Dataset
from tests.adapters.sums import SUM
from tests.agents.llm import play, sums
from tests.modelserver import Reply, ToolUse, call, calls, say, serving

TASK: Any = SUM
BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
EACH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
FILE = {
    "id": "five",
    "instruction": "Write the sum of 2 and 3 into five.txt.",
    "tools": ["bash"],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "/home/user/five.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "5\n"}},
    },
}


@BOTH
@EACH
def test_a_model_calls_tools_and_is_told_what_came_of_each(api: str, stream: bool) -> None:
    script = [calls(("add", {"a": 2, "b": 3}), ("add", {"a": 2})), call("answer", text="5")]
    played = play(sums(), script, api=api, stream=stream)
    assert played.result.score == 1
    first, second = played.actions
    assert isinstance(first, Batch)
    assert [(one.name, one.arguments) for one in first.actions] == [("add", {"a": 2, "b": 3}), ("add", {"a": 2})]  # type: ignore[union-attr]  # calls have names
    assert isinstance(second, ToolCall)
    if api == "chat":
        results = [one for one in played.server.requests[1]["messages"] if one["role"] == "tool"]
        assert [(one["tool_call_id"], one["content"]) for one in results] == [("call_1_0", "5"), ("call_1_1", "3")]
    else:
        outputs = [one for one in played.server.requests[1]["input"] if one.get("type") == "function_call_output"]
        assert [(one["call_id"], one["output"]) for one in outputs] == [("call_1_0", "5"), ("call_1_1", "3")]


@BOTH
@EACH
def test_what_is_recorded_is_what_the_server_saw_byte_for_byte(api: str, stream: bool, tmp_path: Path) -> None:
    script = [call("add", a=2, b=3), say("It is 5, I think: é"), call("answer", text="5")]
    with serving(script) as server:
        options = {"model": "scripted", "base_url": server.url, "api": api, "stream": stream, "temperature": 0.1}
        spec = RolloutSpec("openai", env="agentgym/Tools-v0", task=TASK, agent_options=options, record=str(tmp_path))
        result = rollout(spec)
    assert result.score == 1
    (episode,) = Dataset(tmp_path)
    requests = [record.payload for record in episode.records() if record.event_type == "model_request"]
    assert [sent_body(request) for request in requests] == server.bodies  # type: ignore[arg-type]  # of that type alone
    replies: list[Any] = [record.payload for record in episode.records() if record.event_type == "model_response"]
    assert [reply.call_id for reply in replies] == [request.call_id for request in requests]  # type: ignore[union-attr]
    told = [reply.usage for reply in replies]
    names = ("prompt_tokens", "completion_tokens") if api == "chat" else ("input_tokens", "output_tokens")
    assert [sum(usage[name] for usage in told) for name in names] == [
        server.usage["input_tokens"],
        server.usage["output_tokens"],
    ]
    assert result.usage["input_tokens"] == server.usage["input_tokens"]
    assert result.usage["model_calls"] == len(server.bodies) == 3
    if not stream:
        assert [reply.raw for reply in replies] == [json.loads(sent) for sent in server.replies]


@pytest.mark.episodes
@BOTH
@EACH
def test_a_model_works_in_the_sandbox(api: str, stream: bool) -> None:
    env = gym.make("agentgym/Tools-v0", task=FILE, disable_env_checker=True)
    script = [
        calls(("bash", {"command": "echo $((2 + 3)) > five.txt"}), ("bash", {"command": "cat five.txt"})),
        call("bash", command="cat missing"),
        say("DONE"),
    ]
    played = play(env, script, api=api, stream=stream)
    assert played.result.score == 1
    assert isinstance(played.actions[-1], Done)
    (failed,) = played.infos[1]["tool_results"]
    assert not failed["ok"]
    assert failed["content"] in json.dumps(played.server.requests[2], ensure_ascii=False).replace("\\n", "\n")


@BOTH
def test_calls_of_one_episode_have_ids_of_their_own(api: str) -> None:
    again = Reply(calls=(ToolUse("add", '{"a": 1}', "call_0"),))
    played = play(sums(), [again, again, call("answer", text="5")], api=api)
    assert [one.id for one in played.actions[:2]] == ["call_0", "call_0-2"]
    answers = [one for one in played.asked[2].messages if one["role"] == "tool"]
    assert [one["tool_call_id"] for one in answers] == ["call_0", "call_0-2"]
    assert [one["id"] for answer in played.answered for one in answer.tool_calls][:2] == ["call_0", "call_0-2"]


@BOTH
def test_reasoning_is_kept_and_told_again_as_the_api_wants_it(api: str) -> None:
    thinks = calls(("add", {"a": 2, "b": 3}), reasoning="Two and three.")
    played = play(sums(), [thinks, call("answer", text="5")], api=api)
    assert played.answered[0].reasoning == "Two and three."
    assert ("Two and three." in json.dumps(played.server.requests[1])) == (api == "responses")


def test_reasoning_is_told_again_in_chat_if_asked_to() -> None:
    thinks = calls(("add", {"a": 2, "b": 3}), reasoning="Two and three.")
    played = play(sums(), [thinks, call("answer", text="5")], keep_reasoning=True, extra_keys=("reasoning_content",))
    (said,) = (one for one in played.server.requests[1]["messages"] if one["role"] == "assistant")
    assert said["reasoning_content"] == "Two and three."


def test_reasoning_that_is_not_kept_leaves_no_ids_that_would_need_it() -> None:
    thinks = calls(("add", {"a": 2, "b": 3}), reasoning="Two and three.")
    played = play(sums(), [thinks, call("answer", text="5")], api="responses", keep_reasoning=False)
    items = played.server.requests[1]["input"]
    assert "reasoning" not in [one.get("type") for one in items]
    assert all("id" not in one for one in items)


def test_of_what_is_not_stored_only_encrypted_reasoning_is_told_again() -> None:
    dialect = Responses(options_from({"model": "m", "extra": {"store": False}}))
    thought: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None}
    said = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Hm."}]}
    plain = dialect.read({"output": [thought, said]}, str)
    assert [one["type"] for one in plain.sent_back] == ["message"]
    assert "id" not in plain.sent_back[0]
    kept = dialect.read({"output": [{**thought, "encrypted_content": "x"}, said]}, str)
    assert [one["type"] for one in kept.sent_back] == ["reasoning", "message"]
    assert kept.sent_back[0]["encrypted_content"] == "x"


def test_what_a_server_sends_with_a_call_goes_back_with_it() -> None:
    dialect = Chat(options_from({"model": "m"}))
    function = {"name": "add", "arguments": "{}"}
    call = {"id": "1", "type": "function", "function": function, "extra_content": {"google": {"thought": "sig"}}}
    reply = dialect.read({"choices": [{"message": {"role": "assistant", "tool_calls": [call]}}]}, str)
    assert reply.sent_back[0]["tool_calls"] == [call]


@pytest.mark.parametrize(
    "parts",
    [
        [{"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}, {"index": 0, "id": "b"}],
        [{"id": "a", "function": {"name": "x", "arguments": "{}"}}, {"id": "b"}],
        [
            {"index": 0, "id": "a", "function": {"name": "x"}},
            {"index": 0, "function": {"arguments": "{}"}},
            {"index": 1, "id": "b"},
        ],
        [
            {"id": "a", "function": {"name": "x", "arguments": "{"}},
            {"function": {"arguments": "}"}},
            {"index": 7, "id": "b"},
        ],
    ],
    ids=["all alike", "no numbers", "as OpenAI does", "in pieces"],
)
def test_calls_in_a_stream_are_told_apart_however_they_are_numbered(parts: list[Any]) -> None:
    chunks: list[Any] = [{"choices": [{"delta": {"tool_calls": [part]}}]} for part in parts]
    chunks.append({"choices": [{"index": 1, "delta": {"content": "another"}}]})
    chunks.append({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    whole = Chat(options_from({"model": "m"})).collected(chunks, lambda: None)
    made = whole["choices"][0]["message"]["tool_calls"]
    assert [one["id"] for one in made] == ["a", "b"]
    assert made[0]["function"] == {"name": "x", "arguments": "{}"}
    assert whole["choices"][0]["message"]["content"] is None


def test_ids_that_stand_for_tokens_are_read() -> None:
    content = [{"token": "token_id:5", "logprob": -0.5}, {"token": "token_id:7", "logprob": -1}]
    choice = {"message": {"content": "ab"}, "finish_reason": "stop", "logprobs": {"content": content}}
    reply = Chat(options_from({"model": "m"})).read({"choices": [choice]}, str)
    assert (reply.completion_token_ids, reply.logprobs) == ([5, 7], [-0.5, -1.0])


@pytest.mark.parametrize(
    "raw", [{}, {"choices": None}, {"choices": [1]}, {"choices": [{}]}, {"choices": [{"message": {"tool_calls": [1]}}]}]
)
def test_what_is_no_completion_is_torn(raw: Any) -> None:
    with pytest.raises(Torn):
        Chat(options_from({"model": "m"})).read(raw, str)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_what_stands_where_nothing_of_its_kind_can_is_torn(api: str) -> None:
    agent = OpenAIAgent("m", api=api, base_url="http://127.0.0.1:1")
    part = {"type": "output_text", "text": "x", "logprobs": [{}]}
    odd = {
        "choices": [{"message": {"content": "x"}, "logprobs": {"content": [{}]}}],
        "output": [{"type": "message", "content": [part]}],
    }
    with pytest.raises(Torn):
        agent._model.read(odd)


@pytest.mark.parametrize("raw", [{}, {"output": 1}, {"output": [1]}, {"error": {"message": "no"}, "output": []}])
def test_what_is_no_response_is_torn(raw: Any) -> None:
    with pytest.raises(Torn):
        Responses(options_from({"model": "m"})).read(raw, str)


def test_thoughts_in_the_text_are_told_apart() -> None:
    played = play(sums(), [say("<think>Hm.\nFive.</think>\n\nDONE")])
    (answer,) = played.answered
    assert (answer.reasoning, answer.content) == ("Hm.\nFive.", "DONE")
    assert isinstance(played.actions[0], Done)


@BOTH
@EACH
def test_parameters_go_along(api: str, stream: bool) -> None:
    told: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 99,
        "parallel_tool_calls": False,
        "extra": {"user": "me"},
    }
    played = play(sums(), [call("answer", text="5")], api=api, stream=stream, seed=0, **told)
    sent = played.server.requests[0]
    assert (sent["temperature"], sent["top_p"], sent["parallel_tool_calls"], sent["user"]) == (0.5, 0.9, False, "me")
    assert sent["max_tokens" if api == "chat" else "max_output_tokens"] == 99


def test_a_seed_comes_from_the_episode_unless_it_is_said_otherwise() -> None:
    def seed_of(**options: Any) -> Any:
        agent = make_agent("openai:m", seed=7, options={"base_url": "http://127.0.0.1:1", **options})
        assert isinstance(agent, OpenAIAgent)
        return agent.options.seed

    assert (seed_of(), seed_of(seed=3), seed_of(seed=None)) == (7, 3, None)


def test_the_price_of_each_call_is_told_and_summed() -> None:
    script = [call("add", a=2, b=3), call("answer", text="5")]
    played = play(sums(), script, prices={"input": 1.0, "output": 10.0, "cached_input": 0.1})
    usage = played.server.usage
    expected = (usage["input_tokens"] + 10 * usage["output_tokens"]) / 1e6
    assert played.result.usage["cost_usd"] == pytest.approx(expected)
    assert all(answer.cost_usd for answer in played.answered)


def test_what_was_served_from_a_cache_has_a_price_of_its_own() -> None:
    reply = calls(("answer", {"text": "5"}), usage={"input_tokens": 1000, "cached_tokens": 600, "output_tokens": 10})
    played = play(sums(), [reply], prices={"input": 2.0, "output": 10.0, "cached_input": 0.5})
    assert played.answered[0].cost_usd == pytest.approx((400 * 2 + 600 * 0.5 + 10 * 10) / 1e6)


@EACH
def test_token_ids_and_log_probabilities_are_kept_call_by_call(stream: bool) -> None:
    script = [say("let me see"), call("answer", text="5")]
    played = play(sums(), script, stream=stream, logprobs=True, token_ids=True, extra_keys=("return_token_ids",))
    first, second = played.answered
    assert first.completion_token_ids
    assert first.prompt_token_ids
    assert first.logprobs is not None
    assert len(first.logprobs) == len(first.completion_token_ids) == len(first.completion_mask or ())
    assert set(first.completion_mask or ()) == {1}
    assert second.prompt_token_ids is not None
    # The next prompt goes on from the one before and its reply.
    before = [*first.prompt_token_ids, *first.completion_token_ids]
    assert second.prompt_token_ids[: len(before)] == before


def test_rows_for_trainers_can_be_made_of_what_was_recorded(tmp_path: Path) -> None:
    script = [say("let me see"), calls(("add", {"a": 2, "b": 3}), text="I add."), call("answer", text="5")]
    with serving(script, extra=("return_token_ids",)) as server:
        options = {"model": "scripted", "base_url": server.url, "logprobs": True, "token_ids": True}
        data = str(tmp_path / "data")
        rollout(RolloutSpec("openai", env="agentgym/Tools-v0", task=TASK, agent_options=options, record=data))
    exporters["rl"](Dataset(data), tmp_path / "rl")
    rows = [json.loads(line) for line in (tmp_path / "rl" / "steps.jsonl").read_text().splitlines()]
    calls_of_the_model = [one for row in rows for one in row["calls"]]
    assert [len(one["completion_token_ids"]) for one in calls_of_the_model] == [
        len(one["completion_mask"]) for one in calls_of_the_model
    ]
    # Of a call's tokens the server told ids, and no probabilities.
    assert [one["logprobs"] is None for one in calls_of_the_model] == [False, True, True]


def test_both_apis_make_the_same_conversation_to_learn_from(tmp_path: Path) -> None:
    script = [
        calls(("add", {"a": 2, "b": 3}), ("add", {"a": 1}), text="I add.", reasoning="Hm."),
        say("It is 5."),
        call("answer", text="5"),
    ]
    learned = []
    for api in ("chat", "responses"):
        with serving(script) as server:
            options = {"model": "scripted", "base_url": server.url, "api": api}
            data = str(tmp_path / api)
            rollout(RolloutSpec("openai", env="agentgym/Tools-v0", task=TASK, agent_options=options, record=data))
        exporters["sft"](Dataset(data), tmp_path / f"{api}.jsonl")
        learned.append(json.loads((tmp_path / f"{api}.jsonl").read_text())["messages"])
    assert learned[0] == learned[1]
    assert [one["role"] for one in learned[0]] == [
        *("system", "user", "assistant", "tool", "tool", "assistant", "user", "assistant")
    ]


def test_tools_are_called_in_text_where_a_model_has_no_other_way() -> None:
    add = '<tool_call>\n{"name": "add", "arguments": {"a": 2, "b": 3}}\n</tool_call>'
    answer = '```json\n{"name": "answer", "arguments": {"text": "5"}}\n```'
    played = play(sums(), [say(f"First I add.\n{add}"), say(answer)], actions="text")
    assert played.result.score == 1
    first, second = played.server.requests
    assert "tools" not in first
    assert '"name": "add"' in played.last("system")
    assert second["messages"][-1] == {"role": "user", "content": "[call-1-0] add\n5"}


@BOTH
def test_the_time_to_the_first_word_is_known_of_a_stream(api: str) -> None:
    played = play(sums(), [call("answer", text="5")], api=api, stream=True)
    (answer,) = played.answered
    assert answer.first_token_ms is not None
    assert answer.duration_ms is not None
    assert 0 < answer.first_token_ms <= answer.duration_ms


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"base_url": "localhost:8000"}, "http://"),
        ({"temprature": 1}, "did you mean 'temperature'"),
        ({"images": -1}, "images"),
        ({"api": "assistants"}, "api"),
        ({"prices": {"in": 1}}, "'input'"),
        ({"extra": {"messages": []}}, "messages"),
        ({"system": "You see {instructions}."}, "did you mean 'instruction'"),
        ({"system": "@no/such/file"}, "cannot be read"),
        ({"tokenizer": "no.such:thing"}, "no.such"),
    ],
)
def test_an_option_that_cannot_work_is_refused_with_what_would_be_right(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_agent("openai:m", options=options)


def test_a_reply_of_calls_alone_goes_back_with_an_empty_text() -> None:
    # llama.cpp's server takes no null.
    played = play(sums(), [call("add", a=2, b=3), call("answer", text="5")])
    said = next(one for one in played.server.requests[-1]["messages"] if one["role"] == "assistant")
    assert said["content"] == ""
    assert said["tool_calls"]


def test_it_has_a_name() -> None:
    assert "openai" in agents
    assert agents["openai"] is OpenAIAgent
