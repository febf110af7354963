"""AWorld's trajectories: one JSON list of its trajectory items an episode."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.export.base import fresh
from agentgym.export.chat import answer, text_of
from agentgym.export.story import Move, Story, ToolUse, moves, stories
from agentgym.export.writing import action_text, plain, write_json
from agentgym.trajectory import Dataset

__all__ = ["export_aworld"]

Form: TypeAlias = dict[str, Any]

_RUNNER = "runner"


def export_aworld(dataset: Dataset, out: Path) -> None:
    """Writes a folder with ``<run_id>-<episode>.json``: a list of items for ``TrajectoryItem.model_validate``.

    An item is an answer of a model and what came of it; of a step without one, the action. ``state.messages`` is what
    the model was sent, without its answer; ``reward.score`` what the environment paid for the step that the item led
    to, null for the others. ``action.ext_info`` has what AWorld has no place for of the step: the action in the
    environment's form, whether it ended the episode, its reward terms, token counts; and of the last step the score.

    Has no place for: observations and pictures, seeds, sampling, token ids, latencies, definitions of tools, the task's
    setup and evaluator.

    Raises:
        UsageError: if something is at ``out``.
    """
    with fresh(out) as folder:
        folder.mkdir()
        for story in stories(dataset):
            write_json(folder / f"{story.name}.json", _items(story))


def _items(story: Story) -> list[Form]:
    made = [move for turn in story.turns if not turn.is_empty for move in moves(turn)]
    return [
        _item(story, number, move, made[number - 2] if number > 1 else None, is_last=number == len(made))
        for number, move in enumerate(made, 1)
    ]


def _item(story: Story, number: int, move: Move, before: Move | None, *, is_last: bool) -> Form:
    began = (move.call and move.call.asked_at) or move.turn.began_at
    agent = (move.turn.step and move.turn.step.agent_id) or story.run.agent
    return {
        "id": f"{story.episode.run_id}:{story.episode.number}:{number}",
        "meta": {
            "session_id": story.run.session_id or story.episode.run_id,
            "task_id": story.task_id or story.name,
            "task_name": story.reset.task_name or story.task_id,
            "agent_id": agent,
            "step": number,
            "execute_time": datetime.fromisoformat(began).timestamp(),
            "pre_agent": _pre_agent(move, before),
        },
        "state": {
            "input": _input(story, agent, before),
            "messages": [plain(message) for message in _sent(move)],
            "context": plain(move.turn.step.context) if move.turn.step else {},
        },
        "action": _action(story, move, is_last=is_last),
        "reward": {
            "tool_outputs": [_output(tool) for tool in move.tools],
            "status": move.turn.step.status if move.closes and move.turn.step else None,
            "score": move.turn.reward if move.closes else None,
        },
    }


def _pre_agent(move: Move, before: Move | None) -> str | None:
    told = move.turn.step.pre_agent if move.turn.step else None
    if told is not None or before is None:
        return told or _RUNNER
    return before.tools[-1].name if before.tools else "env.step"


def _input(story: Story, agent: str | None, before: Move | None) -> Form:
    results = [_output(tool) for tool in before.tools] if before else []
    first = story.instruction if before is None else None
    return {
        "from_agent_name": _RUNNER if before is None else None,
        "to_agent_name": agent,
        "content": results[-1]["content"] if results else first,
        "action_result": results,
        "image": None,
        "images": [],
        "dom_tree": None,
    }


def _output(tool: ToolUse) -> Form:
    called, returned = tool.called, tool.returned
    return {
        "is_done": False,
        "success": returned.ok if returned else False,
        "content": text_of(plain(returned.result)) if returned else None,
        "error": returned.error if returned else "the tool did not return",
        "keep": False,
        "action_name": tool.name,
        "tool_name": (called.tool if called else None) or tool.name,
        "tool_call_id": tool.call_id,
        "metadata": {} if returned is None else {"latency_ms": returned.latency_ms},
        "parameter": plain(called.arguments) if called else {},
    }


def _sent(move: Move) -> Sequence[Any]:
    return move.call.request.messages if move.call is not None and move.call.request is not None else ()


def _action(story: Story, move: Move, *, is_last: bool) -> Form:
    step = move.turn.step if move.closes else None
    said = answer(move.call.response) if move.call and move.call.response else {}
    extra: Form = {}
    if move.call and move.call.response:
        extra |= {"usage": plain(move.call.response.usage), "error": move.call.response.error}
    if step is not None:
        extra |= {
            "action": action_text(step.action),
            "terminated": step.terminated,
            "truncated": step.truncated,
            "reward_terms": plain(step.reward_terms),
            "action_error": step.info.get("action_error"),
        }
    if is_last:
        extra |= {"score": story.score, "failure": story.episode.failure}
    told = step.agent_finished if step else None
    return {
        "content": text_of(said.get("content")) if move.call else (action_text(step.action) if step else None),
        "tool_calls": said.get("tool_calls", []),
        "is_agent_finished": bool(is_last if told is None else told),
        "ext_info": extra,
    }
