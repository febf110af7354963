"""Steps that a hook refused: the environment counts them, and nothing happens."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from agentgym.errors import ActionError

__all__ = ["Refusable", "Refusal", "check_not_refused"]


@dataclass(frozen=True)
class Refusal:
    """Stands for an action that is not to be done."""

    reason: str


class Refusable:
    """An environment of which a step can be refused from outside."""

    @abstractmethod
    def step(self, action: Any) -> Any: ...

    def refuse(self, action: Any, reason: str) -> Any:
        """A step, returned as ``step`` does, in which nothing happens; ``info["action_error"]`` gives the reason.

        Args:
            action: that is not done.
            reason: why not.
        """
        return self.step(Refusal(reason))


def check_not_refused(action: object) -> None:
    """Raises where an action is read.

    Raises:
        ActionError: says why it is not done.
    """
    if isinstance(action, Refusal):
        raise ActionError(f"refused: {action.reason}")
