"""What goes wrong between an agent and its model, and whose fault it is then."""

from __future__ import annotations

import gc
import json
import logging
import pickle
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.agents import make_agent
from agentgym.agents.openai import OpenAIAgent, sent_body
from agentgym.agents.openai import clients as clients_module
from agentgym.agents.openai.fields import encodable_json
from agentgym.agents.openai.options import options_from
from agentgym.errors import BackendError, Refused, UsageError
from agentgym.events import Bus, Call, ModelRequest, ModelResponse, Note
from agentgym.runner import Episode, RolloutSpec, rollout
from tests.agents.llm import model, play, sums
from tests.modelserver import Reply, ToolUse, call, cut, empty, fault, garbage, say, serving, slow, too_long

pytestmark = pytest.mark.episodes

BOTH = pytest.mark.parametrize("api", ["chat", "responses"])
EACH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
ANSWER = call("answer", text="5")
KEY = "sk-test-0123456789abcdef0123456789abcdef"


def failed(script: Any, error: type[Exception], **options: Any) -> tuple[Exception, list[Any], int]:
    """The error of an episode, what was published, and how often the server was asked."""
    events: list[Any] = []
    bus = Bus()
    bus.subscribe(lambda record: events.append(record.payload))
    env = sums()
    with serving(script) as server, model(server, **options) as agent:
        with pytest.raises(error) as caught:
            Episode(env, agent, seed=0, bus=bus).run()
        asked = len(server.exchanges)
    env.close()
    return caught.value, events, asked


@BOTH
@EACH
def test_what_passes_is_tried_again_by_the_client_and_is_one_request(api: str, stream: bool) -> None:
    script = [fault(429, retry_after=0.01), fault(500, retry_after=0.01), fault(503, retry_after=0.01), ANSWER]
    played = play(sums(), script, api=api, stream=stream)
    assert played.result.score == 1
    assert len(played.asked) == len(played.answered) == 1
    assert played.server.bodies == [sent_body(played.asked[0])] * 4
    assert played.answered[0].error is None


@EACH
@pytest.mark.parametrize(
    ("broken", "api"), [(cut, "chat"), (cut, "responses"), (garbage, "chat"), (garbage, "responses"), (empty, "chat")]
)
def test_a_reply_that_comes_broken_is_asked_for_again(broken: Callable[[], Any], api: str, stream: bool) -> None:
    played = play(sums(), [broken(), ANSWER], api=api, stream=stream)
    assert played.result.score == 1
    # Where less came than was promised, the client itself asks again.
    asked = played.asked * 2 if broken is cut and not stream else played.asked
    assert len(asked) == 2
    assert played.server.bodies == [sent_body(request) for request in asked]
    assert played.result.usage["input_tokens"] == played.server.usage["input_tokens"]
    assert played.result.usage["output_tokens"] == played.server.usage["output_tokens"]


def test_a_response_without_output_says_nothing_and_is_told_so() -> None:
    played = play(sums(), [empty(), ANSWER], api="responses")
    assert played.result.score == 1
    assert [answer.error for answer in played.answered] == [None, None]


def test_what_was_asked_again_says_so() -> None:
    played = play(sums(), [garbage(), ANSWER])
    first, second = played.answered
    assert first.error is not None
    assert first.error.startswith("broken reply: no JSON")
    assert second.retry_of == first.call_id
    assert [request.call_id for request in played.asked] == [first.call_id, second.call_id]


@EACH
def test_a_server_that_stays_broken_is_the_machines_fault(stream: bool) -> None:
    error, events, asked = failed([fault(500)] * 3, BackendError, retries=0, stream=stream)
    assert isinstance(error, BackendError)
    assert error.kind == "network"
    assert "could not be asked" in str(error)
    assert asked == 1
    (answer,) = [event for event in events if isinstance(event, ModelResponse)]
    assert answer.error is not None
    assert answer.error.startswith("InternalServerError")


