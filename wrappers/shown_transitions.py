"""The steps of an environment as reward hooks are shown them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from agentgym.rewards import Transition

__all__ = ["ENV_TERM", "ENV_TERMS", "TERMS", "ShownTransitions", "terms_below"]

ENV_TERM = "env"
TERMS = "reward_terms"
ENV_TERMS = "env_reward_terms"


class ShownTransitions:
    """Remembers where the last step led.

    Attributes:
        latest: the observation there, in arrays of its own.
    """

    def __init__(self) -> None:
        self.latest: Any = None
        self._before_info: dict[str, Any] = {}

    def begin(self, observation: Any, info: dict[str, Any]) -> None:
        """Takes what a reset returned."""
        # An environment may return the same array again with other content.
        self.latest = copy.deepcopy(observation)
        self._before_info = _shown(info)

    def step(self, action: Any, returned: tuple[Any, Any, bool, bool, dict[str, Any]]) -> Transition:
        """The transition that a step returned: with the environment's own reward, without reward terms."""
        after, paid, terminated, truncated, info = returned
        own = terms_below(float(paid), info)[ENV_TERM]
        shown = _shown(info)
        transition = Transition(self.latest, action, after, own, terminated, truncated, shown, self._before_info)
        self.latest = copy.deepcopy(after)
        self._before_info = shown
        return transition


def terms_below(paid: float, info: dict[str, Any]) -> dict[str, float]:
    """The terms that hooks further in paid, with the environment's own reward among them."""
    terms = info.get(TERMS)
    return dict(terms) if terms and ENV_TERM in terms else {ENV_TERM: paid}


def _shown(info: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in info.items()
        if name not in (TERMS, ENV_TERMS)
    }
