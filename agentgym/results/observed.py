"""What a run shows of a desktop, in OSWorld's words: said by a setting, or by a wrapper that is named."""

from __future__ import annotations

from typing import Any

from agentgym.agents.policy import named_wrapper
from agentgym.registry import resolve
from agentgym.results.config import RunConfig
from agentgym.wrappers import ObservationType

__all__ = ["observed_as"]


def observed_as(config: RunConfig) -> str | None:
    """The observation type that the agent is shown; None if none is asked for.

    Raises:
        UsageError: if there is no such wrapper as one that is named.
    """
    kinds = [config.observation_type, *map(_kind_of, config.wrappers)]
    return next((kind for kind in reversed(kinds) if kind is not None), None)


def _kind_of(wrapper: str | dict[str, Any]) -> str | None:
    place, options = named_wrapper(wrapper)
    if place.rpartition(":")[2] != ObservationType.__name__ or resolve(place, "wrapper") is not ObservationType:
        return None
    return str(options.get("kind", "screenshot_a11y_tree"))
