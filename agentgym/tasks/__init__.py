"""Tasks: what is to be done, how the machine is prepared, how the result is judged. Written as OSWorld writes them."""

from agentgym.tasks.files import TaskEntry, read_each, read_tasks
from agentgym.tasks.parsing import parse_task, task_to_dict
from agentgym.tasks.task import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = [
    "Check",
    "EvaluatorSpec",
    "GetterSpec",
    "SetupStep",
    "Task",
    "TaskEntry",
    "parse_task",
    "read_each",
    "read_tasks",
    "task_to_dict",
]
