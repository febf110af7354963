"""A small task as an environment whose spaces a training library takes as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, cast

import msgspec
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.actions import Action
from agentgym.actions.quoting import short
from agentgym.backends.base import Backend
from agentgym.backends.checks import screen_size
from agentgym.backends.qt.apps import STATE_FILE
from agentgym.envs.desktop import DesktopEnv
from agentgym.envs.microactions import MicroActions, quoted
from agentgym.envs.shrunk import resized
from agentgym.envs.tokens import token_space, tokens_of
from agentgym.errors import UsageError
from agentgym.families import TaskFamily

__all__ = ["SmallEnv", "SmallKind"]

SmallKind: TypeAlias = Literal["screenshot", "instruction", "accessibility_tree"]


class SmallEnv(DesktopEnv):
    """One application that says of itself how the task stands; the episode ends when it is solved or spoilt.

    The observation is the screenshot alone, uint8 (height, width, 3) RGB, unless ``observation`` is a list: then it is
    a Dict, in which ``instruction`` is int64 (20,) of tokens. Actions are [verb, column, row, key]; whatever
    `agentgym.actions.parse_action` takes is taken, too. The last step pays the score.

    ``info`` has, besides that of `DesktopEnv`, ``progress`` in [0, 1] and, in the last step, ``is_success``.

    Args:
        family: whose tasks they are.
        actions: what can be done, on a screen of the application's size.
        observation: ``"screenshot"``, or a list of ``"screenshot"``, ``"instruction"``, ``"accessibility_tree"``.
        size: (width, height) of the screenshot in pixels; None for the application's own.
        max_steps: truncates the episode; None takes the task's own number.
        backend: as in `DesktopEnv`.
        settle_timeout: as in `DesktopEnv`, but the application tells the score, which is not waited for.
        render_mode: ``"rgb_array"`` or None.
        sandbox: as in `DesktopEnv`.

    Raises:
        UsageError: if an argument cannot work.
    """

    # The application has told its score, and some move without end.
    _scores_at_rest = False

    def __init__(
        self,
        family: TaskFamily,
        actions: MicroActions,
        *,
        observation: SmallKind | Sequence[SmallKind],
        size: tuple[int, int] | None,
        max_steps: int | None,
        backend: str | Backend,
        settle_timeout: float,
        render_mode: str | None,
        sandbox: Literal["bwrap", "none"],
    ) -> None:
        kinds = [observation] if isinstance(observation, str) else list(observation)
        super().__init__(
            family,
            backend=backend,
            screen=actions.screen,
            observation=kinds,
            settle_timeout=settle_timeout,
            max_steps=max_steps,
            render_mode=render_mode,
            sandbox=sandbox,
        )
        self.actions = actions
        self.action_space = actions.space
        self._bare = observation if isinstance(observation, str) else None
        self._size = actions.screen if size is None else screen_size(size)
        self.words: list[str] = []
        self._tokens = tokens_of("")
        self.observation_space = self._space_of(kinds)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = super().reset(seed=seed, options=options)
        return observation, {**info, "progress": self._state["progress"]}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        info["progress"] = self._state["progress"]
        if terminated or truncated:
            info["is_success"] = info["score"] == 1
        return observation, reward, terminated, truncated, info

    def _begin(self, task: Any) -> bool:
        settled = super()._begin(task)
        with self._ending_on_fault():
            self._state = self._read_state()
        # What the application makes up itself, it tells.
        told = self._state.get("instruction", task.instruction)
        self._task = msgspec.structs.replace(task, instruction=told)
        self.words = quoted(told)
        self._tokens = tokens_of(told)
        return settled

    def _ended(self) -> bool:
        self._state = self._read_state()
        return bool(self._state["over"])

    def _read_state(self) -> dict[str, Any]:
        return msgspec.json.decode(self._machine.read(STATE_FILE), type=dict[str, Any])

    def _decode(self, action: Any) -> Action:
        return self.actions.decode(action, self.words)

    def _observe(self) -> Any:
        with self._timed("observe"):
            seen = self._seen(self._machine)
        return seen if self._bare is None else seen[self._bare]

    def _seen(self, machine: Backend) -> dict[str, Any]:
        asked = [kind for kind in self._kinds if kind not in ("instruction", "screenshot")]
        found = machine.observe(asked) if asked else {}
        if "screenshot" in self._kinds:
            found["screenshot"] = self._given(self._picture(machine))
        if "instruction" in self._kinds:
            found["instruction"] = self._tokens.copy()
        return {kind: found[kind] for kind in self._kinds}

    def _picture(self, machine: Backend) -> npt.NDArray[np.uint8]:
        """The screenshot at our size."""
        screen = machine.observe(["screenshot"])["screenshot"]
        return screen if self._size == self.actions.screen else resized(screen, self._size)

    def _given(self, screenshot: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The screenshot in an array of the caller's, or in the one that is shared."""
        if self.frame is None:
            return screenshot.copy()
        np.copyto(self.frame, screenshot)
        return self.frame

    def _space_of(self, kinds: Sequence[str]) -> spaces.Space[Any]:
        """Of the observations: as `DesktopEnv` has it, but for the screenshot's size and the instruction."""
        of = dict(cast("spaces.Dict", self.observation_space).spaces)
        if unknown := set(kinds) - {"screenshot", "instruction", "accessibility_tree"}:
            raise UsageError(
                f"observation is {short(kinds)}, with {', '.join(sorted(unknown))}; "
                "choose from screenshot, instruction, accessibility_tree"
            )
        if "screenshot" in of:
            of["screenshot"] = spaces.Box(0, 255, (self._size[1], self._size[0], 3), np.uint8)
        if "instruction" in of:
            of["instruction"] = token_space()
        return spaces.Dict(of) if self._bare is None else of[self._bare]
