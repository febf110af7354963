"""Hooks by name: who observes a run and who intercepts what happens in it, as Python, a task or a command line says."""

from agentgym.hooks.base import Hook, hooks
from agentgym.hooks.joining import join
from agentgym.hooks.limiting import Limit
from agentgym.hooks.naming import NamedHook, faults_of_task_hooks, hooks_of_task, read_hook
from agentgym.hooks.refusing import Refuse
from agentgym.hooks.timing import Time

__all__ = [
    "Hook",
    "Limit",
    "NamedHook",
    "Refuse",
    "Time",
    "faults_of_task_hooks",
    "hooks",
    "hooks_of_task",
    "join",
    "read_hook",
]
