"""The parts of one application and how they hang together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from agentgym.backends.x11.accessibility.accessible import Accessible
from agentgym.backends.x11.accessibility.markup import DEEPEST, WIDEST, Element
from agentgym.backends.x11.accessibility.vocabulary import role_name, state_names

__all__ = ["Family"]


class Family:
    """Who has whom as children, which becomes known bit by bit.

    Args:
        root: the path of the application itself.
        parts: all that is known by now.
    """

    def __init__(self, root: str, parts: Mapping[str, Accessible]) -> None:
        self._root = root
        self._parts = dict(parts)
        self._children: dict[str, list[str]] = {}
        for part in sorted(parts.values(), key=lambda part: part.place):
            if part.parent is not None:
                self._children.setdefault(part.parent, []).append(part.path)

    def __len__(self) -> int:
        return len(self._parts)

    def uncertain(self) -> list[Accessible]:
        """Those whose children are not known, or not in which order."""
        return [part for part in self._parts.values() if self._is_uncertain(part)]

    def strangers(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that nothing is known of, each once."""
        return [path for path in dict.fromkeys(paths) if path not in self._parts]

    def learn(self, parts: Iterable[Accessible]) -> None:
        self._parts |= {part.path: part for part in parts}

    def adopt(self, parent: Accessible, children: Iterable[str]) -> None:
        """Says who the children of a part are; those that nothing is known of are left out."""
        known = [child for child in children if child in self._parts]
        if parent.manages_descendants:
            known = [child for child in known if self._parts[child].seen]
        self._children[parent.path] = known

    def settle(self) -> list[Accessible]:
        """Places each part once, within the limits of depth and width; the others no longer belong to it.

        Returns those that are placed, parents before their children.
        """
        settled: dict[str, list[str]] = {}
        reached = {self._root: None}
        level = [self._root]
        for _ in range(DEEPEST):
            for path in level:
                own = [child for child in self._children.get(path, ()) if child not in reached]
                settled[path] = list(dict.fromkeys(own))[:WIDEST]
                reached |= dict.fromkeys(settled[path])
            level = [child for path in level for child in settled[path]]
        self._children = settled
        return [self._parts[path] for path in reached]

    def element(self, details: Mapping[str, Mapping[str, Any]], path: str | None = None) -> Element:
        """The application as a tree.

        Args:
            details: further fields of the elements, by path.
            path: of the part that is wanted instead of the application.
        """
        part = self._parts[path or self._root]
        fields = {
            "role": role_name(part.role) or "unknown",
            "name": part.name,
            "states": state_names(part.states),
            "image": part.seen and "Image" in part.interfaces,
            "selection": part.seen and "Selection" in part.interfaces,
            **details.get(part.path, {}),
        }
        children = [self.element(details, child) for child in self._children.get(part.path, ())]
        return Element(**fields, children=children)

    def _is_uncertain(self, part: Accessible) -> bool:
        children = self._children.get(part.path, [])
        if not self._are_in_order(children):
            return True
        if not part.opens:
            return False
        if part.child_count < 0:
            # GTK counts neither the children of a menu nor those that it makes only when asked.
            return part.manages_descendants or not children
        return part.child_count != len(children)

    def _are_in_order(self, paths: Collection[str]) -> bool:
        places = [self._parts[path].place for path in paths]
        return all(first < second for first, second in zip([-1, *places], places, strict=False))
