import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from tests import modelserver
from tests.modelserver import call, calls, computer, cut, empty, fault, garbage, say, serving, slow, token_ids, too_long

pytestmark = pytest.mark.episodes

TOOL: Any = {"type": "function", "function": {"name": "bash", "parameters": {"type": "object", "properties": {}}}}
FLAT: Any = {"type": "function", "name": "bash", "parameters": {"type": "object", "properties": {}}, "strict": False}
ASKED: Any = [{"role": "user", "content": "list the files"}]
DOT = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def client(server: modelserver.ModelServer, **options: Any) -> openai.OpenAI:
    # Without the certificates, which take longer to load than all else here.
    unchecked = openai.DefaultHttpxClient(verify=False)
    return openai.OpenAI(base_url=server.url, api_key="none", http_client=unchecked, **{"max_retries": 0, **options})


def chat(server: modelserver.ModelServer, messages: Any = ASKED, **options: Any) -> Any:
    with client(server) as asking:
        said = asking.chat.completions.create(model="m", messages=messages, **options)
        return list(said) if options.get("stream") else said


def respond(server: modelserver.ModelServer, given: Any = "list the files", **options: Any) -> Any:
    with client(server) as asking:
        said = asking.responses.create(model="m", input=given, **options)
        return list(said) if options.get("stream") else said


def called(*ids: str) -> dict[str, Any]:
    function = {"name": "bash", "arguments": "{}"}
    return {"role": "assistant", "tool_calls": [{"id": one, "type": "function", "function": function} for one in ids]}


