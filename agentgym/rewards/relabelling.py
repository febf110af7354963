"""The terms that hooks would have paid for a recorded episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from agentgym.errors import RewardHookError
from agentgym.rewards.resolving import resolve_hooks
from agentgym.rewards.transition import Hook, Transition, begun, term

__all__ = ["Transitions", "relabel"]


class Transitions(Protocol):
    """What can be relabelled: a recorded episode."""

    def transitions(self) -> Iterator[Transition]: ...


def relabel(episode: Transitions, hooks: Mapping[str, Hook | str]) -> dict[str, list[float]]:
    """The terms that the hooks would have paid, one per step: the numbers that `RewardHooks` gives live.

    That holds where the hooks saw what was recorded, with no wrapper between them and the recorder that changes
    observations, infos or actions.

    Raises:
        RewardHookError: as `term`; says at which step.
        UsageError: as `resolve_hook`.
    """
    known = begun(resolve_hooks(hooks))
    terms: dict[str, list[float]] = {name: [] for name in known}
    for step, transition in enumerate(episode.transitions(), start=1):
        for name, hook in known.items():
            try:
                terms[name].append(term(name, hook, transition))
            except RewardHookError as error:
                error.add_note(f"at step {step} of {episode!r}")
                raise
    return terms
