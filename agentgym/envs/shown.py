"""An environment as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgym.actions import Action, to_pyautogui
from agentgym.actions.quoting import cut, short
from agentgym.display import Html, Picture, card, element, image, table
from agentgym.errors import ActionError
from agentgym.evaluators import Score
from agentgym.tasks import Task

__all__ = ["Standing", "standing_html", "standings_html"]

_LONGEST = 300
_TILE = 160


@dataclass(frozen=True)
class Standing:
    """Where an environment stands.

    Args:
        name: of the environment.
        task: None before the first reset.
        steps: since the reset.
        limit: of the steps, if there is one.
        over: whether the episode is.
        action: what was done last.
        error: why the last action, or the rest of it, was not done.
        reward: of the last step.
        score: if the present state was scored already; to be shown is no reason to score it.
        screen: the picture, or what is shown instead, or why there is none.
    """

    name: str
    screen: Picture | str
    task: Task | None = None
    steps: int = 0
    limit: int | None = None
    over: bool = False
    action: Action | None = None
    error: str | None = None
    reward: float | None = None
    score: Score | None = None


def standing_html(standing: Standing, terms: Mapping[str, tuple[float, float]] | None = None) -> Html:
    """A card: task, step, last action, reward, score, screen.

    Args:
        terms: of the reward, by name: what each paid in the last step and since the reset.
    """
    facts: dict[str, str | Html] = {}
    if standing.task is not None:
        facts["task"] = standing.task.id
        facts["instruction"] = cut(standing.task.instruction, _LONGEST)
        limit = "" if standing.limit is None else f" of at most {standing.limit}"
        facts["step"] = f"{standing.steps}{limit}{', over' if standing.over else ''}"
    if standing.action is not None:
        facts["last action"] = element("code", _told(standing.action))
    if standing.error is not None:
        facts["not done"] = standing.error
    if terms:
        facts["reward"] = table(
            ("term", "last step", "in all"),
            [(name, f"{last:.4g}", f"{total:.4g}") for name, (last, total) in terms.items()],
        )
    elif standing.reward is not None:
        facts["reward"] = f"{standing.reward:.4g} in the last step"
    if standing.score is not None:
        facts["score"] = f"{standing.score.value:.4g}"
    return card(standing.name, facts, _screen(standing.screen))


def standings_html(name: str, standings: Sequence[Standing]) -> Html:
    """The screens of many environments, side by side."""
    tiles = [_tile(at, standing) for at, standing in enumerate(standings)]
    return card(name, {}, element("div", *tiles, style="display:flex;flex-wrap:wrap;gap:8px"))


def _tile(at: int, standing: Standing) -> Html:
    seen = standing.screen
    picture = element("span", seen) if isinstance(seen, str) else image(seen, width=_TILE)
    told = f"{at}: step {standing.steps}{', over' if standing.over else ''}"
    title = "" if standing.task is None else standing.task.instruction
    label = element("figcaption", told, style="font-size:11px;opacity:.65")
    return element("figure", picture, label, title=cut(title, _LONGEST), style=f"margin:0;width:{_TILE}px")


def _screen(screen: Picture | str) -> Html:
    if isinstance(screen, Html):
        return screen
    if isinstance(screen, str):
        return element("div", screen, style="font-style:italic;margin-top:6px")
    height, width = screen.shape[:2]
    shown = image(screen, alt="the screen", title=f"{width} x {height} pixels")
    return element("div", shown, style="margin-top:6px")


def _told(action: Action) -> str:
    try:
        return cut(to_pyautogui(action), _LONGEST)
    except ActionError:
        return short(action)
