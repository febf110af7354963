"""Groups of attempts at the same task, with advantages within the group: what GRPO trains on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentgym.errors import DatasetError, UsageError
from agentgym.export.arguments import with_objects
from agentgym.export.base import fresh, tell
from agentgym.export.chat import conversations
from agentgym.export.story import Story, stories
from agentgym.export.tokens import TokenRun, token_runs
from agentgym.export.writing import write_lines
from agentgym.trajectory import Dataset

__all__ = ["advantages", "export_grpo", "grpo_rows"]

_REWARDS = ("return", "score")
# That of TRL's GRPOTrainer.
_EPSILON = 1e-4


def export_grpo(
    dataset: Dataset, out: Path, *, reward: str = "return", scale: bool = True, skip_equal: bool = False
) -> None:
    """Writes a file, one sequence of tokens a line; see `grpo_rows`, whose options these are.

    Has no place for: observations, pictures, rewards of single steps, times, sampling.

    Raises:
        UsageError: if something is at ``out``, or ``reward`` is something else.
        DatasetError: if there is no group, or a model call has no token ids.
    """
    rows = grpo_rows(dataset, reward=reward, scale=scale, skip_equal=skip_equal)
    with fresh(out) as path:
        write_lines(path, rows)


def grpo_rows(
    dataset: Dataset, *, reward: str = "return", scale: bool = True, skip_equal: bool = False
) -> list[dict[str, Any]]:
    """One dict for each sequence of tokens, group after group.

    A group are the attempts that `agentgym.results.groups` made as one, or else those at one task with one seed. A
    row has ``group``, ``member``, ``task``, ``seed``; ``prompt_ids``, ``completion_ids``, ``logprobs`` and
    ``env_mask`` (1 for tokens that the model wrote, 0 for what it was told in between), as TRL's ``rollout_func``
    returns them (verl calls the mask ``response_mask``); ``reward``, ``advantage``; ``prompt`` and ``completion`` as
    messages, where the episode was one conversation; ``policy_version``, ``run_id``, ``episode``. An episode whose
    history was cut, or that several agents talked in, is several rows with one advantage: ``segment``.

    An episode that broke has no reward, which is not 0: it is left out, and so is a group of which one alone is left.

    Args:
        reward: ``"return"``, the sum of its rewards, or ``"score"``; without a score it is left out, then.
        scale: whether advantages are divided by the group's standard deviation (Shao et al. 2024, equation 3); without,
            its mean is subtracted alone (Liu et al. 2025, "Dr. GRPO").
        skip_equal: whether groups of equal rewards, which teach nothing, are left out (Yu et al. 2025, "DAPO").

    Raises:
        UsageError: if ``reward`` is something else.
        DatasetError: if there is no group, or a model call has no token ids.
    """
    if reward not in _REWARDS:
        raise UsageError(f"reward is {reward!r}; it is one of {', '.join(map(repr, _REWARDS))}")
    groups: dict[str, list[_Attempt]] = {}
    broken = mute = 0
    for story in stories(dataset):
        paid = _reward(story, reward)
        if paid is None:
            broken += 1
        elif not any(not call.failed for call in story.model_calls):
            mute += 1
        else:
            groups.setdefault(_group(story), []).append(_attempt(story, paid))
    whole = {name: group for name, group in groups.items() if len(group) > 1}
    if not whole:
        raise DatasetError(
            f"{dataset.path} has no group of attempts at one task with one seed: {len(groups)} single attempts, "
            f"{broken} that broke or have no score, {mute} without an answer of a model"
        )
    tell(broken, "that broke or have no score")
    tell(mute, "without an answer of a model")
    tell(len(groups) - len(whole), "without another attempt at the same task")
    return [row for name, group in whole.items() for row in _rows(name, group, scale=scale, skip_equal=skip_equal)]


def advantages(rewards: Sequence[float], *, scale: bool = True) -> list[float]:
    """How much better each is than the group: less the mean and, if they are scaled, by the standard deviation.

    As TRL's ``GRPOTrainer`` computes them: the deviation of a sample, and 0.0001 added to it.
    """
    mean = math.fsum(rewards) / len(rewards)
    centred = [one - mean for one in rewards]
    if not scale:
        return centred
    deviation = math.sqrt(math.fsum(one * one for one in centred) / (len(rewards) - 1)) if len(rewards) > 1 else 0.0
    return [one / (deviation + _EPSILON) for one in centred]


@dataclass(frozen=True)
class _Attempt:
    reward: float
    member: int | None
    about: dict[str, Any]
    runs: list[TokenRun]


def _attempt(story: Story, reward: float) -> _Attempt:
    talks = conversations(story)
    about: dict[str, Any] = {"task": story.task_id, "seed": story.episode.seed}
    if len(talks) == 1:
        messages = {"prompt": talks[0].prompt, "completion": with_objects(talks[0].completion)}
        about |= {**messages, **({"tools": talks[0].tools} if talks[0].tools else {})}
    about |= {"score": story.score, "run_id": story.episode.run_id, "episode": story.episode.number}
    return _Attempt(reward, _named(story).get("member"), about, token_runs(story.model_calls))


def _rows(name: str, group: list[_Attempt], *, scale: bool, skip_equal: bool) -> Iterator[dict[str, Any]]:
    rewards = [attempt.reward for attempt in group]
    if skip_equal and len(set(rewards)) == 1:
        return
    for place, (attempt, advantage) in enumerate(zip(group, advantages(rewards, scale=scale), strict=True)):
        for segment, run in enumerate(attempt.runs):
            yield {
                "group": name,
                "member": place if attempt.member is None else attempt.member,
                "segment": segment,
                **attempt.about,
                "prompt_ids": run.prompt_ids,
                "completion_ids": run.completion_ids,
                "env_mask": run.mask,
                "logprobs": run.logprobs,
                "reward": attempt.reward,
                "advantage": advantage,
                "policy_version": run.policy_version,
            }


def _reward(story: Story, reward: str) -> float | None:
    """None if it broke, or was not scored where that is asked for."""
    if story.failures or story.episode.failure is not None or not story.episode.is_complete:
        return None
    return story.score if reward == "score" else story.total_return


def _group(story: Story) -> str:
    named = _named(story).get("id")
    return str(named) if named is not None else f"{story.task_id or story.run.env.get('id')}/{story.episode.seed}"


def _named(story: Story) -> dict[str, Any]:
    group = story.run.metadata.get("group")
    return group if isinstance(group, dict) else {}
