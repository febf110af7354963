from __future__ import annotations

import json
from typing import Any

import pytest

from agentgym.agents import make_agent
from agentgym.agents.reviewed import Reviewed
from agentgym.agents.team import Team
from agentgym.errors import UsageError
from agentgym.events import Bus, ModelResponse, Note, ToolCalled
from tests.agents.test_team import ADD, ANSWER, VAULT, Says, hand, member, played
from tests.modelserver import Reply, call, say, serving

APPROVE = {"name": "approve", "arguments": {}}
BACK = {"name": "send_back", "arguments": {"reason": "The code is 2."}}


def clerk_and_critic(body: dict[str, Any]) -> Reply:
    """A clerk that guesses until it is told, and a critic that knows."""
    said = json.dumps(body["messages"][1:])
    if "You know the code" in body["messages"][0]["content"]:
        wrong = "'5'" not in body["messages"][-1]["content"]
        return call("send_back", reason="The code is 2, so it is 5.") if wrong else call("approve")
    return call("answer", text="5" if "it is 5" in said else "9")


def test_a_critic_that_knows_better_makes_a_wrong_answer_right() -> None:
    with serving(clerk_and_critic) as server:
        clerk, critic = member(server.url, "clerk", "Guess."), member(server.url, "critic", "You know the code: 2.")
        alone = played(make_agent("openai", options=clerk["options"]))
        assert alone.score == 0.0
        bus = Bus()
        events: list[Any] = []
        bus.subscribe(lambda record: events.append(record.payload))
        both = played(make_agent("reviewed", options={"agent": clerk, "critic": critic}), bus=bus)
        assert (both.score, both.steps) == (1.0, 1)
        assert server.refused == []
        sent_back = server.requests[3]["messages"][-1]
        assert sent_back["role"] == "tool"
        heard = server.requests[4]["messages"][-1]
        assert (heard["role"], heard["content"]) == ("tool", "Steps left: 6\n\nproposed action:\nanswer(text='5')")
        assert sent_back["content"] == "Not done: critic sent it back: The code is 2, so it is 5."
    answered = [(event.agent_id, event.parent_id) for event in events if isinstance(event, ModelResponse)]
    assert answered == [("clerk", "team"), ("critic", "team"), ("clerk", "team"), ("critic", "team")]
    (used,) = [event for event in events if isinstance(event, ToolCalled)]
    assert (used.agent_id, used.arguments) == ("clerk", {"text": "5"})
    verdicts = [event for event in events if isinstance(event, Note) and event.kind == "review"]
    assert [(note.value["verdict"], note.text, note.agent_id) for note in verdicts] == [
        ("send_back", "The code is 2, so it is 5.", "critic"),
        ("approve", None, "critic"),
    ]
    assert verdicts[1].value["action"] == "answer(text='5')"


def test_the_critic_is_shown_the_task_what_is_seen_and_the_action() -> None:
    with serving([call("approve")]) as server:
        critic = member(server.url, "critic", "Judge.")
        played(Reviewed({"agent": Says(ANSWER), "id": "clerk"}, critic))
        (body,) = server.requests
        assert [tool["function"]["name"] for tool in body["tools"]] == ["approve", "send_back"]
        told = body["messages"][-1]["content"]
        assert f"The task: {VAULT['instruction']}" in told
        assert "proposed action:\nanswer(text='5')" in told
        assert told.count(VAULT["instruction"]) == 1


@pytest.mark.parametrize("times", [0, 1, 2])
def test_an_action_comes_back_so_often_and_then_is_done(times: int) -> None:
    agent, critic = Says(ADD, ADD, ANSWER), Says(*[BACK] * times, APPROVE)
    reviewed = Reviewed({"agent": agent, "id": "a"}, {"agent": critic, "id": "c"}, times=times)
    result = played(reviewed)
    assert result.score == 1.0
    assert result.steps == 3 - times
    errors = [info["action_error"] for info in agent.infos if info.get("action_error")]
    assert errors == ["c sent it back: The code is 2."] * times


def test_a_critic_that_says_neither_lets_it_be_done_and_that_is_noted() -> None:
    bus = Bus()
    notes: list[Any] = []
    bus.subscribe(lambda record: notes.append(record.payload), Note)
    played(Reviewed({"agent": Says(ANSWER), "id": "a"}, {"agent": Says("well..."), "id": "c"}), bus=bus)
    assert [note.value["verdict"] for note in notes if note.kind == "review"] == ["none"]


def test_a_team_can_be_reviewed_and_its_member_is_who_acts() -> None:
    script = [call("answer", text="5"), call("approve")]
    with serving(script) as server:
        bus = Bus()
        used: list[Any] = []
        answered: list[Any] = []
        bus.subscribe(lambda record: used.append(record.payload), ToolCalled)
        bus.subscribe(lambda record: answered.append(record.payload), ModelResponse)
        team = Team([{"agent": Says(hand("clerk")), "id": "boss"}, member(server.url, "clerk", "Do.")])
        reviewed = Reviewed({"agent": team, "id": "office"}, member(server.url, "critic", "Judge."))
        assert played(reviewed, bus=bus).score == 1.0
    assert [event.agent_id for event in used] == ["clerk"]
    assert [(event.agent_id, event.parent_id) for event in answered] == [("clerk", "office"), ("critic", "team")]


def test_a_text_of_a_worker_is_reviewed_as_it_is() -> None:
    with serving([say("DONE"), call("approve")]) as server:
        clerk = member(server.url, "clerk", "Do.")
        result = played(Reviewed(clerk, member(server.url, "critic", "Judge.")))
        assert result.score == 0.0
        assert "proposed action:\nDONE" in server.requests[1]["messages"][-1]["content"]


def test_two_of_one_name_are_told_in_a_line() -> None:
    with pytest.raises(UsageError, match="both called 'noop'; give each an id"):
        make_agent("reviewed", options={"agent": "noop", "critic": "noop"})
    with pytest.raises(UsageError, match="times is -1"):
        make_agent("reviewed", options={"agent": "noop", "critic": "random", "times": -1})


def test_a_tool_that_the_agent_does_not_have_is_not_even_reviewed() -> None:
    agent, critic = Says(ADD, ADD, ADD, ANSWER), Says(APPROVE)
    reviewed = Reviewed({"agent": agent, "id": "a", "tools": ["answer"]}, {"agent": critic, "id": "c"}, times=2)
    bus = Bus()
    used: list[Any] = []
    bus.subscribe(lambda record: used.append(record.payload), ToolCalled)
    result = played(reviewed, bus=bus)
    assert (result.score, result.steps, len(critic.seen)) == (1.0, 2, 1)
    assert [event.name for event in used] == ["answer"]
    assert [tool["function"]["name"] for tool in agent.infos[0]["tools"]] == ["answer"]
    assert agent.infos[1]["action_error"] == "a has no tool 'add'"
