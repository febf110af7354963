"""A model at a server: its calls, their tools and what they used, as the state has them, live and afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentgym.runner import Episode
from agentgym.state import Call, RunState
from agentgym.wrappers import TrajectoryRecorder
from tests.agents.llm import model, sums
from tests.modelserver import call, calls, fault, serving

SCRIPT: Any = [calls(("add", {"a": 2, "b": 3}), ("add", {"a": 2})), fault(429, retry_after=0), call("answer", text="5")]


@pytest.mark.episodes
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_calls_of_models_and_tools_are_joined_and_summed(api: str, tmp_path: Path) -> None:
    live = RunState(details=True)
    pending: list[int] = []
    with serving(SCRIPT) as server, model(server, api=api) as agent:
        env = TrajectoryRecorder(sums(), tmp_path)
        env.bus.subscribe(live.apply)
        env.bus.subscribe(lambda _record: pending.append(waiting(live)), "model_response")
        result = Episode(env, agent, seed=0, agent_id="solver").run()
        env.close()
    (run,) = live.runs.values()
    episode = run.episodes[0]
    assert (episode.score, episode.steps, run.status) == (1.0, 2, "done")
    for totals in (episode.totals, live.totals):
        told: dict[str, Any] = dict(totals.plain())
        assert told.pop("cost_usd") == result.usage["cost_usd"]
        assert told == {name: result.usage[name] or 0 for name in told}
        assert (totals.input_tokens, totals.output_tokens) == (
            server.usage["input_tokens"],
            server.usage["output_tokens"],
        )
    assert episode.detail is not None
    asked, answered = [one for one in episode.detail.calls if one.kind == "model"]
    used = [one for one in episode.detail.calls if one.kind == "tool"]
    assert {one.status for one in episode.detail.calls} == {"done"}
    assert [(one.name, one.model_call_id) for one in used] == [
        ("add", asked.call_id),
        ("add", asked.call_id),
        ("answer", answered.call_id),
    ]
    assert pending == [2, 1], "what a model asked for waits until it is done"
    assert RunState.read(tmp_path, details=True).plain() == live.plain()


def waiting(state: RunState) -> int:
    (run,) = state.runs.values()
    detail = run.episodes[0].detail
    open_calls: list[Call] = [] if detail is None else list(detail.open_calls.values())
    return sum(one.status == "pending" for one in open_calls)
