"""A machine in memory that has a browser's files, and its address bar in the accessibility tree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from agentgym.backends.base import Completed, Observed
from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import getters

__all__ = ["PROFILE", "Browsing", "tree"]

PROFILE = "/home/user/.config/google-chrome"

_STATE = "https://accessibility.ubuntu.example.org/ns/state"
_BAR = '<entry name="Address and search bar">{}</entry>'


class Browsing(MemoryBackend):
    """Whose tree is the given one, and whose browser keeps its profile where Google's does."""

    def __init__(self, tree: str | None = None) -> None:
        super().__init__(commands={"sh": self._shell})
        self._tree = tree
        self.reset(seed=0)

    def observe(self, kinds: Sequence[str]) -> Observed:
        return dict.fromkeys(kinds, self._tree)

    def keep(self, name: str, content: Any) -> None:
        """Puts a file into the profile; what is no bytes becomes JSON."""
        self.write(f"{PROFILE}/{name}", content if isinstance(content, bytes) else json.dumps(content).encode())

    def get(self, name: str, **config: Any) -> Any:
        return getters[name](self, {"type": name, **config})

    def _shell(self, _machine: MemoryBackend, argv: Sequence[str]) -> Completed:
        if "google-chrome" in argv[-1]:
            return Completed(0, PROFILE.encode())
        places = (name.removeprefix("/home/user/Desktop/") for name in self._alive.files)
        found = sorted(name for name in places if "/" not in name and name.endswith(".desktop"))
        return Completed(0, "".join(f"{name}\0" for name in found).encode())


def tree(*bars: str, application: str = "Google Chrome", active: int = 0) -> str:
    """The tree of a desktop on which each window of a browser has a bar with this text."""
    frames = "".join(
        f'<frame name="w" st:active="{str(index == active).lower()}"><panel>{_BAR.format(text)}</panel></frame>'
        for index, text in enumerate(bars)
    )
    other = f'<application name="gedit">{_BAR.format("elsewhere.org")}</application>'
    browser = f'<application name="{application}">{frames}</application>'
    return f'<desktop-frame xmlns:st="{_STATE}">{other}{browser}</desktop-frame>'
