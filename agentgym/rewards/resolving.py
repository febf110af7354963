"""Hooks that are given as ``"module:function"``."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.errors import UsageError
from agentgym.registry import resolve
from agentgym.rewards.transition import EpisodeHook, Hook

__all__ = ["resolve_hook", "resolve_hooks"]


def resolve_hooks(hooks: Mapping[str, Hook | str]) -> dict[str, Hook]:
    """The hooks with every ``"module:function"`` imported.

    Raises:
        UsageError: as `resolve_hook`; or if a hook cannot be called.
    """
    known: dict[str, Hook] = {}
    for name, hook in hooks.items():
        resolved = resolve_hook(hook) if isinstance(hook, str) else hook
        if not _is_hook(resolved):
            raise UsageError(f"the reward hook {name!r} must be a function or 'module:function', got {resolved!r}")
        known[name] = resolved
    return known


def resolve_hook(name: str) -> Hook:
    """The hook at ``"module:function"``; an `EpisodeHook` may stand there, too.

    Raises:
        UsageError: if there is no such module or function, or it cannot be called.
    """
    hook: Hook = resolve(name, "reward hook", fits=_is_hook)
    return hook


def _is_hook(found: object) -> bool:
    return callable(found) or isinstance(found, EpisodeHook)
