"""What went wrong, grouped by how: for regression sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentgym.export.base import fresh
from agentgym.export.story import Story, stories
from agentgym.export.writing import action_text, write_lines
from agentgym.tasks import task_to_dict
from agentgym.trajectory import Dataset

__all__ = ["export_failures"]

# What differs between two occurrences of the same fault: addresses, digests, numbers, quoted texts, paths.
_PARTICULARS = (
    (re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{12,}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<![\w.])(?:/[^\s/'\":,;)]+)+/?"), "<path>"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "<text>"),
    (re.compile(r"-?\d+(?:\.\d+)?"), "<n>"),
)
_LONGEST = 160


@dataclass(frozen=True)
class _Fault:
    """One thing that went wrong; ``step`` is None where it was the episode as a whole."""

    signature: str
    kind: str
    message: str
    step: int | None = None
    action: str | None = None


@dataclass
class _Group:
    kind: str
    occurrences: list[dict[str, Any]] = field(default_factory=list)


def export_failures(dataset: Dataset, out: Path, *, below: float = 1.0) -> None:
    """Writes a folder: ``groups.jsonl``, the most frequent fault first, and ``tasks.jsonl``, what to run again.

    A group has a ``signature``, its ``kind``, ``count``, ``tasks``, and ``occurrences`` with run, episode, seed, task,
    score, step, action and message. Kinds: ``machine`` (the environment broke), ``error`` (anything else that raised),
    ``model`` (its call failed), ``tool`` (its result was no success), ``action`` (could not be read or done), ``score``
    (scored less than ``below``; one group for each set of checks that failed).
    Messages that differ only in numbers, paths, ids and quoted texts have one signature. An episode is in every group
    that it gave cause for. ``tasks.jsonl`` has each task once, in OSWorld's format, as ``agentgym run`` takes it; with
    no fault both files are empty.

    Has no place for: episodes without fault, observations, conversations, rewards of single steps.

    Args:
        below: scores less than this are faults.

    Raises:
        UsageError: if something is at ``out``.
    """
    groups: dict[str, _Group] = {}
    tasks: dict[str, dict[str, Any]] = {}
    for story in stories(dataset):
        for fault in _faults(story, below):
            group = groups.setdefault(fault.signature, _Group(fault.kind))
            group.occurrences.append(_occurrence(story, fault))
            if story.episode.task is not None:
                tasks.setdefault(story.episode.task.id, task_to_dict(story.episode.task))
    with fresh(out) as folder:
        folder.mkdir()
        ranked = sorted(groups.items(), key=lambda item: (-len(item[1].occurrences), item[0]))
        write_lines(folder / "groups.jsonl", (_form(signature, group) for signature, group in ranked))
        write_lines(folder / "tasks.jsonl", tasks.values())


def _form(signature: str, group: _Group) -> dict[str, Any]:
    return {
        "signature": signature,
        "kind": group.kind,
        "count": len(group.occurrences),
        "tasks": sorted({one["task"] for one in group.occurrences if one["task"] is not None}),
        "occurrences": group.occurrences,
    }


def _occurrence(story: Story, fault: _Fault) -> dict[str, Any]:
    return {
        "run_id": story.episode.run_id,
        "episode": story.episode.number,
        "seed": story.episode.seed,
        "task": story.task_id,
        "score": story.score,
        "step": fault.step,
        "action": fault.action,
        "message": fault.message,
    }


def _faults(story: Story, below: float) -> Iterator[_Fault]:
    for failed in story.failures:
        kind = "machine" if failed.infrastructure else "error"
        action = None if failed.action is None else action_text(failed.action)
        step = len(story.episode) + 1 if failed.during == "step" else None
        yield _fault(kind, failed.type, failed.message, within=failed.during, step=step, action=action)
    if not story.failures and story.episode.failure is not None:
        yield _fault("machine", "Failure", story.episode.failure)
    yield from _faults_of_steps(story)
    if story.score is not None and story.score < below:
        yield _score_fault(story)


def _faults_of_steps(story: Story) -> Iterator[_Fault]:
    for turn in story.turns:
        action = None if turn.step is None else action_text(turn.step.action)
        for call in turn.model_calls:
            if call.response is not None and call.response.error is not None:
                yield _fault("model", call.model or "", call.response.error, step=turn.number)
        for use in turn.tool_uses:
            if use.returned is not None and not use.returned.ok:
                yield _fault("tool", use.name or "", use.returned.error or "", step=turn.number, action=action)
        refused = turn.step.info.get("action_error") if turn.step else None
        if refused:
            yield _fault("action", "", str(refused), step=turn.number, action=action)


def _score_fault(story: Story) -> _Fault:
    terms = story.scored.terms if story.scored else {}
    failed = sorted(name for name, value in terms.items() if isinstance(value, int | float) and value < 1)
    what = ", ".join(failed) or "no check told"
    last = story.turns[-1].step if story.turns else None
    return _Fault(
        f"score: {what}",
        "score",
        f"scored {story.score:g}: {what}",
        len(story.episode),
        None if last is None else action_text(last.action),
    )


def _fault(
    kind: str, name: str, message: str, *, within: str = "", step: int | None = None, action: str | None = None
) -> _Fault:
    parts = [part for part in (kind, within, name, _general(message)) if part]
    return _Fault(": ".join(parts), kind, message, step, action)


def _general(message: str) -> str:
    first = message.strip().splitlines()[0] if message.strip() else ""
    for pattern, word in _PARTICULARS:
        first = pattern.sub(word, first)
    return first[:_LONGEST]