def answered(one: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": one, "content": "a.txt"}


def test_says_and_calls_what_the_script_says_in_order() -> None:
    with serving([say("first"), calls(("bash", {"command": "ls"}), ("nothing", "no json"))]) as server:
        assert chat(server).choices[0].message.content == "first"
        choice = chat(server, tools=[TOOL]).choices[0]
        assert [(one.function.name, one.function.arguments) for one in choice.message.tool_calls] == [
            ("bash", '{"command": "ls"}'),
            ("nothing", "no json"),
        ]
        assert choice.finish_reason == "tool_calls"
        with pytest.raises(openai.BadRequestError, match="the script is over"):
            chat(server)


def test_a_function_of_the_request_answers_thirty_two_at_once_on_kept_connections() -> None:
    together = threading.Barrier(32, timeout=60)

    def echo(body: dict[str, Any]) -> str:
        together.wait()
        return str(body["messages"][0]["content"])

    with serving(echo) as server, client(server) as asking, ThreadPoolExecutor(32) as pool:

        def ask(number: int) -> str:
            told: Any = [{"role": "user", "content": f"number {number}"}]
            return asking.chat.completions.create(model="m", messages=told).choices[0].message.content or ""

        assert list(pool.map(ask, range(64))) == [f"number {number}" for number in range(64)]
        assert len(server.requests) == 64


def test_every_byte_of_both_sides_is_kept() -> None:
    with serving(["hé"], key="secret") as server:
        with openai.OpenAI(base_url=server.url, api_key="secret") as asking:
            raw = asking.chat.completions.with_raw_response.create(model="m", messages=ASKED)
        assert raw.http_response.content == server.replies[0]
        assert raw.http_response.request.content == server.bodies[0]
        assert json.loads(server.bodies[0]) == server.requests[0]
        assert server.exchanges[0].headers["authorization"] == "Bearer secret"
        with pytest.raises(openai.AuthenticationError):
            chat(server)


def test_the_sum_of_the_usage_is_what_the_clients_were_told() -> None:
    costs = {"input_tokens": 7, "output_tokens": 5, "cached_tokens": 3, "reasoning_tokens": 2}
    with serving(["a b c", say("d", usage=costs), say("e", reasoning="let me see")]) as server:
        first, told, third = chat(server).usage, chat(server).usage, respond(server).usage
        assert (told.prompt_tokens, told.prompt_tokens_details.cached_tokens) == (7, 3)
        assert server.usage == {
            "input_tokens": first.prompt_tokens + 7 + third.input_tokens,
            "output_tokens": first.completion_tokens + 5 + third.output_tokens,
            "cached_tokens": 3,
            "reasoning_tokens": 2 + 3,
        }
        assert first.completion_tokens == 3


@pytest.mark.parametrize("usage", [True, False])
def test_a_streamed_chat_is_the_whole_one_in_pieces(usage: bool) -> None:
    script: Any = [calls(("bash", {"command": "ls -l"}), ("bash", {}), text="now then", reasoning="hm")] * 2
    with serving(script) as server:
        whole = chat(server, tools=[TOOL]).choices[0].message
        options = {"stream_options": {"include_usage": True}} if usage else {}
        chunks = chat(server, tools=[TOOL], stream=True, **options)
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        assert "".join(delta.content or "" for delta in deltas) == whole.content == "now then"
        written: dict[int, list[str]] = {}
        for delta in deltas:
            for one in delta.tool_calls or ():
                written.setdefault(one.index, []).append(one.function.arguments)
        assert ["".join(parts) for parts in written.values()] == [one.function.arguments for one in whole.tool_calls]
        assert len(written[0]) > 3
        assert sum(chunk.usage.total_tokens for chunk in chunks if chunk.usage) > 0 if usage else not chunks[-1].usage
        assert bool(server.exchanges[1].usage) is usage
        assert server.replies[1].endswith(b"data: [DONE]\n\n")


def test_token_ids_and_logprobs_come_on_request() -> None:
    with serving(["one two", "three"], extra=["return_token_ids"]) as server:
        first = chat(server, logprobs=True, top_logprobs=1, extra_body={"return_token_ids": True})
        scored = first.choices[0].logprobs.content
        assert "".join(one.token for one in scored) == "one two"
        assert all(one.logprob < 0 and one.top_logprobs for one in scored)
        ids = first.choices[0].token_ids
        assert ids == token_ids(["one", " two"])
        more = [*ASKED, {"role": "assistant", "content": "one two"}, {"role": "user", "content": "go on"}]
        second = chat(server, more, extra_body={"return_token_ids": True})
        assert second.prompt_token_ids[: len(first.prompt_token_ids) + len(ids)] == first.prompt_token_ids + ids
        with pytest.raises(openai.BadRequestError, match="other_key"):
            chat(server, extra_body={"other_key": True})


def test_streamed_token_ids_are_those_of_the_whole() -> None:
    with serving([call("bash", command="ls")] * 2, extra=["return_token_ids"]) as server:
        asked = {"tools": [TOOL], "extra_body": {"return_token_ids": True}}
        whole, chunks = chat(server, **asked), chat(server, stream=True, **asked)
        streamed = [one for chunk in chunks for one in getattr(chunk.choices[0], "token_ids", [])]
        assert streamed == whole.choices[0].token_ids
        assert chunks[0].prompt_token_ids == whole.prompt_token_ids


def test_responses_have_text_thoughts_calls_and_actions() -> None:
    clicks = ({"type": "click", "x": 1, "y": 2, "button": "left"}, {"type": "double_click", "x": 1, "y": 2})
    script: Any = [calls(("bash", {"command": "ls"}), text="so", reasoning="hm"), computer(*clicks), computer(*clicks)]
    with serving(script) as server:
        kinds = [item.type for item in respond(server, tools=[FLAT]).output]
        assert kinds == ["reasoning", "message", "function_call"]
        preview = {"type": "computer_use_preview", "display_width": 9, "display_height": 9, "environment": "linux"}
        one_by_one = respond(server, tools=[preview], truncation="auto").output
        assert [item.action.type for item in one_by_one] == ["click", "double_click"]
        (together,) = respond(server, tools=[{"type": "computer"}]).output
        assert [action.type for action in together.actions] == ["click", "double_click"]


def test_a_streamed_response_ends_with_the_whole_one() -> None:
    with serving([calls(("bash", {"command": "ls"}), text="now then", reasoning="hm")]) as server:
        events = respond(server, tools=[FLAT], stream=True)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert said == events[-1].response.output_text == "now then"
        written = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
        assert json.loads("".join(written)) == {"command": "ls"}
        assert events[-1].response.usage.output_tokens == server.usage["output_tokens"]


def test_the_clients_own_collectors_make_the_whole_of_a_stream() -> None:
    script: Any = [calls(("bash", {"command": "ls"}), text="now then", reasoning="hm")] * 4
    with serving(script) as server, client(server) as asking:
        whole = asking.chat.completions.create(model="m", messages=ASKED, tools=[TOOL]).choices[0].message
        with asking.chat.completions.stream(model="m", messages=ASKED, tools=[TOOL]) as chunks:
            put_together = chunks.get_final_completion().choices[0].message
        assert put_together.content == whole.content
        assert [one.function.arguments for one in put_together.tool_calls or ()] == ['{"command": "ls"}']
        response = asking.responses.create(model="m", input="go", tools=[FLAT])
        with asking.responses.stream(model="m", input="go", tools=[FLAT]) as events:
            collected = events.get_final_response()
        assert [item.type for item in collected.output] == [item.type for item in response.output]
        assert collected.output_text == response.output_text == "now then"


def test_the_client_gives_up_or_goes_on_after_faults_as_with_openai() -> None:
    script: Any = [fault(429, retry_after=0.01), fault(500), cut(), "through"]
    with serving(script) as server:
        with client(server, max_retries=2) as asking, pytest.raises(openai.APIConnectionError):
            asking.chat.completions.create(model="m", messages=ASKED)
        assert [exchange.status for exchange in server.exchanges] == [429, 500, 200]
        assert chat(server).choices[0].message.content == "through"
        assert server.usage["output_tokens"] == 1


def test_each_fault_is_what_the_client_takes_it_for() -> None:
    script: Any = [
        fault(429, retry_after=3),
        fault(500),
        too_long(),
        empty(),
        say("and th", finish="length"),
        garbage(),
    ]
    with serving(script) as server:
        with pytest.raises(openai.RateLimitError) as limited:
            chat(server)
        assert limited.value.response.headers["retry-after"] == "3"
        with pytest.raises(openai.InternalServerError):
            chat(server)
        with pytest.raises(openai.BadRequestError) as long:
            chat(server)
        assert long.value.code == "context_length_exceeded"
        assert chat(server).choices == []
        assert chat(server).choices[0].finish_reason == "length"
        with pytest.raises(json.JSONDecodeError):
            chat(server)


def test_a_length_is_told_by_the_responses_api_too() -> None:
    with serving([say("and th", finish="length")] * 2) as server:
        assert respond(server).incomplete_details.reason == "max_output_tokens"
        assert respond(server, stream=True)[-1].type == "response.incomplete"


@pytest.mark.parametrize("asking", [chat, respond])
def test_a_stream_that_is_cut_off_ends_in_an_error(asking: Any) -> None:
    with serving([cut("a rather long sentence that is not to be finished")]) as server:
        with pytest.raises(openai.APIConnectionError, match=r"incomplete chunked read|Connection error"):
            asking(server, stream=True)
        assert b"finished" not in server.replies[0]
        assert not server.exchanges[0].usage


def test_a_client_that_waited_too_long_is_told_nothing() -> None:
    with serving(lambda _: "soon") as server:
        server.gate.clear()
        with client(server, timeout=0.1) as asking, pytest.raises(openai.APITimeoutError):
            asking.chat.completions.create(model="m", messages=ASKED)
        server.gate.set()
        said = chat(server)
        assert said.choices[0].message.content == "soon"
        assert server.usage["output_tokens"] == said.usage.completion_tokens


def test_a_slow_answer_comes_in_the_end() -> None:
    with serving([slow(0.05, "late")]) as server:
        before = time.monotonic()
        assert chat(server).choices[0].message.content == "late"
        assert time.monotonic() - before >= 0.05


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([], "too short"),
        ([{"role": "user"}], "content: Field required"),
        ([{"role": "user", "content": "a", "mood": "good"}], "mood: Extra inputs"),
        ([*ASKED, {"role": "assistant"}], "says nothing"),
        ([*ASKED, called()], "too short"),
        ([*ASKED, called("a", "a"), answered("a")], "one id"),
        ([*ASKED, called("a")], "Not answered before the end"),
        ([*ASKED, called("a", "b"), answered("b"), *ASKED], "Not answered before messages.*: a"),
        ([*ASKED, called("a"), answered("a"), answered("a")], "must answer a call that is open"),
        ([*ASKED, answered("a")], "must answer a call that is open"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}], "image_url"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "no picture"),
        (
            [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{DOT}"}}],
                }
            ],
            "no jpeg",
        ),
    ],
)
def test_a_conversation_that_openai_would_refuse_is_refused_and_kept(messages: Any, problem: str) -> None:
    with serving([]) as server:
        with pytest.raises(openai.BadRequestError, match=problem):
            chat(server, messages, tools=[TOOL])
        assert len(server.refused) == 1
        assert json.loads(server.refused[0].body)["messages"] == messages
        assert not server.requests


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"temperature": 3}, "temperature is 3"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_logprobs": 2}, "needs logprobs"),
        ({"tools": []}, "too short"),
        ({"tool_choice": "auto"}, "only allowed when"),
        ({"tools": [TOOL, TOOL]}, "one name"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "zsh"}}}, "'zsh' not found"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "no name of a function"),
        (
            {"tools": [{"type": "function", "function": {"name": "a", "parameters": {"type": "text"}}}]},
            "Invalid schema",
        ),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "a", "strict": True, "parameters": {"type": "object"}}}
                ]
            },
            "additionalProperties",
        ),
        ({"stream_options": {"include_usage": True}}, "needs stream"),
        ({"max_tokens": 1, "max_completion_tokens": 1}, "both"),
        ({"stop": ["a"] * 5}, "one to four"),
    ],
)
def test_options_that_openai_would_refuse_are_refused(options: dict[str, Any], problem: str) -> None:
    with serving([]) as server, pytest.raises(openai.BadRequestError, match=problem):
        chat(server, **options)


