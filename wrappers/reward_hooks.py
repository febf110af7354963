"""Adds named terms to the reward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.display import environment_html
from agentgym.envs.desktop import DesktopEnv
from agentgym.envs.shown import standing_html
from agentgym.envs.tools import ToolEnv
from agentgym.errors import UsageError
from agentgym.rewards import Hook, RewardHook, begun, resolve_hooks, term
from agentgym.wrappers.shown_transitions import ENV_TERM, ENV_TERMS, TERMS, ShownTransitions, terms_below

__all__ = ["RewardHooks"]


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
            ``EnvSpec.to_json`` and another process; or what makes a function for each episode, an `EpisodeHook`.

    Raises:
        UsageError: if a hook cannot be found or called, or its name is taken.
    """

    def __init__(self, env: gym.Env[Any, Any], **hooks: Hook | str) -> None:
        kwargs: dict[str, Any] = dict(hooks)
        RecordConstructorArgs.__init__(self, **kwargs)
        gym.Wrapper.__init__(self, env)
        self.hooks: Mapping[str, Hook] = resolve_hooks(hooks)
        self._refuse_taken()
        self._paying: dict[str, RewardHook] = begun(self.hooks)
        self._shown = ShownTransitions()
        self._terms: dict[str, tuple[float, float]] = {}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Resets; hooks that remember begin anew.

        Raises:
            UsageError: if a name is taken by a hook further in that came with this episode's task.
        """
        observation, info = self.env.reset(seed=seed, options=options)
        self.hooks = self._hooks_of_episode()
        self._refuse_taken()
        self._paying = begun(self.hooks)
        self._terms = {}
        self._shown.begin(observation, info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Steps and pays.

        Raises:
            RewardHookError: if a hook raises or returns what is no finite number; names the hook.
        """
        after, paid, terminated, truncated, info = self.env.step(action)
        transition = self._shown.step(action, (after, paid, terminated, truncated, info))
        terms = {name: term(name, hook, transition) for name, hook in self._paying.items()}
        reward = float(paid) + sum(terms.values())
        told = {**info, **_own_terms(info), TERMS: {**terms_below(float(paid), info), **terms}}
        self._terms = {name: (one, one + self._terms.get(name, (0.0, 0.0))[1]) for name, one in told[TERMS].items()}
        return after, reward, terminated, truncated, told

    def _repr_html_(self) -> str | None:
        """What the environment shows, with the terms of its reward."""
        machine = self.unwrapped
        if not isinstance(machine, DesktopEnv | ToolEnv):
            return environment_html(self.env)
        return standing_html(machine.standing(), self._terms)

    def _hooks_of_episode(self) -> Mapping[str, Hook]:
        return self.hooks

    def _refuse_taken(self) -> None:
        taken = {name for layer in _reward_hooks(self.env) for name in layer.hooks}
        clash = sorted(taken & self.hooks.keys())
        if clash:
            raise UsageError(f"RewardHooks further in pay a term {clash[0]!r} already; give this one another name")


def _reward_hooks(env: gym.Env[Any, Any]) -> Iterator[RewardHooks]:
    while isinstance(env, gym.Wrapper):
        if isinstance(env, RewardHooks):
            yield env
        env = env.env


def _own_terms(info: dict[str, Any]) -> dict[str, Any]:
    terms = info.get(TERMS)
    return {ENV_TERMS: terms} if terms and ENV_TERM not in terms else {}
