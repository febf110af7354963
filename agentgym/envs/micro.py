"""A small application of our own as an environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from agentgym.backends.base import Backend
from agentgym.backends.qt.apps import NATIVE, Split, app_family, apps
from agentgym.backends.qt.backend import QtBackend
from agentgym.envs.microactions import MicroActions
from agentgym.envs.shrunk import Shrunk
from agentgym.envs.small import SmallEnv, SmallKind

__all__ = ["MicroEnv"]


class MicroEnv(SmallEnv):
    """A small application, drawn by the seed; observations, actions and ``info`` are those of `SmallEnv`.

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
        settle_timeout: as in `DesktopEnv`, but the application tells the score, which is not waited for.
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
        observation: SmallKind | Sequence[SmallKind] = "screenshot",
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
        drawn = app_family(family, level=level, split=split)
        app = apps[family]
        super().__init__(
            drawn,
            MicroActions(
                tuple(app.verbs if verbs is None else verbs),
                tuple(app.keys if keys is None else keys),
                app.bins if bins is None else bins,
                NATIVE,
            ),
            observation=observation,
            size=size,
            max_steps=max_steps,
            backend=backend,
            settle_timeout=settle_timeout,
            render_mode=render_mode,
            sandbox=sandbox,
        )
        self._shrunk = Shrunk(NATIVE, self._size)
        self._token = object()

    def _read_state(self) -> dict[str, Any]:
        machine = self._machine
        return machine.state() if isinstance(machine, QtBackend) else super()._read_state()

    def _picture(self, machine: Backend) -> npt.NDArray[np.uint8]:
        if not isinstance(machine, QtBackend):
            return super()._picture(machine)
        # Little of it is another than that of the last step.
        picture, changed, self._token = machine.seen(self._token)
        if self._size == NATIVE:
            return picture
        self._shrunk.follow(picture, changed)
        return self._shrunk.picture