MADE = {"type": "function_call", "call_id": "a", "name": "bash", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "a", "output": "a.txt"}
THOUGHT = {"type": "reasoning", "id": "r", "summary": []}
SCREEN = {
    "type": "computer_call_output",
    "call_id": "a",
    "output": {"type": "computer_screenshot", "image_url": "https://x"},
}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([], "Missing required parameter"),
        ([MADE], "No tool output found"),
        ([OUTPUT], "No tool call found"),
        ([MADE, OUTPUT, OUTPUT], "two outputs"),
        ([MADE, MADE, OUTPUT], "called before"),
        ([MADE, SCREEN], "No tool call found for computer_call_output"),
        ([THOUGHT, *ASKED], "without its required following item"),
        ([{"role": "user", "content": [{"type": "text", "text": "a"}]}], "input"),
        ([{**MADE, "mood": 1}, OUTPUT], "input"),
    ],
)
def test_items_that_openai_would_refuse_are_refused(given: Any, problem: str) -> None:
    with serving([]) as server, pytest.raises(openai.BadRequestError, match=problem):
        respond(server, given, tools=[FLAT])


def test_well_formed_conversations_are_let_in() -> None:
    with serving(lambda _: "yes") as server:
        assert chat(server, [*ASKED, called("a", "b"), answered("b"), answered("a")], tools=[TOOL])
        assert chat(
            server, [{"role": "system", "content": "be brief"}, *ASKED, {"role": "assistant", "content": "ok"}, *ASKED]
        )
        picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DOT}", "detail": "low"}}
        assert chat(server, [{"role": "user", "content": [{"type": "text", "text": "see"}, picture]}])
        assert respond(server, [*ASKED, THOUGHT, MADE, OUTPUT], tools=[FLAT], max_output_tokens=16)


