"""The actions of small tasks, by the names that these have there."""

from __future__ import annotations

from dataclasses import dataclass

from agentgym.errors import UsageError
from agentgym.spaces.grid import KEYS, VERBS, ActionGrid, pointed_verbs, quoted

__all__ = ["KEYS", "VERBS", "MicroActions", "pointed_verbs", "quoted"]


@dataclass(frozen=True)
class MicroActions(ActionGrid):
    """The numbers of a desktop's ``action="discrete"``, with verbs, keys and bins of one's choice.

    Raises:
        UsageError: as `ActionGrid` does, and if there are more bins than pixels.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if any(count > extent for count, extent in zip(self.bins, self.screen, strict=True)):
            raise UsageError(f"bins is {self.bins!r}; it must be (columns, rows), at most one for a pixel")
