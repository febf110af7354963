"""Records folded into spans: who called what on whose behalf."""

from __future__ import annotations

from collections.abc import Iterable

from agentgym.events import Bus, Event, ModelRequest, ModelResponse, Reset, RunStarted, Step, ToolCalled, ToolReturned
from agentgym.sinks.spans import EpisodeSpans, Span


def folded(events: Iterable[Event]) -> list[Span]:
    bus = Bus()
    spans = EpisodeSpans(RunStarted(agent="team"), bus.publish(Reset(observation=None)), content=False)
    found = [span for event in events for span in spans.take(bus.publish(event))]
    return [*found, *spans.end()]


def call(call_id: str, agent: str | None = None, parent: str | None = None) -> list[Event]:
    return [
        ModelRequest(call_id=call_id, model=f"m-{call_id}", agent_id=agent, parent_id=parent),
        ModelResponse(call_id=call_id, model=f"m-{call_id}", agent_id=agent, parent_id=parent),
    ]


def tree(spans: list[Span]) -> dict[str, str]:
    """By the name of each span that of its parent."""
    names = {span.span_id: span.name for span in spans}
    assert len(names) == len(spans)
    return {span.name: names[span.parent_id] for span in spans if span.parent_id is not None}


def test_the_calls_of_one_agent_are_its_own() -> None:
    spans = folded([*call("1", "alone"), ToolCalled(call_id="t", name="bash", parent_id="alone"), *call("2", "alone")])
    assert tree(spans) == {
        "chat m-1": "invoke_agent team",
        "chat m-2": "invoke_agent team",
        "execute_tool bash": "invoke_agent team",
    }
    assert spans[0].attributes["gen_ai.agent.id"] == "alone"


def test_an_agent_of_a_team_is_a_span_around_its_calls() -> None:
    spans = folded(
        [
            *call("1", "planner", "team"),
            *call("2", "worker", "team"),
            ToolCalled(call_id="t", name="bash", parent_id="worker", model_call_id="2"),
            ToolReturned(call_id="t", name="bash", ok=True, parent_id="worker"),
            *call("3", "helper", "worker"),
            Step(step=1, observation=None, action=0, reward=0.0, terminated=False, truncated=False),
            *call("4", "planner", "team"),
        ]
    )
    assert tree(spans) == {
        "chat m-1": "invoke_agent planner",
        "chat m-2": "invoke_agent worker",
        "execute_tool bash": "invoke_agent worker",
        "chat m-3": "invoke_agent helper",
        "chat m-4": "invoke_agent planner",
        "invoke_agent planner": "invoke_agent team",
        "invoke_agent worker": "invoke_agent team",
        "invoke_agent helper": "invoke_agent worker",
    }
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        if span.parent_id is not None:
            above = by_id[span.parent_id]
            assert above.began <= span.began <= span.ended <= above.ended


def test_what_a_tool_asks_a_model_is_within_the_tool() -> None:
    asked = [ToolCalled(call_id="t", name="ask_user"), *call("1", "user", "t"), ToolReturned(call_id="t", ok=True)]
    assert tree(folded(asked)) == {"chat m-1": "execute_tool ask_user", "execute_tool ask_user": "invoke_agent team"}
