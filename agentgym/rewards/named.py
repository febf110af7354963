"""Hooks with their weights and options as a task's JSON names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentgym.errors import TaskError, UnknownNameError, UsageError
from agentgym.registry import Registry, faults_of_options, suggestion
from agentgym.rewards.costs import invalid_action_penalty, step_cost
from agentgym.rewards.evaluated import evaluator_progress
from agentgym.rewards.resolving import resolve_hook
from agentgym.rewards.shaping import progress_shaping
from agentgym.rewards.transition import Hook, RewardHook, Transition, begun
from agentgym.rewards.visits import novelty

__all__ = ["Weighted", "faults_of_hooks", "named_hooks", "reward_hooks"]

_KEYS = ("hook", "weight")

reward_hooks: Registry[Callable[..., Hook]] = Registry("reward hook")
"""By name: what makes a hook from keyword options."""

reward_hooks.register("progress", progress_shaping)
reward_hooks.register("step_cost", step_cost)
reward_hooks.register("invalid_action", invalid_action_penalty)
reward_hooks.register("novelty", novelty)
reward_hooks.register("evaluator_progress", evaluator_progress)


@dataclass(frozen=True)
class Weighted:
    """A hook that pays so many times what another says."""

    hook: Hook
    weight: float

    def begin(self) -> RewardHook:
        hook = begun({"": self.hook})[""]

        def paid(transition: Transition) -> float:
            return self.weight * hook(transition)

        return paid


def named_hooks(said: object, where: str = "$.reward_hooks") -> dict[str, Hook]:
    """The hooks that a task names: ``{"progress": {"gamma": 0.99, "weight": 0.5}}``, or with ``"hook"`` which.

    Args:
        said: by term: ``hook`` is a name of `reward_hooks` or ``"module:function"``, the term's own name if it is left
            out; ``weight`` is what it is multiplied by, 1 if left out; all else are its options.
        where: the JSON path of ``said``, for the errors.

    Raises:
        TaskError: if something of it cannot work; says where.
    """
    fault = next(faults_of_hooks(said, where), None)
    if fault is not None:
        raise TaskError(fault)
    assert isinstance(said, Mapping), "else it has a fault"
    return {name: _hook(name, entry, f"{where}.{name}") for name, entry in said.items()}


def faults_of_hooks(said: object, where: str = "$.reward_hooks") -> Iterator[str]:
    """Every fault of what a task says of its hooks, with its JSON path. Modules that it names are not imported."""
    if not isinstance(said, Mapping):
        yield f"reward hooks are an object of terms, got {said!r} - at {where}"
        return
    for name, entry in said.items():
        yield from _faults(name, entry, f"{where}.{name}")


def _hook(name: str, entry: Mapping[str, Any], where: str) -> Hook:
    kind = entry.get("hook", name)
    try:
        hook = resolve_hook(kind) if ":" in kind else reward_hooks[kind](**_options(entry))
    except UsageError as error:
        raise TaskError(f"{error} - at {where}") from error
    weight = entry.get("weight", 1.0)
    return hook if weight == 1 else Weighted(hook, float(weight))


def _options(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in _KEYS}


def _faults(name: str, entry: object, where: str) -> Iterator[str]:
    if name == "env":
        yield f"the term 'env' is the environment's own reward; give the hook another name - at {where}"
    if not isinstance(entry, Mapping):
        yield f"a reward hook is an object, such as {{'weight': 1}}, got {entry!r} - at {where}"
        return
    weight = entry.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        yield f"weight is a number, got {weight!r} - at {where}.weight"
    kind = entry.get("hook", name)
    if not isinstance(kind, str):
        yield f"hook is a name or 'module:function', got {kind!r} - at {where}.hook"
    elif ":" in kind:
        yield from (
            f"{kind!r} is a function without options; {suggestion(key, _KEYS)} - at {where}.{key}"
            for key in _options(entry)
        )
    else:
        yield from _faults_of_named(kind, _options(entry), where)


def _faults_of_named(kind: str, options: Mapping[str, Any], where: str) -> Iterator[str]:
    try:
        factory = reward_hooks[kind]
    except UnknownNameError as error:
        yield f"{error} - at {where}"
        return
    found = list(faults_of_options("reward hook", kind, factory, options, where, also=_KEYS))
    yield from found
    if found:
        return
    try:
        factory(**options)
    except UsageError as error:
        yield f"{error} - at {where}"
