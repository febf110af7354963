"""A state as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import msgspec

from agentgym.state.parts import AgentPart, EpisodePart, RunPart

if TYPE_CHECKING:
    from agentgym.state.runstate import RunState

__all__ = ["plain_state"]


def plain_state(state: RunState) -> dict[str, Any]:
    """Runs with their episodes and agents, tasks, sessions, sums; what JSON lacks as its repr."""
    tasks = [
        {**_fields(task, "score_sum"), "episodes": task.episodes, "mean_score": task.mean_score}
        for task in state.tasks.values()
    ]
    whole = {
        "is_over": state.is_over,
        "totals": state.totals.plain(),
        "sessions": {name or "": [run.run_id for run in runs] for name, runs in state.sessions.items()},
        "tasks": tasks,
        "runs": [_run(run) for run in [*state.runs.values()]],
        "failures": [_fields(failure) for failure in state.failures],
    }
    plain: dict[str, Any] = msgspec.to_builtins(whole, enc_hook=repr)
    return plain


def _run(run: RunPart) -> dict[str, Any]:
    return {
        **_fields(run, "episodes", "agents", "next_idx"),
        "duration_s": run.duration_s,
        "steps": run.steps,
        "totals": run.totals.plain(),
        "agents": [_agent(agent) for agent in [*run.agents.values()]],
        "episodes": [_episode(episode) for episode in [*run.episodes.values()]],
    }


def _agent(agent: AgentPart) -> dict[str, Any]:
    return {**_fields(agent, "totals"), "totals": agent.totals.plain()}


def _episode(episode: EpisodePart) -> dict[str, Any]:
    plain = {**_fields(episode, "run_id", "totals", "detail"), "duration_s": episode.duration_s}
    plain["totals"] = episode.totals.plain()
    detail = episode.detail
    if detail is not None:
        asked = [call for call in [*detail.open_calls.values()] if call.status == "pending"]
        plain["steps_made"] = _all([*detail.steps])
        plain["calls"] = _all([*detail.calls, *asked])
    return plain


def _all(parts: Iterable[Any]) -> list[dict[str, Any]]:
    return [_fields(part) for part in parts]


def _fields(part: Any, *without: str) -> dict[str, Any]:
    return {one.name: getattr(part, one.name) for one in fields(part) if one.name not in without}
