"""One small application as an environment whose spaces a training library takes as they are."""

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
from agentgym.backends.qt.apps import NATIVE, STATE_FILE, Split, app_family, apps
from agentgym.backends.qt.backend import QtBackend
from agentgym.envs.desktop import DesktopEnv
from agentgym.envs.microactions import MicroActions, quoted
from agentgym.envs.shrunk import Shrunk, resized
from agentgym.envs.tokens import token_space, tokens_of
from agentgym.errors import UsageError

__all__ = ["MicroEnv"]

MicroKind: TypeAlias = Literal["screenshot", "instruction", "accessibility_tree"]


class MicroEnv(DesktopEnv):
    """A small application, drawn by the seed; the episode ends when the task is solved or spoilt.

    The observation is the screenshot alone, uint8 (height, width, 3) RGB, unless ``observation`` is a list: then it is
    a Dict, in which ``instruction`` is int64 (20,) of tokens. Actions are [verb, column, row, key]; whatever
    `agentgym.actions.parse_action` takes is taken, too. The last step pays the score.

    ``info`` has, besides that of `DesktopEnv`, ``progress`` in [0, 1] and, in the last step, ``is_success``.

    Args:
        family: an application's name: ``"click-button"``.
        level: from 1, which is the easiest.
        split: ``"train"`` or ``"test"``: two halves of what can be drawn.
        observation: ``"screenshot"``, or a list of ``"screenshot"``, ``"instruction"``, ``"accessibility_tree"``.
        size: (width, height) of the screenshot in pixels; None for the application's own, 160 by 210.
        verbs: what can be done, of `agentgym.envs.microactions.VERBS`; None for what the application needs.
        keys: what can be pressed, of `agentgym.envs.microactions.KEYS`; None for what the application needs.
        bins: columns and rows that can be pointed at; None for what the application needs.
        max_steps: truncates the episode; None takes the application's own number.
        backend: ``"qt"`` for widgets in this process, ``"x11"`` for a real window, or a machine of one's own.
        settle_timeout: as in `DesktopEnv`.
        render_mode: ``"rgb_array"`` or None.
        sandbox: as in `DesktopEnv`, with ``backend="x11"``.

    Raises:
        UsageError: if an argument cannot work.
        UnknownNameError: if there is no such application.
        MissingDependencyError: if PySide6 is not installed.
    """

    def __init__(
        self,
        family: str,
        *,
        level: int = 1,
        split: Split = "train",
        observation: MicroKind | Sequence[MicroKind] = "screenshot",
        size: tuple[int, int] | None = (84, 84),
        verbs: Sequence[str] | None = None,
        keys: Sequence[str] | None = None,
        bins: tuple[int, int] | None = None,
        max_steps: int | None = None,
        backend: str | Backend = "qt",
        settle_timeout: float = 2.0,
        render_mode: str | None = None,
        sandbox: Literal["bwrap", "none"] = "bwrap",
    ) -> None:
        kinds = [observation] if isinstance(observation, str) else list(observation)
        super().__init__(
            app_family(family, level=level, split=split),
            backend=backend,
            screen=NATIVE,
            observation=kinds,
            settle_timeout=settle_timeout,
            max_steps=max_steps,
            render_mode=render_mode,
            sandbox=sandbox,
        )
        app = apps[family]
        self.actions = MicroActions(
            tuple(app.verbs if verbs is None else verbs),
            tuple(app.keys if keys is None else keys),
            app.bins if bins is None else bins,
            NATIVE,
        )
        self.action_space = self.actions.space
        self._bare = observation if isinstance(observation, str) else None
        self._size = NATIVE if size is None else screen_size(size)
        self.words: list[str] = []
        self._tokens = tokens_of("")
        self._shrunk = Shrunk(NATIVE, self._size)
        self._token = object()
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
        self.words = quoted(task.instruction)
        self._tokens = tokens_of(task.instruction)
        settled = super()._begin(task)
        with self._ending_on_fault():
            self._state = self._read_state()
        return settled

    def _ended(self) -> bool:
        self._state = self._read_state()
        return bool(self._state["over"])

    def _read_state(self) -> dict[str, Any]:
        machine = self._machine
        if isinstance(machine, QtBackend):
            return machine.state()
        return msgspec.json.decode(machine.read(STATE_FILE), type=dict[str, Any])

    def _decode(self, action: Any) -> Action:
        return self.actions.decode(action, self.words)

    def _observe(self) -> Any:
        with self._timed("observe"):
            seen = self._seen(self._machine)
        return seen if self._bare is None else seen[self._bare]

    def _seen(self, machine: Backend) -> dict[str, Any]:
        follows = isinstance(machine, QtBackend)
        asked = [kind for kind in self._kinds if kind != "instruction" and not (follows and kind == "screenshot")]
        found = machine.observe(asked) if asked else {}
        if "screenshot" in self._kinds:
            found["screenshot"] = self._given(
                self._followed(machine) if isinstance(machine, QtBackend) else self._sized(found["screenshot"])
            )
        if "instruction" in self._kinds:
            found["instruction"] = self._tokens.copy()
        return {kind: found[kind] for kind in self._kinds}

    def _followed(self, machine: QtBackend) -> npt.NDArray[np.uint8]:
        """The screenshot at our size, of which little is another than that of the last step."""
        picture, changed, self._token = machine.seen(self._token)
        if self._size == NATIVE:
            return picture
        self._shrunk.follow(picture, changed)
        return self._shrunk.picture

    def _sized(self, screen: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        return screen if self._size == NATIVE else resized(screen, self._size)

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
