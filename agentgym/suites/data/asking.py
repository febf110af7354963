"""What families of questions share: the answer is worked out with a tool, and submitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentgym.errors import UsageError
from agentgym.suites.toolmaking import HOME, Calls, answer_is, bash, python, submit
from agentgym.tasks import Check, Task

__all__ = ["DATA", "GUESSES", "NEAR_MISSES", "TOOLS", "answered", "money", "one_answer", "submit_printed"]

TOOLS = ("bash", "python", "sql", "read", "write", "list", "grep", "submit")

DATA = f"{HOME}/data"

GUESSES = ("0", "1", "none")
"""What nobody should be paid for saying of any question: a task with such an answer is drawn again."""

_PRINTED = re.compile(r"THE ANSWER IS <(.*?)>")


def one_answer(answer: str) -> Check:
    """Whether this was submitted; a whole number in any form of it, an amount of money to the letter."""
    return answer_is(int(answer) if answer.isdigit() else answer)


def money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def answered(expression: str, before: str = "") -> Calls:
    """Works an expression out in Python, and submits what is printed."""
    observation = yield python(f'{before}\nprint("THE ANSWER", "IS <" + str({expression}) + ">")')
    yield submit_printed(observation)


def submit_printed(observation: Any) -> Any:
    """The call that submits what an observation shows.

    Raises:
        UsageError: if it shows nothing of that kind.
    """
    found = _PRINTED.findall(str(observation))
    if not found:
        raise UsageError(f"there is no answer in the observation {str(observation)[-300:]!r}")
    return submit(found[-1])


def _submit_other(task: Task) -> Calls:
    """The answer to nearly the same question."""
    yield submit(str(task.seed_params["other"]))


def _only_write(task: Task) -> Calls:
    yield bash(f"echo '{task.seed_params['other']}' > ~/answer.txt && ls ~")


def _submit_all(task: Task) -> Calls:
    """Everything that could be meant, in one."""
    drawn: Mapping[str, Any] = task.seed_params
    yield submit(f"{drawn['answer']} or {drawn['other']}")


NEAR_MISSES = {
    "another question's answer": _submit_other,
    "written, not submitted": _only_write,
    "two answers": _submit_all,
}
