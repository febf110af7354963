"""A bonus for what has not been seen in the episode."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards.transition import RewardHook, Transition

__all__ = ["Novelty", "novelty", "screen_key"]

_PICTURE = 3


@dataclass(frozen=True)
class Novelty:
    """Pays ``1 / sqrt(n)`` for the n-th visit of a state in an episode, the first observation's included.

    Strehl and Littman, "An analysis of model-based interval estimation for Markov decision processes", 2008, whose
    bonus is beta / sqrt(n). It is no potential: the optimal policy may be another with it. It counts within the
    episode alone, so that a recording pays the same, whatever was learned before.

    Args:
        of: what of an observation tells states apart.
    """

    of: Callable[[Any], Hashable]

    def begin(self) -> RewardHook:
        visits: Counter[Hashable] = Counter()

        def bonus(transition: Transition) -> float:
            if not visits:
                visits[self.of(transition.before)] = 1
            state = self.of(transition.after)
            visits[state] += 1
            return 1 / math.sqrt(visits[state])

        return bonus


def novelty(side: int = 32, shades: int = 32) -> Novelty:
    """`Novelty` of the picture: screens are one state that look the same in ``side`` x ``side`` pixels of grey.

    Args:
        side: of the small picture.
        shades: of grey, from black to white.
    """
    if side < 1 or not 1 < shades <= 256:
        raise UsageError(f"side is at least 1 and shades 2 to 256; got {side!r} and {shades!r}")
    return Novelty(partial(screen_key, side=side, shades=shades))


def screen_key(observation: Any, *, side: int, shades: int) -> bytes:
    """What a picture looks like from afar.

    Args:
        observation: uint8 (height, width, 3), RGB, or a dict that has one as ``"screenshot"``.
        side: in pixels, of the small picture.
        shades: of grey.
    """
    import cv2

    small = cv2.resize(_picture(observation), (side, side), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return (grey.astype(np.uint16) * shades // 256).astype(np.uint8).tobytes()


def _picture(observation: Any) -> npt.NDArray[np.uint8]:
    seen = observation.get("screenshot") if isinstance(observation, Mapping) else observation
    if not isinstance(seen, np.ndarray) or seen.dtype != np.uint8 or seen.shape[2:] != (_PICTURE,):
        raise RewardHookError(
            "the observation has no picture, uint8 (height, width, 3); tell Novelty(of=…) what to count"
        )
    return np.ascontiguousarray(seen)
