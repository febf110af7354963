"""The Agent Trajectory Interchange Format, version 1.7: one JSON document an episode, its pictures beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.events.usage import Usage
from agentgym.export.base import fresh
from agentgym.export.chat import text_of, tool, wanted
from agentgym.export.story import ModelCall, Move, Story, ToolUse, moves, stories
from agentgym.export.writing import action_text, plain, save_png, screen, write_json
from agentgym.trajectory import Dataset

__all__ = ["export_atif"]

Form: TypeAlias = dict[str, Any]

_VERSION = "ATIF-v1.7"
_UNKNOWN = "unknown"
_SOURCES = {"system": "system", "developer": "system", "user": "user"}


def export_atif(dataset: Dataset, out: Path, *, screenshots: bool = True) -> None:
    """Writes a folder with ``<run_id>-<episode>.json`` for ``atif.Trajectory``, and ``images/`` with its pictures.

    The model's prompts, then a step for each of its answers with the tools that it called and what they returned. A
    step of the environment that no tool call led to is a call of ``env.step``, of zero model calls if no model was
    asked. What the environment showed and paid then is a result of its own, the reward in ``extra``.

    Has no place but ``extra`` for: rewards and their terms, ends, seeds, scores, failures, latencies, sampling. None at
    all for: pictures that were sent to the model, texts that were observed other than by a tool, infos, notes, phases,
    the task's setup and evaluator. The agent's name and version are demanded: where the recording has none they are
    ``"unknown"``.

    Args:
        screenshots: whether pictures are written, one an observation.

    Raises:
        UsageError: if something is at ``out``.
    """
    with fresh(out) as folder:
        folder.mkdir()
        for story in stories(dataset):
            write_json(folder / f"{story.name}.json", _trajectory(story, folder if screenshots else None))


def _trajectory(story: Story, folder: Path | None) -> Form:
    steps = [_kept(step) for step in _steps(story, folder)]
    for number, step in enumerate(steps, 1):
        step["step_id"] = number
    return _kept(
        {
            "schema_version": _VERSION,
            "session_id": story.run.session_id or story.episode.run_id,
            "trajectory_id": story.name,
            "agent": _agent(story),
            "steps": steps,
            "final_metrics": _final(story, len(steps)),
            "extra": {
                "task_id": story.task_id,
                "seed": story.episode.seed,
                "env": story.run.env.get("id"),
                "failure": story.episode.failure,
            },
        }
    )


def _agent(story: Story) -> Form:
    tools = next((call.request.tools for call in story.model_calls if call.request), None) or story.run.tools
    return _kept(
        {
            "name": story.run.agent or _UNKNOWN,
            "version": story.run.agent_version or _UNKNOWN,
            "model_name": story.model,
            "tool_definitions": [tool(one) for one in tools] or None,
            "extra": {"sampling": plain(story.run.sampling)} if story.run.sampling else None,
        }
    )


def _steps(story: Story, folder: Path | None) -> Iterator[Form]:
    first = _picture(story, 0, folder)
    told = list(_told(story.model_calls[0], ()) if story.model_calls else ())
    if not any(step["source"] == "user" for step in told):
        told.append({"source": "user", "message": story.instruction or "", "timestamp": story.began_at})
    if first:
        # What was seen before anything was done belongs to what was asked.
        asked = next(step for step in reversed(told) if step["source"] == "user")
        asked["message"] = [{"type": "text", "text": asked["message"]}, first]
    yield from told
    before: ModelCall | None = None
    for move in chain.from_iterable(moves(turn) for turn in story.turns if not turn.is_empty):
        if before is not None and move.call is not None:
            yield from _told(move.call, _sent(before))
        before = move.call or before
        yield _agent_step(story, move, folder)


def _told(call: ModelCall, earlier: Sequence[Mapping[str, Any]]) -> Iterator[Form]:
    """What people and programs said to the model that it had not been sent before."""
    sent = _sent(call)
    known = 0
    while known < min(len(earlier), len(sent)) and sent[known] == earlier[known]:
        known += 1
    for message in sent[known:]:
        if message["role"] in _SOURCES:
            text = text_of(message.get("content")) or ""
            yield {"source": _SOURCES[message["role"]], "message": text, "timestamp": call.asked_at}


def _sent(call: ModelCall) -> Sequence[Mapping[str, Any]]:
    return call.request.messages if call.request is not None else ()


def _agent_step(story: Story, move: Move, folder: Path | None) -> Form:
    calls, results = _tools(move)
    step = move.turn.step if move.closes else None
    if step is not None:
        results.append(_seen(story, move, folder))
    form: Form = {
        "source": "agent",
        "timestamp": (move.call and move.call.answered_at) or move.turn.ended_at,
        "message": "",
        "tool_calls": calls or None,
        "observation": {"results": results} if results else None,
        "llm_call_count": 0 if move.call is None else 1,
        "extra": _extra(move),
    }
    if move.call is not None and move.call.response is not None:
        response = move.call.response
        form |= {
            "message": text_of(response.content) or "",
            "model_name": move.call.model,
            "reasoning_content": response.reasoning,
            "metrics": _metrics(move.call),
        }
    return form


def _tools(move: Move) -> tuple[list[Form], list[Form]]:
    """The tool calls of a move and their results; the model's own where no tool was seen to be called."""
    calls = [_used(use) for use in move.tools]
    results = [_result(use) for use in move.tools if use.returned is not None]
    used = {use.call_id for use in move.tools}
    if move.call is not None and move.call.response is not None:
        asked = [wanted(call) for call in move.call.response.tool_calls]
        calls += [_call(call.id, call.name, call.as_object) for call in asked if call.id and call.id not in used]
    if not calls and move.closes and move.turn.step is not None:
        calls = [_call(_own_id(move), "env.step", {"action": action_text(move.turn.step.action)})]
    return calls, results