def test_replies_that_stay_broken_are_the_machines_fault() -> None:
    error, events, asked = failed([garbage()] * 9, BackendError, retries=2)
    assert "answered nothing that can be read" in str(error)
    assert asked == 3
    assert len([event for event in events if isinstance(event, ModelResponse)]) == 3


def test_a_server_that_says_nothing_in_time_is_the_machines_fault() -> None:
    error, _, asked = failed([slow(30)], BackendError, retries=0, timeout_s=2)
    assert "could not be asked" in str(error)
    assert asked == 1


def test_a_server_that_is_not_there_is_the_machines_fault() -> None:
    with serving([]) as server:
        url = server.url
    agent = OpenAIAgent("m", base_url=url, retries=0)
    env = sums()
    with pytest.raises(BackendError, match=f"could not be asked at {url.rstrip('/')}: Connection error"):
        Episode(env, agent, seed=0).run()
    env.close()
    agent.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_the_server_refuses_is_the_callers_fault_and_not_tried_again(status: int) -> None:
    error, events, asked = failed([fault(status), ANSWER], UsageError)
    assert "the server refuses" in str(error)
    assert asked == 1
    assert [event.error for event in events if isinstance(event, ModelResponse)] != [None]


def test_what_is_too_long_for_the_model_says_what_to_do() -> None:
    error, _, _ = failed([too_long()], UsageError)
    assert str(error).endswith("give the agent context_tokens")


def test_a_machines_fault_is_tried_again_by_who_runs_the_episode(tmp_path: Path) -> None:
    with serving([fault(500), ANSWER]) as server:
        options = {"model": "m", "base_url": server.url, "retries": 0}
        spec = RolloutSpec("openai", env="agentgym/Tools-v0", task=_sum(), agent_options=options, attempts=2)
        result = rollout(replace(spec, record=str(tmp_path)))
    assert (result.score, result.attempts) == (1, 2)


