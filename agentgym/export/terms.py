"""Reward terms as a picture: what each paid, step by step and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from agentgym.errors import UsageError
from agentgym.export.base import fresh, needed
from agentgym.trajectory import Episode

__all__ = ["terms_of", "write_terms"]

Floats: TypeAlias = npt.NDArray[np.float64]

_FORMS = (".pdf", ".png", ".svg")
_SIZE_IN = (9.0, 6.5)
_DPI = 120
_MARKED = 60


def terms_of(episode: Episode) -> dict[str, Floats]:
    """What each term paid in each step, 0 where it did not; their sum is ``episode.rewards``.

    What the named terms leave of the reward is ``"rest"``; of a recording without terms, all is ``"reward"``.
    """
    said: Sequence[Mapping[str, float]] = [episode.reward_terms[t] for t in range(len(episode))]
    names = dict.fromkeys(name for step in said for name in step)
    if not names:
        return {"reward": episode.rewards.copy()}
    terms = {name: np.array([float(step.get(name, 0.0)) for step in said]) for name in names}
    rest = episode.rewards - np.sum(list(terms.values()), axis=0)
    return terms if np.allclose(rest, 0.0) else {**terms, "rest": rest}


def write_terms(episodes: Sequence[Episode], out: Path, *, chosen: int = -1) -> None:
    """Draws the terms of one episode per step and, below, those of all episodes summed per episode.

    Args:
        episodes: in the order in which they are drawn; one or more.
        out: a file that must not exist: .png, .svg or .pdf.
        chosen: which of them is drawn step by step.

    Raises:
        UsageError: if something is at ``out`` or it ends otherwise, or there is no such episode.
        MissingDependencyError: if matplotlib is not installed.
    """
    if out.suffix.lower() not in _FORMS:
        raise UsageError(f"{out} must end in one of {', '.join(_FORMS)}")
    if not -len(episodes) <= chosen < len(episodes):
        raise UsageError(f"there are {len(episodes)} episodes, counted from 0; there is no episode {chosen}")
    # Not pyplot, which would keep the figure and may look for a screen.
    figure = needed("matplotlib.figure", extra="plot").Figure(figsize=_SIZE_IN, dpi=_DPI, layout="constrained")
    above, below = figure.subplots(2, 1)
    paid = [terms_of(episode) for episode in episodes]
    names = list(dict.fromkeys(name for terms in paid for name in terms))
    colours = {name: f"C{place % 10}" for place, name in enumerate(names)}
    at = chosen % len(episodes)
    above.set_title(_title(episodes[at], at))
    above.set_xlabel("step")
    _draw(above, paid[at], colours, first=1)
    below.set_title("summed per episode")
    below.set_xlabel("episode")
    zero = np.zeros(1)
    sums = {name: np.array([terms.get(name, zero).sum() for terms in paid]) for name in names}
    _draw(below, sums, colours, first=0)
    with fresh(out) as path:
        figure.savefig(path)


def _draw(axes: Any, lines: Mapping[str, Floats], colours: Mapping[str, str], *, first: int) -> None:
    axes.set_ylabel("reward")
    axes.axhline(0.0, color="0.8", linewidth=0.8)
    for name, values in lines.items():
        places = np.arange(first, first + len(values))
        mark = "o" if len(values) <= _MARKED else None
        axes.plot(places, values, color=colours[name], marker=mark, markersize=3.5, linewidth=1.3, label=name)
    if len(lines) > 1:
        total = np.sum(list(lines.values()), axis=0)
        places = np.arange(first, first + len(total))
        axes.plot(places, total, color="black", linestyle="--", linewidth=1.0, label="in all")
    axes.xaxis.get_major_locator().set_params(integer=True)
    # Beside the axes no line is hidden, however many there are.
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _title(episode: Episode, at: int) -> str:
    task = "" if episode.task is None else f", {episode.task.id}"
    score = "" if episode.score is None else f", score {episode.score:g}"
    return f"episode {at}{task}: return {episode.total_return:g}{score}"
