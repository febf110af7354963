"""Steps for reinforcement learning on language models: state, action, reward, return-to-go, tokens if there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from agentgym.errors import DatasetError, UsageError
from agentgym.export.base import fresh
from agentgym.export.chat import answer
from agentgym.export.story import ModelCall, Story, Turn, stories
from agentgym.export.writing import action_text, plain, save_png, screen, write_lines
from agentgym.trajectory import Dataset

__all__ = ["export_rl"]


def export_rl(dataset: Dataset, out: Path, *, gamma: float = 1.0, images: bool = True) -> None:
    """Writes a folder: ``steps.jsonl``, one step of the environment a line, and ``images/``.

    A line has ``run_id``, ``episode``, ``step`` (from 1), ``task``, ``seed``; ``state``: what was observed before, its
    texts and small arrays as they are, its picture as the path of a PNG; ``action``; ``reward`` with what was added
    afterwards; ``reward_terms``; ``return_to_go``, the discounted sum from this reward on; ``terminated``,
    ``truncated``, ``score`` and ``failure`` of the episode, whether it is ``complete``; and ``calls``, the model's
    calls that led to the step: ``messages`` that it was sent, its ``answer``, ``prompt_token_ids``,
    ``completion_token_ids``, ``completion_mask`` (1 where the model wrote the token), ``logprobs``,
    ``policy_version``.

    Tokens are as the model gave them, null where it gave none: nothing is tokenised here, for another tokeniser's ids
    train on something else. The mask is the recorded one, else 1 for each token of a completion.

    Has no place for: pictures but one an observation, infos, tools' results outside of messages, calls after the last
    step, times. An episode that failed is there; its last reward may be missing, so ``failure`` is in every line.

    Args:
        gamma: of the discounted sum.
        images: whether pictures are written; without, their place in ``state`` is null.

    Raises:
        UsageError: if something is at ``out``, or ``gamma`` is not in [0, 1].
        DatasetError: if a model's log probabilities or mask do not fit its tokens.
    """
    if not 0 <= gamma <= 1:
        raise UsageError(f"gamma is {gamma!r}; it must be in [0, 1]")
    with fresh(out) as folder:
        folder.mkdir()
        pictures = folder if images else None
        write_lines(
            folder / "steps.jsonl", (row for story in stories(dataset) for row in _rows(story, gamma, pictures))
        )


def _rows(story: Story, gamma: float, folder: Path | None) -> Iterator[dict[str, Any]]:
    turns = [turn for turn in story.turns if turn.step is not None]
    about = {
        "run_id": story.episode.run_id,
        "episode": story.episode.number,
        "task": story.task_id,
        "instruction": story.instruction,
        "seed": story.episode.seed,
        "score": story.score,
        "failure": story.episode.failure,
        "complete": story.episode.is_complete,
    }
    for t, (turn, to_go) in enumerate(zip(turns, _returns_to_go(turns, gamma), strict=True)):
        step = turn.step
        assert step is not None
        yield about | {
            "step": step.step,
            "state": _state(story, t, folder),
            "action": action_text(step.action),
            "reward": turn.reward,
            "reward_terms": step.reward_terms | {term.name: term.value for term in turn.late},
            "return_to_go": to_go,
            "terminated": step.terminated,
            "truncated": step.truncated,
            "calls": [_call(call) for call in turn.model_calls if not call.failed],
        }


def _returns_to_go(turns: list[Turn], gamma: float) -> list[float]:
    sums: list[float] = []
    total = 0.0
    for turn in reversed(turns):
        total = (turn.reward or 0.0) + gamma * total
        sums.append(total)
    return sums[::-1]


def _state(story: Story, t: int, folder: Path | None) -> Any:
    observation = story.episode.observations[t]
    if isinstance(observation, Mapping):
        return {key: _part(story, t, key, value, folder) for key, value in observation.items()}
    return _part(story, t, "observation", observation, folder)


def _part(story: Story, t: int, key: str, value: Any, folder: Path | None) -> Any:
    picture = screen(value) if isinstance(value, np.ndarray) else None
    if picture is None:
        return plain(value)
    if folder is None:
        return None
    path = f"images/{story.name}/{t:06d}-{key.replace('/', '_')}.png"
    save_png(picture, folder / path)
    return path


def _call(call: ModelCall) -> dict[str, Any]:
    response = call.response
    assert response is not None
    ids, mask, logprobs = response.completion_token_ids, response.completion_mask, response.logprobs
    for name, values in (("completion_mask", mask), ("logprobs", logprobs)):
        if values is not None and (ids is None or len(values) != len(ids)):
            tokens = "no tokens" if ids is None else f"{len(ids)} tokens"
            raise DatasetError(f"model call {call.call_id!r} has {len(values)} values of {name} for {tokens}")
    return {
        "messages": call.request.messages if call.request else None,
        "answer": answer(response),
        "model": call.model,
        "prompt_token_ids": response.prompt_token_ids,
        "completion_token_ids": ids,
        "completion_mask": mask if mask is not None or ids is None else [1] * len(ids),
        "logprobs": logprobs,
        "policy_version": response.policy_version,
    }
