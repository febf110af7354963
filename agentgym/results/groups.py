"""Several attempts at the same task with the same seed: the best of them, or all of them to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import msgspec

from agentgym.engines import Engine, Outcome
from agentgym.errors import UsageError
from agentgym.export.grpo import advantages
from agentgym.results.items import task_name
from agentgym.runner import EpisodeResult, RolloutSpec, rollout

__all__ = ["Member", "RolloutGroup", "best_of_n", "group_id", "group_specs", "run_groups"]

_SEEDS = 2**31
_DIGITS = 12

Rank: TypeAlias = Callable[[EpisodeResult], Any]


@dataclass(frozen=True)
class Member:
    """An attempt of a group.

    Attributes:
        result: None if it broke or was not made any more.
        error: what broke it; a broken machine is no bad attempt.
    """

    number: int
    spec: RolloutSpec
    result: EpisodeResult | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class RolloutGroup:
    """Attempts at one task with one seed, by number.

    Attributes:
        id: by which the recordings know it, in the run's metadata.
    """

    id: str
    members: tuple[Member, ...]

    @property
    def results(self) -> list[EpisodeResult]:
        """Of those that came to an end."""
        return [member.result for member in self.members if member.result is not None]

    def best(self, rank: Rank | None = None) -> Member | None:
        """The member whose result ranks highest, the first of those that rank the same; None if all broke.

        Args:
            rank: of a result, anything to compare; the score, then the return, then fewer steps, if not given.
        """
        ended = [member for member in self.members if member.result is not None]
        by = rank or _usual_rank
        return max(ended, key=lambda member: by(cast("EpisodeResult", member.result)), default=None)

    def advantages(self, *, scale: bool = True) -> dict[int, float]:
        """How much more each member was paid than the group, by number; those that broke are not in it."""
        ended = [member for member in self.members if member.result is not None]
        if not ended:
            return {}
        paid = advantages([result.total_return for result in self.results], scale=scale)
        return {member.number: one for member, one in zip(ended, paid, strict=True)}


def group_specs(spec: RolloutSpec, n: int) -> list[RolloutSpec]:
    """Orders for n attempts: the environment's seed is the same, the agent's another each time.

    The agent's seed is drawn from the task, the environment's seed and the number of the attempt, so that engine,
    order and what was done before do not matter. A recording has the group in the metadata of each run:
    ``{"group": {"id", "member", "size"}}``.

    Raises:
        UsageError: if n is less than 1.
    """
    if n < 1:
        raise UsageError(f"a group has at least one member, not {n}")
    name = group_id(spec)
    return [
        replace(
            spec,
            agent_seed=_seed(task_name(spec), spec.seed, number),
            metadata={**spec.metadata, "group": {"id": name, "member": number, "size": n}},
        )
        for number in range(n)
    ]


def group_id(spec: RolloutSpec) -> str:
    """The same for the same task, seed, agent, environment and session."""
    said = [spec.task, spec.seed, spec.agent, spec.agent_options, spec.env, spec.env_kwargs, spec.wrappers]
    plain = msgspec.json.encode(msgspec.to_builtins([*said, spec.session_id], enc_hook=repr), order="sorted")
    return f"{task_name(spec)}/{spec.seed}/{hashlib.sha256(plain).hexdigest()[:_DIGITS]}"


def run_groups(specs: Iterable[RolloutSpec], n: int, engine: Engine) -> Iterator[RolloutGroup]:
    """Runs n attempts at each, and gives each group when its last attempt has ended.

    Attempts are taken in order, so that few groups are open at a time. Closing the iterator ends what is running.
    """
    open_groups: dict[int, list[Outcome[EpisodeResult]]] = {}
    orders: dict[int, Sequence[RolloutSpec]] = {}

    def members() -> Iterator[RolloutSpec]:
        for place, spec in enumerate(specs):
            orders[place] = group_specs(spec, n)
            yield from orders[place]

    with closing(cast("Any", engine.map(rollout, members()))) as outcomes:
        for outcome in outcomes:
            place = outcome.index // n
            ended = open_groups.setdefault(place, [])
            ended.append(outcome)
            if len(ended) == n:
                yield _group(orders.pop(place), open_groups.pop(place), place * n)


def best_of_n(spec: RolloutSpec, n: int, engine: Engine, *, good_enough: float | None = None) -> RolloutGroup:
    """Runs n attempts; `RolloutGroup.best` is the best of them.

    Args:
        spec: what is attempted.
        n: how often.
        engine: where.
        good_enough: a score at which the attempts that have not ended are given up.
    """
    orders = group_specs(spec, n)
    ended: list[Outcome[EpisodeResult]] = []
    with closing(cast("Any", engine.map(rollout, orders))) as outcomes:
        for outcome in outcomes:
            ended.append(outcome)
            score = None if outcome.value is None else outcome.value.score
            if good_enough is not None and score is not None and score >= good_enough:
                break
    return _group(orders, ended, 0)


def _group(orders: Sequence[RolloutSpec], ended: Sequence[Outcome[EpisodeResult]], first: int) -> RolloutGroup:
    by_number = {outcome.index - first: outcome for outcome in ended}
    members = []
    for number, spec in enumerate(orders):
        outcome = by_number.get(number)
        known = (None, None) if outcome is None else (outcome.value, outcome.error)
        members.append(Member(number, spec, *known))
    return RolloutGroup(group_id(orders[0]), tuple(members))


def _usual_rank(result: EpisodeResult) -> tuple[float, float, int]:
    return (-1.0 if result.score is None else result.score, result.total_return, -result.steps)


def _seed(task: str, seed: int, number: int) -> int:
    digest = hashlib.sha256(f"{task}/{seed}/{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % _SEEDS
