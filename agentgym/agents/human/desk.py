"""Where the agent, which waits, and the person, who acts on a page of their own, meet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Desk", "Shown"]


@dataclass(frozen=True)
class Shown:
    """What the person sees.

    Attributes:
        screen: as PNG; None where there is nothing to look at.
        text: what is there to be read.
        tools: definitions, as OpenAI's API takes them, of what can be called.
        remark: what became of the last action, if it was not done; or how the episode ended.
    """

    instruction: str = ""
    screen: bytes | None = field(default=None, repr=False)
    text: str = ""
    tools: tuple[Mapping[str, Any], ...] = ()
    step: int = 0
    remark: str = ""
    over: bool = False


class Desk:
    """What is shown, numbered, and what the person did and nobody took yet. Any thread may call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._done: deque[Any] = deque()
        self._shown = Shown()
        self._number = 0

    def show(self, shown: Shown) -> None:
        with self._changed:
            self._shown = shown
            self._number += 1
            if shown.over:
                # What was meant for this episode is not for the next.
                self._done.clear()
            self._changed.notify_all()

    def look(self, after: int = -1, patience_s: float = 0.0) -> tuple[int, Shown]:
        """What is shown, and its number; waits a while for a number above ``after``."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after, patience_s)
            return self._number, self._shown

    def do(self, action: Any) -> bool:
        """Leaves an action for the agent; False, and nothing is left, once the episode is over."""
        with self._changed:
            if self._shown.over:
                return False
            self._done.append(action)
            self._changed.notify_all()
            return True

    def take(self, patience_s: float | None = None) -> Any:
        """The next action.

        Raises:
            TimeoutError: if there was none in that time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._done), patience_s):
                raise TimeoutError(f"no action came within {patience_s:g} s")
            return self._done.popleft()
