"""Trae Agent's trajectory files: one JSON document an episode."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.events import ModelResponse
from agentgym.events.usage import Usage
from agentgym.export.base import fresh
from agentgym.export.chat import text_of, wanted
from agentgym.export.story import ModelCall, Story, ToolUse, Turn, stories
from agentgym.export.writing import action_text, plain, write_json
from agentgym.trajectory import Dataset

__all__ = ["export_trae"]

Form: TypeAlias = dict[str, Any]


def export_trae(dataset: Dataset, out: Path) -> None:
    """Writes a folder with ``trajectory_YYYYMMDD_HHMMSS.json``, one an episode, named by when it began.

    The layout is that of Trae Agent's ``TrajectoryRecorder``, with its ``id`` fields. An agent step is a step of the
    environment with the model and tool calls that led to it; what came after the last step is one more. A step that no
    tool call led to is given as a call of ``env.step``. ``input_messages`` is all that the model was sent, not what was
    new of it. ``success`` is a score of 1; where there is no score, what the agent claimed.

    Has no place for: observations and pictures, rewards, scores, seeds, sampling, definitions of tools, token ids,
    reasoning, latencies, calls of a model that failed (their error stands in the step). Null where it is unknown:
    provider, model, max_steps, token counts, a tool call's provider id.

    Raises:
        UsageError: if something is at ``out``.
    """
    with fresh(out) as folder:
        folder.mkdir()
        taken: set[str] = set()
        for story in stories(dataset):
            name = _free_name(story, taken)
            taken.add(name)
            write_json(folder / f"{name}.json", _trajectory(story))


def _free_name(story: Story, taken: set[str]) -> str:
    base = f"trajectory_{datetime.fromisoformat(story.began_at):%Y%m%d_%H%M%S}"
    names = itertools.chain([base], (f"{base}_{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _trajectory(story: Story) -> Form:
    results = {tool.call_id: tool for turn in story.turns for tool in turn.tool_uses}
    calls = [call for call in story.model_calls if not call.failed]
    return {
        "task": story.instruction if story.instruction is not None else story.task_id,
        "start_time": story.began_at,
        "end_time": story.ended_at,
        "provider": story.provider,
        "model": story.model,
        "max_steps": story.max_steps,
        "llm_interactions": [_interaction(call, story, results) for call in calls],
        "agent_steps": [
            _agent_step(number, turn, story, results)
            for number, turn in enumerate((turn for turn in story.turns if not turn.is_empty), 1)
        ],
        "success": story.succeeded,
        "final_result": story.final_result,
        "execution_time": story.seconds,
    }


def _interaction(call: ModelCall, story: Story, results: Mapping[str, ToolUse]) -> Form:
    return {
        "timestamp": call.answered_at,
        "provider": call.provider or story.provider,
        "model": call.model or story.model,
        "input_messages": _messages(call, results),
        "response": _response(call, story),
        "tools_available": [_tool_name(tool) for tool in call.request.tools] if call.request else [],
    }


def _agent_step(number: int, turn: Turn, story: Story, results: Mapping[str, ToolUse]) -> Form:
    call = turn.model_calls[-1] if turn.model_calls else None
    # What broke the episode off broke the turn that led to no step.
    error = turn.error if turn.step is not None else story.episode.failure or turn.error
    calls, returned = _tools(turn)
    return {
        "step_number": number,
        "timestamp": turn.ended_at,
        "state": (turn.step and turn.step.agent_state) or ("error" if error else "completed"),
        "llm_messages": None if call is None else _messages(call, results),
        "llm_response": None if call is None or call.failed else _response(call, story),
        "tool_calls": calls,
        "tool_results": returned,
        "reflection": turn.step.reflection if turn.step else None,
        "error": error,
        "lakeview_summary": next((note.text for note in turn.notes if note.kind == "lakeview_summary"), None),
    }


def _messages(call: ModelCall, results: Mapping[str, ToolUse]) -> list[Form]:
    return [form for raw in (call.request.messages if call.request else ()) for form in _message(raw, results)]


def _message(raw: Mapping[str, Any], results: Mapping[str, ToolUse]) -> Iterator[Form]:
    """A message as Trae has it: with one tool call at most, and a tool's result said by the user."""
    role, content = raw["role"], text_of(raw.get("content"))
    if role == "tool":
        identity = raw.get("tool_call_id")
        yield _form("user", None, tool_result=_told_result(identity, content, results.get(identity or "")))
        return
    calls = raw.get("tool_calls") or []
    if not calls:
        yield _form(role, content)
    for place, each in enumerate(calls):
        yield _form(role, content if place == 0 else None, tool_call=_wanted(each))


def _form(role: str, content: str | None, *, tool_call: Form | None = None, tool_result: Form | None = None) -> Form:
    return {"role": role, "content": content, "tool_call": tool_call, "tool_result": tool_result}


def _response(call: ModelCall, story: Story) -> Form:
    response = call.response or ModelResponse(call_id=call.call_id)
    usage = Usage.read(response.usage)
    return {
        "content": text_of(response.content),
        "model": response.model or story.model,
        "finish_reason": response.finish_reason,
        "usage": None
        if response.usage is None
        else {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_creation_input_tokens": usage.cache_creation_input_tokens,
            "cache_read_input_tokens": usage.cache_read_input_tokens,
            "reasoning_tokens": usage.reasoning_tokens,
        },
        "tool_calls": [_wanted(each) for each in response.tool_calls] or None,
    }


def _tools(turn: Turn) -> tuple[list[Form] | None, list[Form] | None]:
    """What was called in a step, and what came of it."""
    if turn.tool_uses:
        calls = [_called(tool) for tool in turn.tool_uses]
        return calls, [_result(tool) for tool in turn.tool_uses if tool.returned is not None]
    if turn.step is None:
        return None, None
    identity = f"step-{turn.number}"
    call = {
        "call_id": identity,
        "name": "env.step",
        "arguments": {"action": action_text(turn.step.action)},
        "id": None,
    }
    refused = turn.step.info.get("action_error")
    result = {"call_id": identity, "success": refused is None, "result": None, "error": refused, "id": None}
    return [call], [result]


def _called(tool: ToolUse) -> Form:
    called = tool.called
    arguments = plain(called.arguments) if called else None
    identity = called.provider_id if called else None
    return {"call_id": tool.call_id, "name": tool.name, "arguments": arguments, "id": identity}


def _result(tool: ToolUse) -> Form:
    returned = tool.returned
    assert returned is not None
    return {
        "call_id": tool.call_id,
        "success": returned.ok,
        "result": text_of(plain(returned.result)),
        "error": returned.error,
        "id": tool.called.provider_id if tool.called else None,
    }


def _told_result(identity: str | None, content: str | None, tool: ToolUse | None) -> Form:
    returned = tool.returned if tool else None
    return {
        "call_id": identity,
        "success": returned.ok if returned else None,
        "result": content,
        "error": returned.error if returned else None,
        "id": None,
    }


def _wanted(raw: Mapping[str, Any]) -> Form:
    call = wanted(raw)
    return {"call_id": call.id, "name": call.name, "arguments": call.as_object, "id": raw.get("provider_id")}


def _tool_name(tool: Mapping[str, Any]) -> str | None:
    inner = tool.get("function", tool)
    return inner.get("name") if isinstance(inner, Mapping) else None
