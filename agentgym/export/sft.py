"""Chat JSONL for supervised fine-tuning: what OpenAI's fine-tuning and TRL's SFT trainer take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentgym.errors import DatasetError, UsageError
from agentgym.export.arguments import with_objects
from agentgym.export.base import fresh, tell
from agentgym.export.chat import conversations
from agentgym.export.story import stories
from agentgym.export.writing import write_lines
from agentgym.trajectory import Dataset

__all__ = ["export_sft"]


_ARGUMENTS = ("text", "object")


def export_sft(dataset: Dataset, out: Path, *, min_score: float | None = None, arguments: str = "text") -> None:
    """Writes a file, one conversation a line: ``{"messages": [...], "tools": [...]}``.

    A conversation goes from the first message that the model was sent to its last answer. An agent that cuts or
    rewrites its history makes a new conversation each time. Lines of models without tools have no ``tools``. Pictures
    that the model was sent stay in the messages as they were.

    Has no place for: rewards, scores, observations, ids, times, token counts and ids, sampling, reasoning.

    Args:
        min_score: episodes that scored less, or have no score, are left out; None to take all.
        arguments: of tool calls: ``"text"``, JSON texts, as OpenAI demands, or ``"object"``, as TRL and the chat
            templates of transformers have them.

    Raises:
        UsageError: if something is at ``out``, ``min_score`` is not in [0, 1], or ``arguments`` is something else.
        DatasetError: if nothing would be written, since no model was asked or no episode scored so well.
    """
    if min_score is not None and not 0 <= min_score <= 1:
        raise UsageError(f"min_score is {min_score!r}; scores are in [0, 1]")
    if arguments not in _ARGUMENTS:
        raise UsageError(f"arguments is {arguments!r}; it is one of {', '.join(map(repr, _ARGUMENTS))}")
    counts = {"lines": 0, "mute": 0, "poor": 0}
    with fresh(out) as path:
        write_lines(path, _lines(dataset, min_score, counts, objects=arguments == "object"))
        if not counts["lines"]:
            raise DatasetError(f"{dataset.path} has no conversation to learn from: {_left_out(counts, min_score)}")
    tell(counts["mute"], "without an answer of a model")
    tell(counts["poor"], f"without a score of at least {min_score}")


def _left_out(counts: dict[str, int], min_score: float | None) -> str:
    """Why no episode is a line."""
    why = {
        "mute": "without an answer of a model, as those of scripts and policies are",
        "poor": f"without a score of at least {min_score}",
    }
    told = [f"{counts[kind]} {_noun(counts[kind])} {which}" for kind, which in why.items() if counts[kind]]
    return ", ".join(told) or "there is no episode in it"


def _noun(count: int) -> str:
    return "episode" if count == 1 else "episodes"


def _lines(
    dataset: Dataset, min_score: float | None, counts: dict[str, int], *, objects: bool
) -> Iterator[dict[str, Any]]:
    for story in stories(dataset):
        if min_score is not None and (story.score is None or story.score < min_score):
            counts["poor"] += 1
            continue
        found = conversations(story)
        counts["mute"] += not found
        for talk in found:
            counts["lines"] += 1
            messages = with_objects(talk.messages) if objects else talk.messages
            yield {"messages": messages, **({"tools": talk.tools} if talk.tools else {})}
