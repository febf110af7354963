"""Recorded episodes as a notebook shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from agentgym.actions import parse_action, to_pyautogui
from agentgym.actions.quoting import cut, short
from agentgym.display import Frame, Html, card, element, film, picture_in, table, terms_chart
from agentgym.errors import ActionError

if TYPE_CHECKING:
    from agentgym.trajectory.dataset import Dataset
    from agentgym.trajectory.episode import Episode
    from agentgym.trajectory.outline import Outline

__all__ = ["dataset_html", "episode_html"]

_LONGEST = 300
_SHORT = 100
_MOST_ROWS = 20


def episode_html(episode: Episode) -> Html:
    """A card: task, seed, score, return, reward terms step by step, and some frames to look through."""
    facts: dict[str, str | Html] = {}
    task = episode.task
    if task is not None:
        facts["task"] = task.id
        facts["instruction"] = cut(task.instruction, _LONGEST)
    if episode.seed is not None:
        facts["seed"] = str(episode.seed)
    facts["score"] = _score(episode.score)
    facts["return"] = f"{episode.total_return:.4g}"
    facts["steps"] = f"{len(episode)}{'' if episode.is_complete else ', not ended'}"
    if episode.failure is not None:
        facts["failure"] = cut(episode.failure, _LONGEST)
    title = f"episode {episode.number} of run {episode.run_id}"
    return card(title, facts, terms_chart(_terms(episode)), film(len(episode) + 1, lambda t: _frame(episode, t)))


def dataset_html(dataset: Dataset) -> Html:
    """A card: where it lies, how much it is, and what its first episodes amount to."""
    facts = {"path": str(dataset.path), "runs": str(len(dataset.runs)), "episodes": str(len(dataset))}
    rows = [_row(place, known) for place, known in enumerate(islice(dataset.outlines(), _MOST_ROWS))]
    more = len(dataset) - len(rows)
    rest = element("div", f"and {more} more" if more else "", style="opacity:.65;font-size:12px")
    return card("Dataset", facts, table(("", "task", "steps", "return", "score", "failure"), rows), rest)


def _row(place: int, known: Outline) -> Sequence[str]:
    failure = "" if known.failure is None else cut(known.failure, _SHORT)
    return str(place), known.task or "", str(known.steps), f"{known.total_return:.4g}", _score(known.score), failure


def _score(score: float | None) -> str:
    return "not scored" if score is None else f"{score:.4g}"


def _terms(episode: Episode) -> Mapping[str, Sequence[float]]:
    """What each term paid in each step; all of it is ``reward`` where nothing named any."""
    said: Sequence[Mapping[str, float]] = [episode.reward_terms[t] for t in range(len(episode))]
    names = dict.fromkeys(name for step in said for name in step)
    if not names:
        return {"reward": episode.rewards.tolist()}
    return {name: [float(step.get(name, 0.0)) for step in said] for name in names}


def _frame(episode: Episode, t: int) -> Frame | None:
    picture = picture_in(episode.observation(t))
    if picture is None:
        return None
    if t == len(episode):
        return Frame(picture, f"{t}: the end")
    return Frame(picture, f"{t}: then {_told(episode.actions[t])}, reward {episode.rewards[t]:.4g}")


def _told(action: Any) -> str:
    if isinstance(action, str):
        return cut(action)
    if isinstance(action, np.ndarray):
        return short(action.tolist())
    try:
        return cut(to_pyautogui(parse_action(action)))
    except ActionError:
        return short(action)
