"""What results come to: a mean with its interval, of all, of each domain and of each agent."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from agentgym.results.attempts import Attempt, Way

__all__ = ["AgentGroup", "Group", "Summary", "interval", "summarise"]

_Z = 1.959963984540054  # of the normal distribution, for 95%


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What some results come to.

    Attributes:
        n: of those that were run: scored, failed, or with nothing to score.
        n_error: of those, how many have no score because something failed. They are in no mean: neither a broken
            machine nor a metric that raised is a 0.
        mean: of the scores; None if there are none.
        interval: of the mean, 95%: `interval`.
    """

    name: str = ""
    n: int
    n_scored: int
    n_error: int
    mean: float | None
    interval: tuple[float, float] | None


class AgentGroup(Group, frozen=True, kw_only=True):
    """What the results of one agent and model come to, of one action space and one observation type.

    Attributes:
        domains: one group for each that it has results of.
    """

    action_space: str | None
    observation_type: str | None
    domains: list[Group]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What the results of a run come to.

    Attributes:
        episodes: all, those that were skipped included.
        domains: one group for each.
        agents: one group for each, by model, action space and observation type.
        errors: how many failed, by whose fault.
        mean_best: the mean of the best scores of each task and seed, where there are several attempts at one.
    """

    episodes: int
    scored: int
    failed: int
    skipped: int
    mean_score: float | None
    interval: tuple[float, float] | None
    steps: int
    cost_usd: float | None
    errors: dict[str, int]
    domains: list[Group]
    agents: list[AgentGroup]
    mean_best: float | None = None


def summarise(attempts: Iterable[Attempt]) -> Summary:
    """Of the attempts that stand, one for each task and seed."""
    stand = list(attempts)
    whole = _group("", stand)
    costs = [one.cost_usd for one in stand if one.cost_usd is not None]
    return Summary(
        episodes=len(stand),
        scored=whole.n_scored,
        failed=whole.n_error,
        skipped=len(stand) - whole.n,
        mean_score=whole.mean,
        interval=whole.interval,
        steps=sum(one.steps or 0 for one in stand),
        cost_usd=sum(costs) if costs else None,
        errors=dict(Counter(str(one.error_kind) for one in stand if one.status == "error").most_common()),
        domains=_groups(stand, lambda one: one.domain),
        agents=[
            _agent(way, [one for one in stand if one.way == way]) for way in dict.fromkeys(one.way for one in stand)
        ],
        mean_best=_mean_best(stand),
    )


def interval(scores: Sequence[float]) -> tuple[float, float] | None:
    """The 95% interval of the mean of scores in [0, 1] that were drawn independently of each other.

    Wilson's (1927, Journal of the American Statistical Association 22, 209-212), which Brown, Cai and DasGupta (2001,
    Statistical Science 16, 101-133) recommend for few and for lopsided scores, where mean +- 1.96 standard errors
    fails: it stays within [0, 1], and three successes in three are not taken for certain. For scores between 0 and 1
    it is on the safe side: none of the same mean m vary more than those that are 0 or 1, m (1 - m) (Bhatia and Davis
    2000, American Mathematical Monthly 107, 353-357).

    Returns:
        None if there are no scores, or one of them is not in [0, 1].
    """
    n = len(scores)
    if n == 0 or not all(0 <= score <= 1 for score in scores):
        return None
    mean = sum(scores) / n
    centre = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _mean_best(attempts: Sequence[Attempt]) -> float | None:
    ways = dict.fromkeys(one.way for one in attempts)
    best = [max(scores) for way in ways for scores in _by_task_and_seed([one for one in attempts if one.way == way])]
    return math.fsum(best) / len(best) if best and any(one.member for one in attempts) else None


def _by_task_and_seed(attempts: Sequence[Attempt]) -> list[list[float]]:
    """The scores of each: attempts at the same task with the same seed are not drawn independently of each other."""
    found: dict[tuple[str, int], list[float]] = {}
    for one in attempts:
        if one.score is not None:
            found.setdefault((one.task, one.seed), []).append(one.score)
    return list(found.values())


def _groups(attempts: Sequence[Attempt], name_of: Callable[[Attempt], str]) -> list[Group]:
    names = dict.fromkeys(name_of(one) for one in attempts)
    return [_group(name, [one for one in attempts if name_of(one) == name]) for name in names]


def _agent(way: Way, attempts: Sequence[Attempt]) -> AgentGroup:
    action_space, observation_type, name = way
    return AgentGroup(
        action_space=action_space,
        observation_type=observation_type,
        domains=_groups(attempts, lambda one: one.domain),
        **msgspec.structs.asdict(_group(name, attempts)),
    )


def _group(name: str, attempts: Sequence[Attempt]) -> Group:
    scores = [one.score for one in attempts if one.score is not None]
    return Group(
        name=name,
        n=sum(one.status != "skipped" for one in attempts),
        n_scored=len(scores),
        n_error=sum(one.status == "error" for one in attempts),
        mean=math.fsum(scores) / len(scores) if scores else None,
        interval=interval([math.fsum(of_one) / len(of_one) for of_one in _by_task_and_seed(attempts)]),
    )
