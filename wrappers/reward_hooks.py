"""Adds named terms to the reward."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.errors import UsageError
from agentgym.rewards import RewardHook, Transition, resolve_hooks, term

__all__ = ["RewardHooks"]

_ENV_TERM = "env"
_TERMS = "reward_terms"
_ENV_TERMS = "env_reward_terms"


class RewardHooks(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Pays, on top of the environment's reward, what each hook says of the transition.

    ``info["reward_terms"]`` has one entry a hook, and under ``"env"`` the reward from below the lowest `RewardHooks`;
    their sum is the reward. Terms that an environment itself names, with no ``"env"`` among them, move to
    ``info["env_reward_terms"]``, since they are parts of its reward, not additions to it.

    Hooks are shown the environment's own reward and an info without reward terms, so `agentgym.rewards.relabel`
    gives the same numbers from a recording.

    Args:
        env: any environment.
        hooks: by name: a function from a transition to a float, or ``"module:function"``, which also survives
            ``EnvSpec.to_json`` and another process.

    Raises:
        UsageError: if a hook cannot be found or called, or its name is taken.
    """

    def __init__(self, env: gym.Env[Any, Any], **hooks: RewardHook | str) -> None:
        kwargs: dict[str, Any] = dict(hooks)
        RecordConstructorArgs.__init__(self, **kwargs)
        gym.Wrapper.__init__(self, env)
        taken = {name for layer in _reward_hooks(env) for name in layer.hooks}
        clash = sorted(taken & hooks.keys())
        if clash:
            raise UsageError(f"RewardHooks further in pay a term {clash[0]!r} already; give this one another name")
        self.hooks: dict[str, RewardHook] = resolve_hooks(hooks)
        self._before: Any = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self._before = _own_copy(observation)
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Steps and pays.

        Raises:
            RewardHookError: if a hook raises or returns what is no finite number; names the hook.
        """
        after, paid, terminated, truncated, info = self.env.step(action)
        below = _terms_below(float(paid), info)
        shown = {name: value for name, value in info.items() if name not in (_TERMS, _ENV_TERMS)}
        transition = Transition(self._before, action, after, below[_ENV_TERM], terminated, truncated, shown)
        terms = {name: term(name, hook, transition) for name, hook in self.hooks.items()}
        self._before = _own_copy(after)
        reward = float(paid) + sum(terms.values())
        return after, reward, terminated, truncated, {**info, **_own_terms(info), _TERMS: {**below, **terms}}


def _reward_hooks(env: gym.Env[Any, Any]) -> Iterator[RewardHooks]:
    while isinstance(env, gym.Wrapper):
        if isinstance(env, RewardHooks):
            yield env
        env = env.env


def _terms_below(paid: float, info: dict[str, Any]) -> dict[str, float]:
    terms = info.get(_TERMS)
    return dict(terms) if terms and _ENV_TERM in terms else {_ENV_TERM: paid}


def _own_terms(info: dict[str, Any]) -> dict[str, Any]:
    terms = info.get(_TERMS)
    return {_ENV_TERMS: terms} if terms and _ENV_TERM not in terms else {}


def _own_copy(observation: Any) -> Any:
    # An environment may return the same array again with other content.
    return copy.deepcopy(observation)
