"""Real Linux desktops and real tools as Gymnasium environments, with every transition kept.

Importing this registers the environments, tells a notebook how they are shown, and does nothing else.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from agentgym.actions import Action, parse_action, to_pyautogui
from agentgym.display import show_environments
from agentgym.errors import AgentGymError
from agentgym.families import load_tasks
from agentgym.registration import register_environments
from agentgym.tasks import Task

if TYPE_CHECKING:
    from agentgym.evaluators import Score
    from agentgym.trajectory import Dataset

__all__ = [
    "Action",
    "AgentGymError",
    "Dataset",
    "Score",
    "Task",
    "load_tasks",
    "parse_action",
    "to_pyautogui",
]

# What takes long to import is imported when it is first used.
_LATER = {"Dataset": "agentgym.trajectory", "Score": "agentgym.evaluators"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    if not name.startswith("_") and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


register_environments()
show_environments()
