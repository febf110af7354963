"""Choosing among what the accessibility tree shows."""

from __future__ import annotations

import re
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs
from lxml import etree

from agentgym.actions import Click, Wait
from agentgym.envs.microactions import MicroActions
from agentgym.errors import UsageError

__all__ = ["ElementChoice"]

_ROLES = frozenset(
    {
        *("push-button", "toggle-button", "check-box", "radio-button", "combo-box", "slider", "spin-button", "link"),
        *("text", "password-text", "entry", "label", "image", "list-item", "table-cell", "tree-item", "page-tab"),
        *("menu", "menu-item", "check-menu-item", "radio-menu-item"),
    }
)
_SHOWING = "{https://accessibility.ubuntu.example.org/ns/state}showing"
_COORDINATES = "{https://accessibility.ubuntu.example.org/ns/component}screencoord"
_SIZE = "{https://accessibility.ubuntu.example.org/ns/component}size"


class ElementChoice(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A Discrete of the elements that the accessibility tree shows, to be clicked, and of the task's keys.

    Elements are numbered as the tree has them; the line with the instruction is none. On ``backend="x11"`` the machine
    shows the tree from the next reset on. A number without an element waits; ``info["action_mask"]``, int8 (n,),
    has 1 for the actions that do something, and so has `action_masks`, which sb3-contrib's ``MaskablePPO`` asks for.

    Args:
        env: a small task.
        most: elements that can be chosen; further ones cannot.

    Raises:
        UsageError: if it is no small task.
    """

    def __init__(self, env: gym.Env[Any, Any], most: int = 32) -> None:
        RecordConstructorArgs.__init__(self, most=most)
        gym.Wrapper.__init__(self, env)
        if not env.has_wrapper_attr("actions"):
            raise UsageError(f"ElementChoice wraps small tasks, such as agentgym/ClickButton-v0, not {env}")
        grid: MicroActions = env.get_wrapper_attr("actions")
        env.get_wrapper_attr("show_accessibility")()
        self.most = most
        self._grid = grid
        self._keys = grid.keys if "key" in grid.verbs else ()
        self.places: list[tuple[int, int]] = []
        """Where the elements that can be chosen now are clicked, in pixels of the screen."""
        self.action_space = spaces.Discrete(most + len(self._keys))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        return observation, self._looked(info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(action):
            raise UsageError(f"the action {action!r} is not in {self.action_space}")
        observation, reward, terminated, truncated, info = self.env.step(self._action(int(action)))
        return observation, reward, terminated, truncated, self._looked(info)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Bool (n,): which actions do something now."""
        mask = np.ones(int(self.action_space.n), np.bool_)  # type: ignore[attr-defined]  # a Discrete's
        mask[len(self.places) : self.most] = False
        return mask

    def _action(self, number: int) -> Any:
        if number >= self.most:
            return self._grid.action("key", 0, 0, number - self.most, self.env.get_wrapper_attr("words"))
        return Click(*self.places[number]) if number < len(self.places) else Wait()

    def _looked(self, info: dict[str, Any]) -> dict[str, Any]:
        tree = self.env.get_wrapper_attr("backend").observe(["accessibility_tree"])["accessibility_tree"]
        self.places = _places(tree, self.env.get_wrapper_attr("task").instruction)[: self.most]
        return {**info, "action_mask": self.action_masks().astype(np.int8)}


def _places(tree: str, instruction: str) -> list[tuple[int, int]]:
    """The middles of the elements that can be meant, in the tree's order."""
    found = []
    for element in etree.fromstring(tree).iter():
        corner, size = element.get(_COORDINATES), element.get(_SIZE)
        if element.get(_SHOWING) == "true" and corner and size and _can_be_meant(element, instruction):
            x, y = map(int, re.findall(r"-?\d+", corner))
            width, height = map(int, re.findall(r"\d+", size))
            found.append((x + width // 2, y + height // 2))
    return found


def _can_be_meant(element: etree._Element, instruction: str) -> bool:
    name, around = element.get("name"), element.getparent()
    if element.tag == "label" and name == instruction:
        return False
    if element.tag == "filler":
        # A shape that is drawn has no role of its own, but a name; so has a real window.
        return bool(name) and around is not None and around.tag != "application"
    return element.tag in _ROLES
