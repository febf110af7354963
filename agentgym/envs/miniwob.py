"""A page of MiniWoB++ as an environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from agentgym.backends.miniwob.pages import NATIVE, Split, page_family
from agentgym.envs.microactions import KEYS, VERBS, MicroActions
from agentgym.envs.small import SmallEnv, SmallKind

__all__ = ["MiniWobEnv"]

# As in MiniWoB++: a right click opens the browser's own menu.
_VERBS = tuple(verb for verb in VERBS if verb != "right_click")


class MiniWobEnv(SmallEnv):
    """A page of MiniWoB++ in a real browser; observations, actions and ``info`` are those of `SmallEnv`.

    The page's own script draws the task and judges it. The score is what it pays without what it takes off for time, 0
    for a punishment, and the last step pays it; as the script has it, from -1 to 1, it is ``raw_reward`` in the last
    step's ``info``. The page's time limit is lifted: what an agent thinks for does not count, its steps do.

    The browser is started once and stays; a reset writes the page anew.

    Args:
        page: its name: ``"click-test"``.
        split: ``"train"`` or ``"test"``: two halves of the seeds; some pages have data of their own for either.
        observation: ``"screenshot"``, or a list of ``"screenshot"``, ``"instruction"``, ``"accessibility_tree"``.
        size: (width, height) of the screenshot in pixels; None for the page's own, 160 by 210.
        verbs: what can be done, of `agentgym.envs.microactions.VERBS`; by default all but ``"right_click"``.
        keys: what can be pressed, of `agentgym.envs.microactions.KEYS`.
        bins: columns and rows that can be pointed at.
        max_steps: truncates the episode; None for 50.
        settle_timeout: as in `DesktopEnv`, but the application tells the score, which is not waited for.
        render_mode: ``"rgb_array"`` or None.
        sandbox: as in `DesktopEnv`.

    Raises:
        UsageError: if an argument cannot work.
        UnknownNameError: if there is no such page.
        MissingDependencyError: when it is reset, if the package ``miniwob`` is not installed.
    """

    def __init__(
        self,
        page: str,
        *,
        split: Split = "train",
        observation: SmallKind | Sequence[SmallKind] = "screenshot",
        size: tuple[int, int] | None = (84, 84),
        verbs: Sequence[str] = _VERBS,
        keys: Sequence[str] = KEYS,
        bins: tuple[int, int] = (32, 42),
        max_steps: int | None = None,
        settle_timeout: float = 2.0,
        render_mode: str | None = None,
        sandbox: Literal["bwrap", "none"] = "bwrap",
    ) -> None:
        super().__init__(
            page_family(page, split=split),
            MicroActions(tuple(verbs), tuple(keys), bins, NATIVE),
            observation=observation,
            size=size,
            max_steps=max_steps,
            backend="miniwob",
            settle_timeout=settle_timeout,
            render_mode=render_mode,
            sandbox=sandbox,
        )

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        if terminated or truncated:
            info["raw_reward"] = self._state["raw_reward"]
        return observation, reward, terminated, truncated, info
