"""The observations of many environments as one, into which each writes its own screenshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector.utils import concatenate, create_empty_array

__all__ = ["Batch"]

_SHARED = "screenshot"


class Batch:
    """Arrays of shape (N, …) for the observations of N environments.

    An environment that has a ``frame`` writes its screenshots where they are wanted, unless it is wrapped: a wrapper
    may give something else than the screenshot, or keep it. Four pictures of 1280 by 720 are 11 MB, and to copy them
    once or twice takes as long as a light application takes to answer.

    Args:
        space: of one environment's observations.
        envs: whose they are.
        copy: whether what is given is the caller's, or one array that is written again.
    """

    def __init__(self, space: spaces.Space[Any], envs: Sequence[gym.Env[Any, Any]], *, copy: bool) -> None:
        self._space, self._copy = space, copy
        self._content: Any = create_empty_array(space, n=len(envs), fn=np.zeros)
        self._parts: Mapping[str, spaces.Space[Any]] = space.spaces if isinstance(space, spaces.Dict) else {}
        bare = all(env.unwrapped is env and hasattr(env, "frame") for env in envs)
        sharing = bare and (_SHARED in self._parts if self._parts else isinstance(space, spaces.Box))
        self._sharing: Sequence[Any] = envs if sharing else ()
        if sharing:
            self._share(self._pictures)

    def renew(self) -> None:
        """Begins a step: what the last one gave is the caller's now, so that the next is written elsewhere."""
        if self._copy and self._sharing:
            self._share(np.empty_like(self._pictures))

    def filled(self, latest: Sequence[Any]) -> Any:
        """The observations of all.

        Args:
            latest: of each environment, as it gave it.
        """
        if not self._sharing:
            self._content = concatenate(self._space, latest, self._content)
            return deepcopy(self._content) if self._copy else self._content
        for env, observation in zip(self._sharing, latest, strict=True):
            picture = observation[_SHARED] if self._parts else observation
            # One that did not act has it in an array of before.
            if picture is not env.frame:
                np.copyto(env.frame, picture)
        if not self._parts:
            return self._content
        others = [name for name in self._parts if name != _SHARED]
        for name in others:
            each = [observation[name] for observation in latest]
            self._content[name] = concatenate(self._parts[name], each, self._content[name])
        if not self._copy:
            return self._content
        return {**self._content, **deepcopy({name: self._content[name] for name in others})}

    def kept(self, observation: Any) -> Any:
        """An observation of one environment that outlives what it writes next."""
        return deepcopy(observation) if self._sharing else observation

    @property
    def _pictures(self) -> npt.NDArray[np.uint8]:
        return cast("npt.NDArray[np.uint8]", self._content[_SHARED] if self._parts else self._content)

    def _share(self, pictures: npt.NDArray[np.uint8]) -> None:
        """Has every environment write into its part."""
        for env, frame in zip(self._sharing, pictures, strict=True):
            env.frame = frame
        if self._parts:
            self._content[_SHARED] = pictures
        else:
            self._content = pictures
