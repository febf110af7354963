"""What OSWorld's agents are shown of a desktop: its screen, a table of its parts, both, or numbered marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from agentgym.accessibility import Counting, Platform, linearized, marked, middle, shown_nodes, token_counter, trimmed
from agentgym.actions.quoting import short
from agentgym.actions.tags import with_places
from agentgym.errors import ActionError, UsageError
from agentgym.registry import suggestion
from agentgym.spaces import PyAutoGUIText, UnicodeText

__all__ = ["OBSERVED_FOR", "ObservationType", "ObservationTypeName"]

ObservationTypeName: TypeAlias = Literal["screenshot", "a11y_tree", "screenshot_a11y_tree", "som"]

_SCREEN, _TREE = "screenshot", "accessibility_tree"

OBSERVED_FOR: Mapping[str, tuple[str, ...]] = {
    "screenshot": (_SCREEN,),
    "a11y_tree": (_TREE,),
    "screenshot_a11y_tree": (_SCREEN, _TREE),
    "som": (_SCREEN, _TREE),
}
"""What of ``screenshot`` and ``accessibility_tree`` each is made from, and shows."""


class ObservationType(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Shows a desktop as one of OSWorld's observation types.

    - ``"screenshot"``: the screen.
    - ``"a11y_tree"``: the accessibility tree as a table, a row for each part that can be read or used, with its place.
    - ``"screenshot_a11y_tree"``: both.
    - ``"som"``: the screen with a numbered box around each such part, and a table of the numbers. Text of actions may
      say ``tag_3``, ``tag_3[0] + 10`` or ``*tag_3`` for the middle of box 3 as it was last shown; ``info["marks"]`` has
      the boxes as [x, y, width, height], that of ``tag_1`` first.

    What else is observed stays. The names are those of the environment: ``screenshot``, ``accessibility_tree``.

    Args:
        env: whose observations have what the type is made from: ``observation=("screenshot", "accessibility_tree")``.
        kind: the type.
        max_tokens: of a table; further rows are left out, and ``[...]`` says so.
        tokens: who counts: ``"tiktoken"``, as OSWorld does, if GPT-4's encoding is on this machine; ``"estimate"``,
            which is the same everywhere; ``"auto"`` for the first of them that there is, which `counted_by` says.
        platform: of a guest, ``"ubuntu"`` or ``"windows"``; every other desktop speaks as Ubuntu's.

    Attributes:
        counted_by: ``"cl100k_base"`` or ``"estimate"``.

    Raises:
        UsageError: if the environment does not show what the type is made from, or its actions cannot name marks.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        kind: ObservationTypeName = "screenshot_a11y_tree",
        *,
        max_tokens: int = 10_000,
        tokens: Counting = "auto",
        platform: Platform = "ubuntu",
    ) -> None:
        RecordConstructorArgs.__init__(self, kind=kind, max_tokens=max_tokens, tokens=tokens, platform=platform)
        gym.Wrapper.__init__(self, env)
        if kind not in OBSERVED_FOR:
            raise UsageError(f"no observation type {short(kind)}; {suggestion(str(kind), OBSERVED_FOR)}")
        if platform not in get_args(Platform):
            raise UsageError(f"no platform {short(platform)}; {suggestion(str(platform), get_args(Platform))}")
        self.kind: ObservationTypeName = kind
        self._max_tokens, self._platform = _limit(max_tokens), platform
        self.counted_by, self._count = token_counter(tokens)
        self._places: list[tuple[int, int]] = []
        self.observation_space = _space(env.observation_space, kind)
        if kind == "som":
            self.action_space = _space_with_tags(env.action_space, self.observation_space[_SCREEN])
        if env.has_wrapper_attr("refuse"):
            # A step that a hook refuses is asked of whoever has this, and shows something, too.
            self.refuse = self._refused

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return self._shown(observation, info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        action, fault = self._with_places(action)
        observation, reward, terminated, truncated, info = self.env.step(action)
        if fault is not None:
            # The environment found that it cannot read the action, and does not know that it names a mark.
            info = {**info, "action_error": fault}
        shown, info = self._shown(observation, info)
        return shown, reward, terminated, truncated, info

    def _refused(self, action: Any, reason: str) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.get_wrapper_attr("refuse")(action, reason)
        shown, info = self._shown(observation, info)
        return shown, reward, terminated, truncated, info

    def _with_places(self, action: Any) -> tuple[Any, str | None]:
        """The action with places for its tags, or with them and what is wrong about them."""
        if self.kind != "som" or not isinstance(action, str):
            return action, None
        try:
            return with_places(action, self._places), None
        except ActionError as error:
            return action, str(error)

    def _shown(self, observation: Mapping[str, Any], info: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        shown = {name: observation[name] for name in self.observation_space.spaces}  # type: ignore[attr-defined]  # a Dict's
        if self.kind == "som":
            return self._marked(shown, info)
        if _TREE in OBSERVED_FOR[self.kind]:
            shown[_TREE] = self._trimmed(linearized(shown_nodes(shown[_TREE], self._platform)))
        return shown, info

    def _marked(self, shown: dict[str, Any], info: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        found = marked(shown[_SCREEN], shown_nodes(shown[_TREE], self._platform, images=True))
        self._places = [*map(middle, found.boxes)]
        shown |= {_SCREEN: found.picture, _TREE: self._trimmed(found.rows)}
        return shown, {**info, "marks": [list(box) for box in found.boxes]}

    def _trimmed(self, rows: Sequence[str]) -> str:
        return trimmed(rows, self._max_tokens, self._count)


def _limit(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"max_tokens is {short(value)}; it must be a whole number from 1")
    return value


def _space(space: spaces.Space[Any], kind: str) -> spaces.Dict:
    """Of the observations, without what the type does not show.

    Raises:
        UsageError: if something is missing.
    """
    parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {}
    missing = [name for name in OBSERVED_FOR[kind] if name not in parts]
    if missing:
        raise UsageError(
            f"the observation type {kind!r} is made from {' and '.join(OBSERVED_FOR[kind])}, and the environment does "
            f"not show {missing[0]}: make it with observation={OBSERVED_FOR[kind]}"
        )
    if not isinstance(parts.get(_SCREEN, spaces.Box(0, 255, (1, 1, 3), np.uint8)), spaces.Box):
        raise UsageError(f"the screenshot is {parts[_SCREEN]}; it must be a picture, uint8 (height, width, 3)")
    left_out = {_SCREEN, _TREE} - {*OBSERVED_FOR[kind]}
    shown = {name: part for name, part in parts.items() if name not in left_out}
    return spaces.Dict(shown | ({_TREE: UnicodeText()} if _TREE in shown else {}))


def _space_with_tags(space: spaces.Space[Any], picture: spaces.Space[Any]) -> PyAutoGUIText:
    """The space of the same code that may name marks.

    Raises:
        UsageError: if actions are written otherwise, or the screen is shown smaller than it is.
    """
    if not isinstance(space, PyAutoGUIText):
        raise UsageError(
            f"the observation type 'som' is for actions that can name a mark, as tag_3; {space} cannot: make the "
            "environment with action='pyautogui', or take 'screenshot_a11y_tree'"
        )
    width, height = space.screen
    if picture.shape is None or picture.shape[:2] != (height, width):
        raise UsageError(
            f"the screen is {width}x{height} and the screenshot {picture.shape}: marks are drawn where parts are on "
            "the screen itself"
        )
    return PyAutoGUIText(space.screen, tags=True, code=space.code)
