"""Agents that know beforehand what they will do."""

from __future__ import annotations

from collections.abc import Generator

from agentgym.actions import Done, RawAction, Wait
from agentgym.agents.base import Emit, agents
from agentgym.errors import UnknownNameError, UsageError
from agentgym.families import Observation, Script, TaskFamily, find_family, suites
from agentgym.registry import resolve
from agentgym.tasks import Task

__all__ = ["NoopAgent", "ScriptedAgent", "oracle_family"]


class ScriptedAgent:
    """Plays a script, a generator of actions that is sent the observations; says ``Done`` when it ends.

    Args:
        script: the generator function, or where it is found: ``"package.module:function"``.

    Raises:
        UsageError: if there is nothing of that name.
    """

    def __init__(self, script: Script | str) -> None:
        self._script = resolve(script, "script") if isinstance(script, str) else script
        self._actions: Generator[RawAction, Observation, None] | None = None
        self._begun = False

    def reset(self, task: Task, emit: Emit) -> None:
        self._actions = self._script(task)
        self._begun = False

    def act(self, observation: Observation) -> RawAction:
        if self._actions is None:
            raise UsageError("an agent is asked for an action before its first reset")
        try:
            if self._begun:
                return self._actions.send(observation)
            self._begun = True
            return next(self._actions)
        except StopIteration:
            return Done()

    def finish(self, result: object) -> None:
        """Ends a script that is not at its end, and lets go of what it holds."""
        if self._actions is not None:
            self._actions.close()


class NoopAgent:
    """Does nothing for a few steps and says that it is done: what any task must score 0.

    Args:
        steps: how many steps it waits.
    """

    def __init__(self, *, steps: int = 1) -> None:
        self._steps = steps
        self._left = steps

    def reset(self, task: Task, emit: Emit) -> None:
        self._left = self._steps

    def act(self, observation: Observation) -> RawAction:
        self._left -= 1
        return Wait() if self._left >= 0 else Done()


def oracle() -> ScriptedAgent:
    """Plays the oracle of whatever task family it meets."""
    return ScriptedAgent(lambda task: oracle_family(task.id).oracle(task))


def oracle_family(name: str) -> TaskFamily:
    """The family whose oracle solves a task.

    Raises:
        UnknownNameError: if a suite has no such task; it suggests a close one.
        UsageError: if the task is of no suite.
    """
    try:
        return find_family(name)
    except UnknownNameError as error:
        if name.partition("/")[0] in suites:
            raise
        raise UsageError(
            f"the task {name!r} has no oracle, as only the tasks of suites have; choose an agent: --agent random, or "
            "your own by --agent module:Class"
        ) from error


agents.register("scripted", ScriptedAgent)
agents.register("noop", NoopAgent)
agents.register("oracle", oracle)
