"""Pairs of a better and a worse attempt at the same task: what TRL's DPO trainer takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from agentgym.errors import DatasetError, UsageError
from agentgym.export.arguments import with_objects
from agentgym.export.base import fresh, tell
from agentgym.export.chat import Conversation, conversations
from agentgym.export.story import Story, stories
from agentgym.export.writing import write_lines
from agentgym.trajectory import Dataset

__all__ = ["export_preference"]


@dataclass(frozen=True)
class _Attempt:
    score: float
    name: str
    talk: Conversation


_Groups: TypeAlias = dict[tuple[str | None, bytes], list[_Attempt]]


def export_preference(dataset: Dataset, out: Path, *, margin: float = 0.0) -> None:
    """Writes a file, one pair a line: ``{"prompt": [...], "chosen": [...], "rejected": [...], "tools": [...]}``.

    Attempts at a task whose models were sent the same before their first word are compared by score: the best with the
    worst, the second best with the second worst, and so on, each at most once, as long as their scores differ. Chosen
    and rejected are all that followed the prompt, tools' results included; arguments of calls are objects, as TRL has
    them. Columns that TRL passes over say where a pair is from: ``score_chosen``, ``score_rejected``, ``chosen_from``,
    ``rejected_from``.

    Has no place for: rewards of single steps, observations, times, token counts and ids, sampling, reasoning. Left out
    are episodes without a score, without an answer of a model, or whose history was rewritten on the way, for they have
    no one prompt.

    Args:
        margin: by how much the scores of a pair must differ at least; any difference at 0.

    Raises:
        UsageError: if something is at ``out``, or ``margin`` is not in [0, 1].
        DatasetError: if there is no pair: says how many attempts there were.
    """
    if not 0 <= margin <= 1:
        raise UsageError(f"margin is {margin!r}; scores are in [0, 1]")
    groups: _Groups = {}
    unscored = unfit = 0
    for story in stories(dataset):
        talks = conversations(story)
        if story.score is None:
            unscored += 1
        elif len(talks) != 1:
            unfit += 1
        else:
            _add(groups, story, story.score, talks[0])
    pairs = [pair for group in groups.values() for pair in _pairs(group, margin)]
    if not pairs:
        attempts = sum(map(len, groups.values()))
        raise DatasetError(
            f"{dataset.path} has no pair of attempts that differ in score: {attempts} scored conversations with "
            f"{len(groups)} different prompts, {unscored} episodes without a score, "
            f"{unfit} that are not one conversation"
        )
    with fresh(out) as path:
        write_lines(path, pairs)
    tell(unscored, "without a score")
    tell(unfit, "that are not one conversation with a model")


def _add(groups: _Groups, story: Story, score: float, talk: Conversation) -> None:
    key = (story.task_id, msgspec.json.encode([talk.prompt, talk.tools]))
    groups.setdefault(key, []).append(_Attempt(score, story.name, talk))


def _pairs(group: list[_Attempt], margin: float) -> Iterator[dict[str, Any]]:
    ranked = sorted(group, key=lambda attempt: attempt.score)
    for better, worse in zip(ranked[::-1], ranked, strict=True):
        difference = better.score - worse.score
        if difference <= 0 or difference < margin:
            return
        yield {
            "prompt": better.talk.prompt,
            "chosen": with_objects(better.talk.completion),
            "rejected": with_objects(worse.talk.completion),
            **({"tools": better.talk.tools} if better.talk.tools else {}),
            "score_chosen": better.score,
            "score_rejected": worse.score,
            "chosen_from": better.name,
            "rejected_from": worse.name,
        }
