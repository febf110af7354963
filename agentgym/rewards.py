"""Reward hooks: pure functions from a transition to a float, live in an environment or afterwards on a recording."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from agentgym.errors import RewardHookError, UsageError
from agentgym.registry import resolve

__all__ = ["RewardHook", "Transition", "potential_shaping", "relabel", "resolve_hook", "resolve_hooks", "term"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One step. ``before`` and ``after`` are observations.

    A reward hook is shown the environment's own ``reward``, whatever other hooks pay, and an ``info`` without
    reward terms: so it says the same live and on a recording.
    """

    before: Any
    action: Any
    after: Any
    reward: float
    terminated: bool
    truncated: bool
    info: Mapping[str, Any]


RewardHook: TypeAlias = Callable[[Transition], float]


class Transitions(Protocol):
    """What can be relabelled: a recorded episode."""

    def transitions(self) -> Iterator[Transition]: ...


def term(name: str, hook: RewardHook, transition: Transition) -> float:
    """What a hook says of a transition.

    Raises:
        RewardHookError: if the hook raised, or returned what is no finite number.
    """
    try:
        value = hook(transition)
    except Exception as error:
        raise RewardHookError(f"the reward hook {name!r} raised {type(error).__name__}: {error}") from error
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise RewardHookError(f"the reward hook {name!r} returned {value!r}, not a number") from error
    if not math.isfinite(number):
        raise RewardHookError(f"the reward hook {name!r} returned {number}; a reward must be finite")
    return number


def relabel(episode: Transitions, hooks: Mapping[str, RewardHook | str]) -> dict[str, list[float]]:
    """The terms that the hooks would have paid, one per step: the numbers that `RewardHooks` gives live.

    That holds where the hooks saw what was recorded, with no wrapper between them and the recorder that changes
    observations or actions.

    Raises:
        RewardHookError: as `term`; says at which step.
        UsageError: as `resolve_hook`.
    """
    known = resolve_hooks(hooks)
    terms: dict[str, list[float]] = {name: [] for name in known}
    for step, transition in enumerate(episode.transitions(), start=1):
        for name, hook in known.items():
            try:
                terms[name].append(term(name, hook, transition))
            except RewardHookError as error:
                error.add_note(f"at step {step} of {episode!r}")
                raise
    return terms


def potential_shaping(potential: Callable[[Any], float], gamma: float) -> RewardHook:
    """A hook that pays gamma * potential(after) - potential(before), which leaves the optimal policy as it is.

    Ng, Harada and Russell, "Policy invariance under reward transformations", 1999, theorem 1. The potential of a
    terminal state counts as 0 (Grzes, "Reward shaping in episodic reinforcement learning", 2017); a truncated
    episode's last state is not terminal.

    Args:
        potential: of an observation.
        gamma: the learner's discount, in [0, 1].
    """
    if not 0 <= gamma <= 1:
        raise UsageError(f"gamma must be in [0, 1], got {gamma!r}")

    def shaping(transition: Transition) -> float:
        after = 0.0 if transition.terminated else potential(transition.after)
        return gamma * after - potential(transition.before)

    return shaping


def resolve_hooks(hooks: Mapping[str, RewardHook | str]) -> dict[str, RewardHook]:
    """The hooks with every ``"module:function"`` imported.

    Raises:
        UsageError: as `resolve_hook`; or if a hook cannot be called.
    """
    known: dict[str, RewardHook] = {}
    for name, hook in hooks.items():
        resolved = resolve_hook(hook) if isinstance(hook, str) else hook
        if not callable(resolved):
            raise UsageError(f"the reward hook {name!r} must be a function or 'module:function', got {resolved!r}")
        known[name] = resolved
    return known


def resolve_hook(name: str) -> RewardHook:
    """The hook at ``"module:function"``.

    Raises:
        UsageError: if there is no such module or function, or it cannot be called.
    """
    return resolve(name, "reward hook")