def test_without_a_key_openai_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(UsageError, match=r"there is no key in \$MY_KEY"):
        OpenAIAgent("m", key_name="MY_KEY")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"actions": "tool"}, "the agent 'openai' has no actions 'tool'; did you mean 'tools'?"),
        ({"api": "rsponses"}, "the agent 'openai' has no api 'rsponses'; did you mean 'responses'?"),
        ({"api": 3}, "the agent 'openai' has no api 3; known are: chat, responses"),
        ({"retries": -1}, "Expected `int` >= 0 - at `$.retries`"),
    ],
)
def test_an_option_that_cannot_be_says_what_can(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        make_agent("openai", options={"model": "m", "base_url": "http://127.0.0.1:1", **given})


def test_a_model_that_is_not_named_is_asked_for() -> None:
    with pytest.raises(UsageError, match="the agent 'openai' needs a model: --model NAME, or model= among its options"):
        make_agent("openai")


@BOTH
def test_the_key_goes_to_the_server_and_nowhere_else(
    api: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    told = f"Incorrect API key provided: {KEY}."
    with serving([call("add", a=1), fault(401, told)], key=KEY) as server:
        options = {"model": "m", "base_url": server.url, "api": api, "key_name": "MY_KEY", "retries": 0}
        spec = RolloutSpec("openai", env="agentgym/Tools-v0", task=_sum(), agent_options=options, record=str(tmp_path))
        with pytest.raises(UsageError, match=r"\[redacted\]") as caught:
            rollout(spec)
        assert server.exchanges[0].headers["authorization"] == f"Bearer {KEY}"
        with model(server, api=api, key_name="MY_KEY", retries=0) as agent:
            agent.reset(_task(), lambda _event: None)
            with pytest.raises(UsageError):
                agent.act("What is 2 + 3?")
            kept = pickle.dumps(agent) + pickle.dumps(spec) + repr(agent).encode() + repr(vars(agent)).encode()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Incorrect API key" in written
    for place in (written, kept, repr(caught.value).encode(), caplog.text.encode()):
        assert KEY.encode() not in place


def test_a_copy_acts_on_its_own() -> None:
    env = sums()
    with serving([ANSWER, ANSWER]) as server, model(server, temperature=0.3) as agent:
        assert Episode(env, agent, seed=0).run().score == 1
        copy = pickle.loads(pickle.dumps(agent))
        assert Episode(env, copy, seed=0).run().score == 1
        copy.close()
    env.close()
    assert copy.options == agent.options
    assert server.bodies[1] == server.bodies[0]


def test_a_client_that_the_garbage_collector_finds_while_another_is_made_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, held = clients_module._made, clients_module._pool._held
    before = len(held)

    def connection(port: int) -> clients_module.Connection:
        return clients_module.Connection(options_from({"model": "m", "base_url": f"http://127.0.0.1:{port}"}))

    forgotten: list[Any] = [connection(1)]
    forgotten.append(forgotten)
    del forgotten

    def collecting(place: Any) -> Any:
        gc.collect()
        return made(place)

    monkeypatch.setattr(clients_module, "_made", collecting)
    # In a thread, so that one that waited for itself would not keep the tests from ending.
    kept: list[clients_module.Connection] = []
    worker = threading.Thread(target=lambda: kept.append(connection(2)), daemon=True)
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert len(held) == before + 1
    kept.pop().close()
    assert len(held) == before


def test_agents_of_one_server_share_a_client_until_the_last_lets_go() -> None:
    held = clients_module._pool._held
    with serving([ANSWER, ANSWER]) as server:
        before = len(held)
        with model(server) as one, model(server) as other:
            for agent in (one, other):
                env = sums()
                Episode(env, agent, seed=0).run()
                env.close()
            assert len(held) == before + 1
        assert len(held) == before


def test_an_interceptor_may_change_what_is_sent_and_that_is_what_is_recorded() -> None:
    def cooler(intercepted: Call, proceed: Callable[[Call], Any]) -> Any:
        changed = {**intercepted.value, "temperature": 0.25, "messages": intercepted.value["messages"][1:]}
        return proceed(replace(intercepted, value=changed))

    bus = Bus()
    bus.intercept("model_call", cooler)
    played = play(sums(), [ANSWER], bus=bus, temperature=1.0)
    assert played.server.requests[0]["temperature"] == 0.25
    assert [sent_body(request) for request in played.asked] == played.server.bodies


def test_an_interceptor_may_answer_in_place_of_the_model_and_the_stream_says_so() -> None:
    message = {"role": "assistant", "content": "DONE"}
    said = {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    bus = Bus()
    bus.intercept("model_call", lambda _call, _proceed: said)
    played = play(sums(), [], bus=bus)
    assert played.result.steps == 1
    assert played.asked == []
    (note,) = [event for event in played.events if isinstance(event, Note)]
    assert (note.kind, note.value["reply"]) == ("replaced", said)


def test_an_interceptor_may_ask_twice_and_take_either_reply() -> None:
    def twice(intercepted: Call, proceed: Callable[[Call], Any]) -> Any:
        first = proceed(intercepted)
        proceed(intercepted)
        return first

    bus = Bus()
    bus.intercept("model_call", twice)
    played = play(sums(), [ANSWER, say("FAIL")], bus=bus)
    assert played.result.score == 1
    assert len(played.asked) == len(played.answered) == 2
    assert not [event for event in played.events if isinstance(event, Note)]


def test_a_reply_that_an_interceptor_edits_keeps_the_ids_of_its_calls() -> None:
    def edits(intercepted: Call, proceed: Callable[[Call], Any]) -> Any:
        return json.loads(json.dumps(proceed(intercepted)).replace("wrong", "5"))

    bus = Bus()
    bus.intercept("model_call", edits)
    played = play(sums(), [call("answer", text="wrong")], bus=bus)
    assert played.result.score == 1
    assert played.actions[0].id == played.answered[0].tool_calls[0]["id"]
    (note,) = [event for event in played.events if isinstance(event, Note)]
    assert note.value["call_id"] == played.answered[0].call_id


def test_what_an_interceptor_gives_must_be_a_reply() -> None:
    bus = Bus()
    bus.intercept("model_call", lambda _call, _proceed: "DONE")
    with pytest.raises(UsageError, match="an interceptor of 'model_call' returned no reply"):
        play(sums(), [], bus=bus)


def test_calls_that_no_server_would_hear_again_are_told_so_that_it_can() -> None:
    torn = Reply(calls=(ToolUse("functions.add", '{"a": 2', "x"),))
    for api in ("chat", "responses"):
        played = play(sums(), [torn, ANSWER], api=api)
        again = json.dumps(played.server.requests[1])
        assert "functions_add" in again
        assert json.dumps(json.dumps({"raw": '{"a": 2'})) in again
        assert played.answered[0].tool_calls[0]["function"] == {"name": "functions.add", "arguments": '{"a": 2'}


def test_half_a_character_in_a_reply_breaks_nothing() -> None:
    half = "\\ud83d"
    raw = json.loads(f'{{"content": "{half} DONE"}}')
    with pytest.raises(UnicodeEncodeError):
        raw["content"].encode()
    assert encodable_json(raw) == {"content": "? DONE"}


def test_a_request_that_is_no_json_is_the_callers_fault() -> None:
    error, _, asked = failed([ANSWER], UsageError, extra={"metadata": {"weight": float("nan")}})
    assert "cannot be written as JSON" in str(error)
    assert asked == 0


def test_a_refused_call_is_told_and_ends_the_episode() -> None:
    def refuses(_call: Call, _proceed: Callable[[Call], Any]) -> Any:
        raise Refused("over budget")

    events: list[Any] = []
    bus = Bus()
    bus.subscribe(lambda record: events.append(record.payload))
    bus.intercept("model_call", refuses)
    env = sums()
    with serving([]) as server, model(server) as agent, pytest.raises(Refused, match="over budget"):
        Episode(env, agent, seed=0, bus=bus).run()
    env.close()
    assert server.exchanges == []
    (answer,) = [event for event in events if isinstance(event, ModelResponse)]
    assert answer.error == "refused: over budget"
    assert not [event for event in events if isinstance(event, ModelRequest)]


def test_who_acts_is_told_with_each_call() -> None:
    names: list[Any] = []

    def noting(one: Call, proceed: Callable[[Call], Any]) -> Any:
        names.append((one.name, one.agent_id))
        return proceed(one)

    bus = Bus()
    bus.intercept("model_call", noting)
    played = play(sums(), [ANSWER], bus=bus, agent_id="planner")
    assert names == [("scripted", "planner")]
    assert {event.agent_id for event in (*played.asked, *played.answered)} == {"planner"}


def test_after_a_fault_it_can_be_asked_again() -> None:
    env = sums()
    script: list[Any] = [call("add", a=1), fault(500), say("Hm."), fault(500), ANSWER]
    with serving(script) as server, model(server, retries=0) as agent:
        episode = Episode(env, agent, seed=0)
        for observation in episode:
            while episode.steps:
                try:
                    episode.action = agent.act(observation)
                except BackendError:
                    continue
                break
    env.close()
    assert server.refused == []
    assert episode.result().score == 1
    roles = [one["role"] for one in server.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "assistant", "user"]


def test_it_must_be_reset_before_it_acts() -> None:
    with pytest.raises(UsageError, match="before its first reset"):
        OpenAIAgent("m", base_url="http://127.0.0.1:1").act("x")


def test_a_reply_is_read_even_if_nobody_records_it() -> None:
    with serving([say("DONE")]) as server, model(server) as agent:
        agent.reset(_task(), lambda _event: None)
        assert str(agent.act("Say that you are done.")) == "DONE"


def _sum() -> Any:
    from tests.adapters.sums import SUM

    return SUM


def _task() -> Any:
    env = sums()
    env.reset(seed=0)
    task: gym.Env[Any, Any] = env.unwrapped.task  # type: ignore[attr-defined]  # ours have one
    env.close()
    return task
