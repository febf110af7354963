"""AWorld's agents and swarms, and agents that are made of others."""

from __future__ import annotations

from typing import Any

from agentgym.agents import make_agent
from agentgym.agents.team import HAND_OVER
from agentgym.events import Bus, ModelResponse, Note, ToolCalled
from agentgym.runner import Episode, EpisodeResult
from tests.aworld.playing import heard, sums
from tests.modelserver import call, say, serving


def member(url: str, name: str, **more: Any) -> dict[str, Any]:
    return {"agent": "openai", "id": name, "options": {"model": name, "base_url": url}, **more}


def play_together(script: list[Any], kind: str, names: tuple[str, ...], make: Any) -> tuple[EpisodeResult, list[Any]]:
    """How it went, and who asked a model, called a tool and handed over."""
    bus, env = Bus(), sums()
    seen = heard(bus, ModelResponse, ToolCalled, Note)
    with serving(script) as server:
        agent: Any = make_agent(kind, options=make(*[member(server.url, name) for name in names]))
        result = Episode(env, agent, seed=0, bus=bus).run()
        agent.close()
        assert server.refused == []
    env.close()
    return result, seen


def turns(seen: list[Any]) -> list[str | None]:
    return [event.agent_id for event in seen if isinstance(event, ModelResponse)]


def check_one_agent() -> None:
    bus, env = Bus(), sums()
    seen = heard(bus, ModelResponse)
    with serving([call("answer", text="5")]) as server:
        agent: Any = make_agent("openai", options={"model": "scripted", "base_url": server.url})
        assert Episode(env, agent, seed=0, bus=bus).run().score == 1.0
        agent.close()
    env.close()
    assert len(seen) == 1


def check_workflow() -> None:
    """One after the other, in a fixed order: each hands over to the next."""
    script = [
        call(HAND_OVER, to="second", message="Add them."),
        call("add", a=2, b=3),
        call(HAND_OVER, to="third", message="It is 5."),
        call("answer", text="5"),
    ]
    result, seen = play_together(script, "team", ("first", "second", "third"), lambda *all_: {"members": list(all_)})
    assert result.score == 1.0
    assert turns(seen) == ["first", "second", "second", "third"]


def check_handoff() -> None:
    script = [
        call(HAND_OVER, to="adder", message="What is 2 + 3?"),
        call("add", a=2, b=3),
        call(HAND_OVER, to="clerk", message="5"),
        call("answer", text="5"),
    ]
    result, seen = play_together(script, "team", ("clerk", "adder"), lambda *all_: {"members": list(all_)})
    assert result.score == 1.0
    handed = [note.value for note in seen if isinstance(note, Note) and note.kind == HAND_OVER]
    assert handed == [{"from": "clerk", "to": "adder"}, {"from": "adder", "to": "clerk"}]


def check_leader_and_workers() -> None:
    script = [
        call(HAND_OVER, to="adder", message="Add 2 and 3."),
        call("add", a=2, b=3),
        say("DONE"),
        call("answer", text="5"),
    ]
    result, seen = play_together(
        script, "planned", ("planner", "adder"), lambda planner, *workers: {"planner": planner, "workers": workers}
    )
    assert result.score == 1.0
    assert turns(seen) == ["planner", "adder", "adder", "planner"]


def check_loop_until_approved() -> None:
    script = [
        call("answer", text="9"),
        call("send_back", reason="It is 5."),
        call("answer", text="5"),
        call("approve"),
    ]
    result, seen = play_together(
        script, "reviewed", ("clerk", "critic"), lambda agent, critic: {"agent": agent, "critic": critic}
    )
    assert (result.score, result.steps) == (1.0, 1)
    assert turns(seen) == ["clerk", "critic", "clerk", "critic"]


def check_who_of_them() -> None:
    script = [call(HAND_OVER, to="adder", message="Go on."), call("add", a=2, b=3), call("answer", text="5")]
    _, seen = play_together(script, "team", ("clerk", "adder"), lambda *all_: {"members": list(all_)})
    answers = {event.call_id: event for event in seen if isinstance(event, ModelResponse)}
    assert {answer.parent_id for answer in answers.values()} == {"team"}
    asked = [event.model_call_id or "" for event in seen if isinstance(event, ToolCalled)]
    assert [answers[call_id].agent_id for call_id in asked] == ["adder", "adder"]
