"""What tests of tasks for tools play them with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import ToolCall
from agentgym.agents import ScriptedAgent
from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import evaluate
from agentgym.families import Script
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, call_tool, resolve_tools

__all__ = ["Play", "score_in_the_environment", "scores_after_a_snapshot"]


class Play:
    """An episode of a task whose tools need no machine, without an environment around it."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.context = ToolContext(task)
        self.tools = resolve_tools(task.tools)

    def call(self, name: str, /, **arguments: Any) -> ToolResult:
        return call_tool(self.tools, ToolCall(name, arguments), self.context, call_id="call")

    def run(self, script: Script) -> list[str]:
        """What a script is shown, up to the first action that is no call."""
        return [self.call(call.name, **call.arguments).content for call in self.asked(script)]

    def asked(self, script: Script) -> Iterator[ToolCall]:
        """The calls of a script that looks at nothing, up to the first action that is none."""
        for action in script(self.task):
            if not isinstance(action, ToolCall):
                return
            yield action

    def score(self) -> float:
        assert self.task.evaluator is not None
        return evaluate(self.task.evaluator, MemoryBackend(), None, kept=self.context.evidence()).value


def scores_after_a_snapshot(task: Task, script: Script, *, at: int) -> list[float | None]:
    """The scores of a script that goes on from a snapshot, before and after it is restored."""
    env = gym.make("agentgym/Tools-v0", task=task)
    try:
        env.reset()
        calls: list[Any] = list(Play(task).asked(script))
        for call in calls[:at]:
            env.step(call)
        token = env.get_wrapper_attr("snapshot")()
        assert token.replayed is None, "it is a copy"
        scores = []
        for _ in range(2):
            scores.append([env.step(call)[4].get("score") for call in calls[at:]][-1])
            env.get_wrapper_attr("restore")(token)
        return scores
    finally:
        env.close()


def score_in_the_environment(task: Task, script: Script) -> float | None:
    env = gym.make("agentgym/Tools-v0", task=task)
    try:
        return Episode(env, ScriptedAgent(script)).run().score
    finally:
        env.close()