def test_a_response_goes_on_from_the_one_that_it_names() -> None:
    with serving([call("bash"), "done"]) as server:
        first = respond(server, tools=[FLAT])
        with pytest.raises(openai.BadRequestError, match="No tool output found"):
            respond(server, "well?", tools=[FLAT], previous_response_id=first.id)
        output = {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "a.txt"}
        assert respond(server, [output], tools=[FLAT], previous_response_id=first.id).output_text == "done"
        with pytest.raises(openai.BadRequestError, match="not found"):
            respond(server, "well?", previous_response_id="resp_99")


def test_models_are_listed_and_others_are_refused() -> None:
    with serving(["hi"], models=["m", "large"]) as server, client(server) as asking:
        assert [model.id for model in asking.models.list()] == ["m", "large"]
        with pytest.raises(openai.BadRequestError, match="does not exist"):
            asking.chat.completions.create(model="small", messages=ASKED)
        with pytest.raises(openai.NotFoundError):
            asking.embeddings.create(model="m", input="a")


def test_the_error_of_a_script_is_raised_where_the_block_ends() -> None:
    def broken(body: dict[str, Any]) -> str:
        raise KeyError("no such knowledge")

    with (
        pytest.raises(KeyError, match="no such knowledge"),
        serving(broken) as server,
        pytest.raises(openai.BadRequestError, match="the script broke"),
    ):
        chat(server)


def test_a_closed_gate_holds_the_answers_back() -> None:
    with serving(["hi"]) as server, ThreadPoolExecutor(1) as pool:
        server.gate.clear()
        waiting = pool.submit(chat, server)
        while not server.requests:
            assert not waiting.done()
        server.gate.set()
        assert waiting.result(60).choices[0].message.content == "hi"