def _own_id(move: Move) -> str:
    return f"step-{move.turn.number}"


def _call(identity: str, name: str, arguments: Any) -> Form:
    return {"tool_call_id": identity, "function_name": name, "arguments": arguments}


def _used(use: ToolUse) -> Form:
    arguments = plain(use.called.arguments) if use.called else {}
    return _call(use.call_id, use.name or _UNKNOWN, arguments)


def _result(use: ToolUse) -> Form:
    returned = use.returned
    assert returned is not None
    content = text_of(plain(returned.result)) if returned.ok else returned.error
    extra = {"ok": returned.ok, "latency_ms": returned.latency_ms}
    return {"source_call_id": use.call_id, "content": content, "extra": _kept(extra)}


def _seen(story: Story, move: Move, folder: Path | None) -> Form:
    """What the environment answered to a step."""
    step, turn = move.turn.step, move.turn
    assert step is not None
    picture = _picture(story, turn.number, folder)
    extra = {
        "reward": turn.reward,
        "reward_terms": plain(step.reward_terms) or None,
        "terminated": step.terminated,
        "truncated": step.truncated,
        "action_error": step.info.get("action_error"),
    }
    return _kept({"content": [picture] if picture else None, "extra": _kept(extra)})


def _extra(move: Move) -> Form | None:
    step = move.turn.step if move.closes else None
    failed = move.call.response.error if move.call and move.call.response else None
    form = {"env_step": step and step.step, "action": step and action_text(step.action), "error": failed}
    return _kept(form) or None


def _metrics(call: ModelCall) -> Form | None:
    response = call.response
    assert response is not None
    usage = Usage.read(response.usage)
    form = {
        "prompt_tokens": usage.all_input_tokens,
        "completion_tokens": usage.output_tokens,
        "cached_tokens": usage.cache_read_input_tokens,
        "cost_usd": response.cost_usd,
        "prompt_token_ids": response.prompt_token_ids,
        "completion_token_ids": response.completion_token_ids,
        "logprobs": response.logprobs,
        "extra": None if usage.reasoning_tokens is None else {"reasoning_tokens": usage.reasoning_tokens},
    }
    return _kept(form) or None


def _final(story: Story, steps: int) -> Form:
    answered = [call.response for call in story.model_calls if call.response is not None]
    usages = [Usage.read(response.usage) for response in answered]
    return _kept(
        {
            "total_prompt_tokens": _total(usage.all_input_tokens for usage in usages),
            "total_completion_tokens": _total(usage.output_tokens for usage in usages),
            "total_cached_tokens": _total(usage.cache_read_input_tokens for usage in usages),
            "total_cost_usd": _total(response.cost_usd for response in answered),
            "total_steps": steps,
            "extra": {
                "score": story.score,
                "score_terms": plain(story.scored.terms) if story.scored else {},
                "return": story.total_return,
                "env_steps": len(story.episode),
            },
        }
    )


def _total(counts: Iterator[Any]) -> Any:
    """Their sum; None if none is known."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _picture(story: Story, t: int, folder: Path | None) -> Form | None:
    if folder is None:
        return None
    picture = screen(story.episode.observations[t])
    if picture is None:
        return None
    path = f"images/{story.name}/{t:06d}.png"
    save_png(picture, folder / path)
    return {"type": "image", "source": {"media_type": "image/png", "path": path}}


def _kept(form: Form) -> Form:
    """Without what is not known: ATIF leaves it out."""
    return {key: value for key, value in form.items() if value is not None}
