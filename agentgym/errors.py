"""Every error AgentGym raises, one class per party at fault.

::

    AgentGymError
    ├── UsageError           the caller's arguments (also a ValueError)
    │   └── UnknownNameError a name that no registry holds (also a KeyError)
    ├── TaskError            a task file: says file, line and JSON path
    ├── ActionError          an action that cannot be parsed or done; never leaves ``step``
    ├── ToolError            a tool's call that went wrong; never leaves ``step``
    ├── MissingDependencyError   something that is not installed: says what to type
    │   └── SandboxUnavailableError   bubblewrap or user namespaces
    ├── BackendError         the machine: a display, an application, the sandbox
    ├── EvaluationError      a getter or metric that raised: the episode is unscored
    ├── RewardHookError      a reward hook that raised: says which
    ├── TooManyFailures      of the items of an engine: it was told to give up at so many
    ├── Refused              nobody's fault: a hook said no, and why
    ├── DatasetError         a recording that cannot be read or written
    └── StreamError          a stream of another program's that cannot be written or read
"""

from __future__ import annotations

__all__ = [
    "ActionError",
    "AgentGymError",
    "BackendError",
    "DatasetError",
    "EvaluationError",
    "MissingDependencyError",
    "Refused",
    "RewardHookError",
    "SandboxUnavailableError",
    "StreamError",
    "TaskError",
    "TooManyFailures",
    "ToolError",
    "UnknownNameError",
    "UsageError",
]


class AgentGymError(Exception):
    """Base of all errors of this package."""


class UsageError(AgentGymError, ValueError):
    """The caller passed something that cannot work."""


class UnknownNameError(UsageError, KeyError):
    """A name that no registry holds."""

    def __str__(self) -> str:
        # KeyError.__str__ would show the repr of the sentence.
        return str(self.args[0])


class TaskError(AgentGymError, ValueError):
    """A task that is malformed: the message gives file, line and JSON path."""


class ActionError(AgentGymError, ValueError):
    """An action that cannot be parsed or done. ``step`` turns it into ``info["action_error"]``."""


class ToolError(AgentGymError, RuntimeError):
    """A tool's call went wrong: the message is for the agent that called it."""


class MissingDependencyError(AgentGymError, ImportError):
    """Something is not installed. The message ends with the command that installs it."""


class SandboxUnavailableError(MissingDependencyError):
    """Bubblewrap or user namespaces are missing."""


class BackendError(AgentGymError, RuntimeError):
    """The machine broke. The episode has no score; the next ``reset`` starts a new machine.

    Args:
        message: what broke, by name.
        kind: a stable word for ``info["failure"]``: ``"display"``, ``"application"``, ``"sandbox"``, ``"network"``,
            ``"timeout"`` (an engine waited no longer for the whole item) or ``"machine"``.
    """

    def __init__(self, message: str, *, kind: str = "machine") -> None:
        super().__init__(message)
        self.kind = kind


class EvaluationError(AgentGymError, RuntimeError):
    """A getter or metric raised. The episode is unscored, which is not a score of 0."""


class RewardHookError(AgentGymError, RuntimeError):
    """A reward hook raised or returned something that is no number."""


class TooManyFailures(AgentGymError, RuntimeError):
    """So many items of an engine failed that it gave up, as it was told to; what was running has been ended."""


class Refused(AgentGymError, RuntimeError):
    """A hook refused what was about to happen.

    Args:
        reason: for who asked for it: the agent, the model, the caller.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DatasetError(AgentGymError, RuntimeError):
    """A recording that cannot be read or written."""


class StreamError(AgentGymError, RuntimeError):
    """A stream cannot be written or read: its server is away or refuses, or something else has its name."""
